"""The simulated company's exports: files as its systems write them, with their mapping."""

from ingestion.sandbox.exports.files import WrittenExports, write_daily, write_full

__all__ = ["WrittenExports", "write_daily", "write_full"]
