"""Marketo as the simulated company uses it: leads, activities of each type, programs."""

from ingestion.sandbox.systems.marketo.instance import hold

__all__ = ["hold"]
