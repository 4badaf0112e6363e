"""What was frozen when a period closed; it cannot be worked out again, so it lands."""

from ingestion.closings.scorecards import land_scorecards, read_scorecards

__all__ = ["land_scorecards", "read_scorecards"]
