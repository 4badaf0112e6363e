"""Salesforce: Bulk API 2.0 for records, REST for what describes them."""
