"""How HubSpot holds the simulated company."""

from ingestion.sandbox.systems.hubspot.instance import hold

__all__ = ["hold"]
