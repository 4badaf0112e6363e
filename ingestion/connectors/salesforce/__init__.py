"""Salesforce: Bulk API 2.0 for records, REST for what describes them."""

from ingestion.connectors.salesforce.login import Credentials
from ingestion.connectors.salesforce.org import Org

__all__ = ["Credentials", "Org"]
