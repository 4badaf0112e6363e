"""Salesforce as the simulated company uses it: leads, contacts, opportunities, activities."""

from ingestion.sandbox.systems.salesforce.instance import hold

__all__ = ["hold"]
