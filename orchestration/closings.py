"""Closings: what a publication freezes lands before anybody can see it."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

import dagster as dg
import duckdb

from ingestion.closings import land_scorecards, read_scorecards
from ingestion.closings.scorecards import SCHEMA, SCORECARDS, SOURCE
from orchestration.sources import OWNERS

if TYPE_CHECKING:
    from pathlib import Path

    from ingestion.landing import Landing

KEY = dg.AssetKey([SOURCE, SCORECARDS])

# No step makes it: the models read what earlier runs froze, and the publication adds to it at the
# other end of the run. As an asset that is made it would depend on itself.
SPEC = dg.AssetSpec(
    KEY,
    group_name=SOURCE,
    description="One row per figure of a scorecard whose period has closed, as it was published"
    " then. Each publication adds what has closed since the one before.",
    owners=OWNERS,
    kinds={"parquet"},
)


def close_periods(warehouse: Path, landing: Landing) -> int:
    """Land what the scorecards of a warehouse show as frozen and is not landed yet.

    Returns the number of figures that are frozen by this. To be called before the publication of
    this warehouse: a run that dies in between leaves a whole closing, which the next one shows, and
    nothing was ever published as frozen that did not land.
    Only the holder of the run lock may call this, and no run that is built beside.
    """
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        rows = connection.execute(
            f"select {', '.join(SCHEMA.names)} from marts.rpt_scorecards where kind = 'frozen'"
            " order by all"
        ).to_arrow_table()
        known = connection.execute("select loads_until from ops.run_context").fetchone()
    if not rows.num_rows or known is None:
        return 0
    landed = land_scorecards(landing, rows, known[0].replace(tzinfo=UTC))
    return landed.rows_landed if landed else 0


def frozen_figures(landing: Landing) -> int:
    """Return how many figures were ever frozen."""
    return int(read_scorecards(landing).num_rows)
