"""Frozen rows of the scorecards as a source of the landing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from ingestion.landing import Manifest, content_digest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ingestion.landing import Landing

SOURCE = "closings"
INSTANCE = "main"
SCORECARDS = "scorecards"

# One row per figure of a closed period: the columns of marts.rpt_scorecards, `kind` apart. What has
# landed is never written again: the schema grows by columns that may be null, and loses none.
SCHEMA = pa.schema(
    {
        "team": pa.string(),
        "metric": pa.string(),
        "label": pa.string(),
        "unit": pa.string(),
        "period_type": pa.string(),
        "period_start": pa.date32(),
        "target": pa.float64(),
        "actual": pa.float64(),
        "attainment": pa.float64(),
        "n": pa.int64(),
        "mean_minutes": pa.float64(),
        "median_minutes": pa.float64(),
        "status": pa.string(),
        "previous_actual": pa.float64(),
        "change": pa.float64(),
        "year_before_actual": pa.float64(),
        "year_change": pa.float64(),
        "frozen_at": pa.timestamp("us"),
        "agreement_version": pa.int32(),
    }
)
KEYS = ("team", "metric", "period_type", "period_start")


def read_scorecards(landing: Landing) -> pa.Table:
    """Return all that was ever frozen, as in `SCHEMA`, one row per `KEYS`.

    A column that a load lacks, because it landed before there was that column, is null.
    """
    loads = [one for one in landing.loads(SOURCE) if one.object == SCORECARDS]
    if not loads:
        return SCHEMA.empty_table()
    return pa.concat_tables([_grown(landing.read(one)) for one in loads])


def land_scorecards(landing: Landing, rows: pa.Table, loads_until: datetime) -> Manifest | None:
    """Land what is frozen, as in `SCHEMA`, in one load; what was frozen before stays as it is.

    Rows whose `KEYS` landed before are left out. Returns None if nothing is left to land.
    `loads_until` (aware) is the time of the last load that the figures know: a run that is to know
    less does not see them. Only the holder of the run lock may call this.
    Raises ValueError if two rows have the same `KEYS`.
    """
    rows = rows.select(SCHEMA.names).cast(SCHEMA)
    keys = list(_keys(rows))
    if len(set(keys)) < len(keys):
        raise ValueError(f"two frozen rows for one of {', '.join(KEYS)}")
    frozen = set(_keys(read_scorecards(landing)))
    rows = rows.filter(pa.array([key not in frozen for key in keys], pa.bool_()))
    if not rows.num_rows:
        return None
    now = datetime.now(UTC)
    checksum = content_digest(rows)
    draft = Manifest(
        load_id=f"{now:%Y%m%dT%H%M%S%f}-{checksum[:12]}",
        source=SOURCE,
        instance=INSTANCE,
        object=SCORECARDS,
        kind="increment",
        window_end=loads_until,
        extracted_at=now,
        rows_delivered=rows.num_rows,
        rows_landed=rows.num_rows,
        checksum=checksum,
    )
    with landing.write_load(draft) as load:
        load.write(rows)
    return load.manifest


def _grown(rows: pa.Table) -> pa.Table:
    for field in SCHEMA:
        if field.name not in rows.column_names:
            rows = rows.append_column(field, pa.nulls(rows.num_rows, field.type))
    return rows.select(SCHEMA.names).cast(SCHEMA)


def _keys(rows: pa.Table) -> Iterable[tuple[Any, ...]]:
    return zip(*(rows[name].to_pylist() for name in KEYS), strict=True)
