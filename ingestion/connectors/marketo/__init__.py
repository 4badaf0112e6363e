"""Marketo: bulk extracts for leads and activities, REST for what describes them."""

from ingestion.connectors.marketo.instance import CALLS, LEAD, Instance
from ingestion.connectors.marketo.login import Credentials

__all__ = ["CALLS", "LEAD", "Credentials", "Instance"]
