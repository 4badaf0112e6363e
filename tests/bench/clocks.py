"""Two million clocks through the model that times them: `python -m tests.bench.clocks <folder>`.

The folder is that of a bench's workspace after a build. Clocks are drawn on its calendars, over
three years, stopped or not; the model is the one that dbt compiled. Prints the seconds of it.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from tests.bench.drawn import drawn

CLOCKS = 2_000_000
_NEEDED = (
    "intermediate.int_business_time",
    "intermediate.int_business_slots",
    "intermediate.int_agreed_settings",
    "ops.run_context",
)

# Three of four are done, most of these within two days; one of twenty becomes void.
_DRAWN = f"""
create table intermediate.int_sla_clocks_started as
with axes as (
    select axis_number, row_number() over (order by axis_number) - 1 as place
    from (select distinct axis_number from source.intermediate.int_business_time)
),
drawn as (
    select
        number,
        hash(number) % (select count(*) from axes) as place,
        c.as_of - to_seconds((hash(number, 1) % (3 * 365 * 86400))::bigint) as started_at,
        c.as_of
    from range({CLOCKS}) as numbers (number)
    cross join ops.run_context as c
)
select
    'person-' || number || '#1/1/speed' as clock_key,
    'speed' as sla,
    'sales' as team,
    'speed_to_lead' as metric,
    1 as agreement_version,
    'person-' || number || '#1/1' as handoff_key,
    'owner-' || number % 500 as owner_key,
    cast(null as integer) as assignment_number,
    'business_hours' as calendar,
    a.axis_number,
    'America/New_York' as time_zone,
    120.0::double as target,
    d.started_at,
    case
        when hash(number, 2) % 4 > 0
            then nullif(
                least(d.started_at + to_seconds((hash(number, 3) % 172800)::bigint), d.as_of),
                d.as_of
            )
    end as stopped_at,
    case when hash(number, 4) % 20 = 0 then d.started_at + interval 1 hour end as voided_at
from drawn as d
join axes as a using (place)
"""


def clocks(folder: Path) -> float:
    """Return the seconds that the model takes. Raises FileNotFoundError before a build."""
    (model,) = (folder / "dbt" / "compiled").rglob("int_sla_clocks_timed.sql")
    with drawn(folder, "clocks", _NEEDED, _DRAWN) as connection:
        began = time.monotonic()
        connection.execute(f"create table timed as {model.read_text()}")
        seconds = time.monotonic() - began
        found = connection.execute("select count(*), count(due_at) from timed").fetchone()
    if found != (CLOCKS, CLOCKS):
        sys.exit(f"{found} of {CLOCKS} clocks were timed")
    return seconds


if __name__ == "__main__":
    sys.stdout.write(f"{clocks(Path(sys.argv[1]).resolve())}\n")
