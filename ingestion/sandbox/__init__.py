"""A made-up company whose systems export files: for a first run and for tests."""

from ingestion.sandbox.exports import Written, write_exports

__all__ = ["Written", "write_exports"]
