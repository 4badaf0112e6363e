"""A stand-in of Salesforce's API: OAuth, REST and Bulk API 2.0 over what a simulated org holds."""

from ingestion.sandbox.apis.salesforce.application import salesforce_application
from ingestion.sandbox.apis.salesforce.fault_names import FAULTS
from ingestion.sandbox.apis.salesforce.options import Options

__all__ = ["FAULTS", "Options", "salesforce_application"]
