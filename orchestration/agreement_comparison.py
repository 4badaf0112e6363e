"""Two agreements side by side: who qualifies, how many convert, how long it takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb

_MONTHS_SHOWN = 12

# Sources wrote these under the rules of their time: another agreement does not unwrite them.
_WRITTEN_BY_SOURCES = ("status", "lifecycle_stage")


@dataclass(frozen=True)
class Section:
    """One table of the comparison as people read it."""

    title: str
    columns: list[str]
    rows: list[tuple[object, ...]]


# A person qualifies by really entering the stage that the version in force gives the MQL role.
_QUALIFIED = """
    create temp table qualified_{side} as
    with stages as (
        select stage from {side}.marts.dim_stages
        where is_in_force and list_contains(string_split(roles, ', '), 'marketing_qualified')
    ),
    entries as (
        select p.person_key, p.entered_date
        from {side}.marts.fct_pass_stages as p
        inner join stages as s on p.stage = s.stage
        inner join {side}.marts.dim_persons as d on p.person_key = d.person_key
        where p.is_reached and p.evidence <> 'implied' and not d.is_placeholder
    )
    select
        person_key,
        min(entered_date) as qualified_on,
        cast(date_trunc('month', min(entered_date)) as date) as qualified_month
    from entries
    group by person_key
"""

# The entry that counts is the first one; its signal says whether a source had decided it.
_NOT_REPLAYABLE = """
    create temp table not_replayable as
    with stages as (
        select stage from after.marts.dim_stages
        where is_in_force and list_contains(string_split(roles, ', '), 'marketing_qualified')
    )
    select t.person_key
    from after.intermediate.int_stage_transitions as t
    inner join stages as s on t.to_stage = s.stage
    left join after.intermediate.int_signals as g on t.change_key = g.change_key
    group by t.person_key
    having arg_min(
        g.field,
        (coalesce(t.transition_date, date '9999-12-31'), t.pass_number, t.transition_number)
    ) in {fields}
"""

_PERSONS = """
    create temp table persons as
    select
        coalesce(b.person_key, a.person_key) as person_key,
        b.person_key is not null as is_qualified_before,
        a.person_key is not null as is_qualified_after,
        b.qualified_on as qualified_on_before,
        a.qualified_on as qualified_on_after,
        b.qualified_month as month_before,
        a.qualified_month as month_after,
        a.person_key is not null and n.person_key is not null as is_not_replayable
    from qualified_before as b
    full join qualified_after as a on b.person_key = a.person_key
    left join not_replayable as n on a.person_key = n.person_key
    order by all
"""

# Who qualifies in another month counts as only before in the one, only after in the other.
_WHO = """
    create temp table who as
    with counted as (
        select
            'all' as period_type, cast(null as date) as period_start,
            is_qualified_before as is_before, is_qualified_after as is_after, is_not_replayable
        from persons
        union all
        select 'month', month_before, true, month_before is not distinct from month_after,
            month_before is not distinct from month_after and is_not_replayable
        from persons
        where month_before is not null
        union all
        select 'month', month_after, false, true, is_not_replayable
        from persons
        where month_after is not null and month_before is distinct from month_after
    )
    select
        period_type, period_start,
        count(*) filter (is_before) as before, count(*) filter (is_after) as after,
        count(*) filter (is_before and is_after) as in_both,
        count(*) filter (is_before and not is_after) as only_before,
        count(*) filter (is_after and not is_before) as only_after,
        count(*) filter (is_not_replayable) as not_replayable
    from counted
    group by period_type, period_start
"""

# Neighbours by the agreement of either side; a new stage has neighbours on one side only.
_PAIRS = """
    create temp table pairs as
    {pairs_before}
    union
    {pairs_after}
"""
_PAIRS_OF = """
    select stage as from_stage, to_stage
    from (
        select stage, lead(stage) over (order by stage_rank) as to_stage
        from {side}.marts.dim_stages
        where is_in_force and moves_to is null
    )
    where to_stage is not null
"""

# One row per measure, period and pair. Counts and rates stand in the same two columns.
_MEASURES = {
    "entered": ("rpt_funnel_conversion", "method = 'cohort' and window_days is null"),
    "converted": ("rpt_funnel_conversion", "method = 'cohort' and window_days is null"),
    "conversion_rate": ("rpt_funnel_conversion", "method = 'cohort' and window_days is null"),
    "completed": ("rpt_funnel_velocity", "true"),
    "median_days": ("rpt_funnel_velocity", "true"),
}
_MEASURE = """
    select
        '{measure}' as measure, coalesce(b.period_type, a.period_type) as period_type,
        coalesce(b.period_start, a.period_start) as period_start,
        coalesce(b.from_stage, a.from_stage) as from_stage,
        coalesce(b.to_stage, a.to_stage) as to_stage,
        cast(b.{measure} as double) as before, cast(a.{measure} as double) as after
    from ({before}) as b
    full join ({after}) as a
        on b.period_type = a.period_type
        and b.period_start is not distinct from a.period_start
        and b.from_stage = a.from_stage
        and b.to_stage = a.to_stage
"""
_CELLS = """
    select r.* from {side}.marts.{table} as r
    inner join pairs as p on r.from_stage = p.from_stage and r.to_stage = p.to_stage
    where r.policy = 'implied' and r.unit = 'person' and r.segment = 'all'
    and r.period_type in ('all', 'month') and {where}
"""


def compare(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the temporary tables `persons`, `who` and `comparison` of two attached databases.

    `before` is a publication, `after` a warehouse that was built under another agreement.
    """
    for side in ("before", "after"):
        connection.execute(_QUALIFIED.format(side=side))
    connection.execute(_NOT_REPLAYABLE.format(fields=_WRITTEN_BY_SOURCES))
    connection.execute(_PERSONS)
    connection.execute(_WHO)
    connection.execute(
        _PAIRS.format(
            pairs_before=_PAIRS_OF.format(side="before"), pairs_after=_PAIRS_OF.format(side="after")
        )
    )
    measures = " union all ".join(
        _MEASURE.format(
            measure=measure,
            before=_CELLS.format(side="before", table=table, where=where),
            after=_CELLS.format(side="after", table=table, where=where),
        )
        for measure, (table, where) in _MEASURES.items()
    )
    connection.execute(
        "create temp table comparison as"
        " select 'qualified' as measure, period_type, period_start,"
        " cast(null as varchar) as from_stage, cast(null as varchar) as to_stage,"
        " cast(before as double) as before, cast(after as double) as after,"
        " in_both, only_before, only_after, not_replayable from who"
        f" union all by name ({measures})"
        " order by measure, period_type, period_start, from_stage, to_stage"
    )


def sections(connection: duckdb.DuckDBPyConnection) -> Iterator[Section]:
    """Give the parts of the comparison as people read them, from what `compare` made."""
    who = "before, after, in_both, only_before, only_after, not_replayable"
    yield _section(
        connection, "Who qualifies (persons)", f"select {who} from who where period_type = 'all'"
    )
    yield _section(
        connection,
        f"Who qualifies, by month (the last {_MONTHS_SHOWN})",
        f"select strftime(period_start, '%Y-%m') as month, {who} from ("
        "select * from who where period_type = 'month'"
        f" order by period_start desc limit {_MONTHS_SHOWN}) order by month",
    )
    yield _section(
        connection,
        "Conversion between neighbouring stages (persons, cohort, implied, ever)",
        _sides("conversion_rate", "entered", "round({}, 4)"),
    )
    yield _section(
        connection,
        "Median days between neighbouring stages (persons)",
        _sides("median_days", "completed", "round({}, 1)"),
    )


def _sides(measure: str, counted: str, shown: str) -> str:
    """A pair a row: how many, and the measure, before and after; in the order of ranks."""
    return f"""
        with ranks as (
            select stage, max(stage_rank) as stage_rank from (
                select stage, stage_rank from before.marts.dim_stages where is_in_force
                union all
                select stage, stage_rank from after.marts.dim_stages where is_in_force
            ) group by stage
        )
        select
            m.from_stage, m.to_stage,
            cast(n.before as bigint) as {counted}_before,
            cast(n.after as bigint) as {counted}_after,
            {shown.format("m.before")} as {measure}_before,
            {shown.format("m.after")} as {measure}_after
        from comparison as m
        inner join comparison as n
            on m.from_stage = n.from_stage and m.to_stage = n.to_stage
            and n.measure = '{counted}' and n.period_type = 'all'
        inner join ranks as f on m.from_stage = f.stage
        inner join ranks as t on m.to_stage = t.stage
        where m.measure = '{measure}' and m.period_type = 'all'
        order by f.stage_rank, t.stage_rank
    """


def _section(connection: duckdb.DuckDBPyConnection, title: str, query: str) -> Section:
    found = connection.execute(query)
    return Section(title, [one[0] for one in found.description or []], found.fetchall())
