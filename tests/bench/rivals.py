"""What the same work costs without the pipeline: plain DuckDB, each in a process of its own.

`python -m tests.bench.rivals read_csv <folder>`; the folder is that of a bench's workspace.
"""

from __future__ import annotations

import shutil
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

if TYPE_CHECKING:
    from collections.abc import Callable

# The largest export of the bench.
LARGEST = "marketo_activities_send_email.csv"

# First entries, durations and cohorts straight from what landed: no identity beyond the id that
# links a prospect to its lead, one stage criterion each, no passes, no exits, no policies.
FUNNEL = """
create table first_entries as
with leads as (
    select _record_id as lead, coalesce(p.prospect, _record_id) as person
    from {persons} left join (
        select linked_id as lead, min(_record_id) as prospect from {persons}
        where _source = 'marketo' and linked_id <> '' group by 1
    ) as p on p.lead = _record_id
    where _source = 'salesforce' and record_type = 'lead'
),
signals as (
    select
        person_id as person, 'inquiry' as stage,
        try_cast(occurred_at as timestamptz)::timestamp as entered
    from {activities}
    where _export in (
        'marketo_activities_fill_out_form.csv',
        'marketo_activities_change_status_in_progression.csv'
    )
    union all
    select changed_record_id, 'marketing_qualified', try_cast(changed_at as timestamptz)::timestamp
    from {field_changes}
    where field = 'score' and new_value::double >= 60 and old_value::double < 60
    union all
    select
        l.person,
        case c.new_value
            when 'Marketing Qualified' then 'marketing_qualified'
            when 'Accepted' then 'sales_accepted'
            else 'sales_qualified'
        end,
        try_cast(c.changed_at as timestamptz)::timestamp
    from {field_changes} as c inner join leads as l on c.changed_record_id = l.lead
    where c.new_value in ('Marketing Qualified', 'Accepted', 'Qualified', 'Closed - Converted')
    union all
    select
        l.person,
        case c.new_value when 'Closed Won' then 'won' else 'opportunity' end,
        try_cast(c.changed_at as timestamptz)::timestamp
    from {field_changes} as c
    inner join {persons} as r on r.converted_opportunity_id = c.changed_record_id
    inner join leads as l on r._record_id = l.lead
    where c.new_value in ('Qualification', 'Proposal/Quote', 'Negotiation', 'Closed Won')
)
select person, stage, min(entered) as entered_at from signals group by 1, 2;

create table durations as
with ranks as (
    select * from (values
        ('inquiry', 1), ('marketing_qualified', 2), ('sales_accepted', 3), ('sales_qualified', 4),
        ('opportunity', 5), ('won', 6)
    ) as t(stage, stage_rank)
)
select
    a.stage as from_stage, b.stage as to_stage, count(*) as completed,
    quantile_cont(epoch(b.entered_at) - epoch(a.entered_at), 0.5) / 86400 as median_days
from first_entries as a
inner join first_entries as b on a.person = b.person
inner join ranks as r on a.stage = r.stage
inner join ranks as s on b.stage = s.stage and r.stage_rank < s.stage_rank
group by 1, 2;

create table conversion as
with ranks as (
    select * from (values
        ('inquiry', 1), ('marketing_qualified', 2), ('sales_accepted', 3), ('sales_qualified', 4),
        ('opportunity', 5), ('won', 6)
    ) as t(stage, stage_rank)
)
select
    date_trunc('week', a.entered_at) as week, a.stage as from_stage, b.stage as to_stage,
    count(distinct a.person) as entered, count(e.person) as converted
from first_entries as a
inner join ranks as r on a.stage = r.stage
inner join ranks as b on r.stage_rank < b.stage_rank
left join first_entries as e on a.person = e.person and e.stage = b.stage
group by 1, 2, 3;
"""

# The rules of `marts__fct_passes` and `marts__dim_persons` in one statement.
GATE = """
with ranks as (
    select s.stage, s.stage_rank from agreement.stages as s
    inner join ops.run_context as c on s.version = c.agreement_version
),
persons as (
    select
        count(*) filter (where person_key is null) as without_key,
        count(*) - count(distinct person_key) as repeated,
        count(*) filter (where record_count < 0) as miscounted,
        count(*) filter (where first_seen_at >= c.as_of) as too_late
    from marts.dim_persons cross join ops.run_context as c
),
passes as (
    select
        count(*) as passes,
        count(*) filter (where p.person_key is null or p.pass_number is null) as without_key,
        count(*) - count(distinct (p.person_key, p.pass_number)) as repeated,
        count(*) filter (where d.person_key is null) as without_person,
        count(*) filter (where n.stage is null or f.stage is null) as at_no_stage,
        count(*) filter (where f.stage_rank < n.stage_rank) as beyond_furthest,
        count(*) filter (where outcome is null or not (
            outcome in ('open', 'won', 'expired', 'deleted')
            or outcome in (select exit from agreement.exits)
        )) as without_outcome,
        count(*) filter (where greatest(p.started_at, p.marketing_qualified_at, p.handed_off_at,
            p.accepted_at, p.sales_qualified_at, p.opportunity_at, p.won_at, p.ended_at)
            >= c.as_of) as too_late,
        count(*) filter (where outcome in ('open', 'won') and p.ended_at is not null) as ended
    from marts.fct_passes as p
    cross join ops.run_context as c
    left join marts.dim_persons as d on p.person_key = d.person_key
    left join ranks as n on p.current_stage = n.stage
    left join ranks as f on p.furthest_stage = f.stage
)
select * from persons cross join passes
"""


def _first_exports(folder: Path) -> Path:
    # As in `phase`, which imports what only one of these pays for.
    return min((folder / "exports").iterdir())


def read_csv(folder: Path) -> None:
    """Read the largest export as text and write it as Parquet."""
    target = folder / "rival.parquet"
    exports = _first_exports(folder)
    connection = _connect(folder)
    connection.execute(
        f"copy (select * from read_csv('{exports / LARGEST}', all_varchar = true))"
        f" to '{target}' (format parquet, compression zstd)"
    )
    target.unlink()


def land_file(folder: Path) -> None:
    """Land the same file as the pipeline does."""
    from ingestion.files import find_mapping  # noqa: PLC0415  # only this one pays for it
    from ingestion.files import land_file as land  # noqa: PLC0415
    from ingestion.landing import Landing  # noqa: PLC0415

    landing = folder / "rival_landing"
    exports = _first_exports(folder)
    mapping = find_mapping(exports)
    export = next(one for one in mapping.files if one.file == LARGEST)
    land(Landing(landing), mapping, export, exports)
    shutil.rmtree(landing)


def funnel(folder: Path) -> None:
    """Work the funnel out by one hand-written script over the landed files."""
    connection = _connect(folder)
    of = {
        entity: f"read_parquet('{folder}/landing/files/*/{entity}/*/part-*.parquet')"
        for entity in ("persons", "activities", "field_changes")
    }
    connection.execute(FUNNEL.format(**of))


def gate(folder: Path) -> None:
    """Evaluate the rules of two suites in one statement."""
    with duckdb.connect(str(folder / "warehouse.duckdb"), read_only=True) as connection:
        connection.execute(GATE).fetchall()


def two_suites(folder: Path) -> None:
    """Evaluate the same two suites as the gate does."""
    from expectations.marts import marts_suites  # noqa: PLC0415  # only this one pays for it
    from expectations.validation import validate  # noqa: PLC0415

    with duckdb.connect(str(folder / "warehouse.duckdb"), read_only=True) as connection:
        agreement = {
            table: connection.execute(f"select * from agreement.{table}").df()
            for table in ("stages", "exits", "criteria")
        }
        for suite in marts_suites(agreement):
            if suite.table in {"dim_persons", "fct_passes"}:
                validate(suite, lambda query: connection.execute(query).df())


RIVALS: dict[str, Callable[[Path], None]] = {
    "read_csv": read_csv,
    "land_file": land_file,
    "funnel": funnel,
    "gate": gate,
    "two_suites": two_suites,
}

# Imported before the clock starts: 0.3 s for the landing, 2 s for Great Expectations.
NEEDS = {
    "land_file": ("ingestion.files", "ingestion.landing"),
    "two_suites": ("expectations.marts", "great_expectations"),
}


def _connect(folder: Path) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("set TimeZone = 'UTC'")
    connection.execute(f"set temp_directory = '{folder / 'spill'}'")
    return connection


def signals(folder: Path) -> int:
    """Return the number of signals that the models found."""
    with duckdb.connect(str(folder / "warehouse.duckdb"), read_only=True) as connection:
        found = connection.execute("select count(*) from intermediate.int_signals").fetchone()
    return int(found[0]) if found else 0


if __name__ == "__main__":
    _folder = Path(sys.argv[2]).resolve()
    if sys.argv[1] == "signals":
        sys.stdout.write(f"{signals(_folder)}\n")
        sys.exit()
    for module in NEEDS.get(sys.argv[1], ()):
        import_module(module)
    began = time.monotonic()
    RIVALS[sys.argv[1]](_folder)
    sys.stdout.write(f"{time.monotonic() - began}\n")
