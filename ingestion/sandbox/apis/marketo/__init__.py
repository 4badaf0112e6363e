"""A local stand-in of the Marketo API: REST, bulk extract, assets, and what goes wrong there."""

from ingestion.sandbox.apis.marketo.application import marketo_application
from ingestion.sandbox.apis.marketo.fault_names import FAULTS
from ingestion.sandbox.apis.marketo.options import MarketoOptions

__all__ = ["FAULTS", "MarketoOptions", "marketo_application"]
