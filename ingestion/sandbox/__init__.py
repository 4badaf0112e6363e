"""A made-up company and the exports of its systems: something to run on before one's own."""

from ingestion.sandbox.exports import WrittenExports, write_exports

__all__ = ["WrittenExports", "write_exports"]
