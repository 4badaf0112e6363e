"""The truth about the simulated company, as tables: written by the simulation, not the pipeline."""

from ingestion.sandbox.truth.tables import truth_tables, write_truth

__all__ = ["truth_tables", "write_truth"]
