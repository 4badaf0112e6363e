"""How right a warehouse is: its figures beside the truth of the company whose exports it read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import duckdb

from tests.truth.companies import PROJECT
from tests.truth.handoffs import Handoffs, compare_handoffs
from tests.truth.handoffs import shortfalls as handoff_shortfalls
from tests.truth.office_time import read_promises

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

TABLES = ("records", "passes", "stage_entries", "hand_offs", "opportunities", "customers")

_PREPARE = """
create temp table identity as
select t.system || '/' || t.instance || '/' || t.record_id as record_key, t.human, r.person_key
from truth.records as t
join warehouse.intermediate.int_persons_resolved as r
    on r.record_key = t.system || '/' || t.instance || '/' || t.record_id;

create temp table known as select distinct human, person_key from identity;

create temp table found_entries as
select k.human, e.stage, e.entered_date, p.pass_number
from warehouse.intermediate.int_stage_entries as e
join warehouse.intermediate.int_passes as p on e.journey_key = p.pass_key
join known as k on p.person_key = k.person_key
where e.journey_type = 'pass';
"""

# Pairs of records of one human: how many of those found are true, how many of the true are found.
_PAIRS = """
with pairs as (
    select 'right' as sort, count(*) as n from identity group by human, person_key
    union all
    select 'told', count(*) from identity group by person_key
    union all
    select 'true', count(*) from identity group by human
),

sums as (
    select
        sum(case when sort = 'right' then n * (n - 1) / 2 end) as right_pairs,
        sum(case when sort = 'told' then n * (n - 1) / 2 end) as told_pairs,
        sum(case when sort = 'true' then n * (n - 1) / 2 end) as true_pairs
    from pairs
)

select right_pairs / told_pairs, right_pairs / true_pairs from sums
"""

_ENTRIES = """
select
    t.stage,
    count(*) as entries,
    sum(case when t.is_held then 1 else 0 end) as held,
    sum(case when f.human is not null then 1 else 0 end) as found,
    sum(case when t.is_held and f.human is not null then 1 else 0 end) as held_and_found,
    sum(case when t.missing_because = 'purged' then 1 else 0 end) as purged
from truth.stage_entries as t
left join (select distinct human, stage, entered_date from found_entries) as f
    on t.human = f.human and t.stage = f.stage and t.entered_date = f.entered_date
group by t.stage
"""

# Dated entries of the warehouse that nobody really made that day.
_INVENTED = """
select 1 - avg(case when t.human is not null then 1.0 else 0.0 end)
from (
    select distinct human, stage, entered_date from found_entries where entered_date is not null
) as f
left join (select distinct human, stage, entered_date from truth.stage_entries) as t
    on t.human = f.human and t.stage = f.stage and t.entered_date = f.entered_date
"""

_OUTCOMES = """
select t.outcome, coalesce(p.outcome, 'no pass') as told, count(*) as passes
from truth.passes as t
left join (
    select k.human, i.pass_number, min(i.outcome) as outcome
    from warehouse.intermediate.int_passes as i
    join known as k on i.person_key = k.person_key
    group by k.human, i.pass_number
) as p on t.human = p.human and t.pass_number = p.pass_number
group by 1, 2
"""

# What a rule of the law makes of people, whatever the engine does; the first that fits counts.
_CIRCUMSTANCES = """
create temp table circumstances as
with merged as (
    select distinct human from known
    where person_key in (select person_key from known group by 1 having count(*) > 1)
),
split as (select human from known group by 1 having count(*) > 1),
expired as (select distinct human from truth.passes where outcome = 'expired'),
restarted as (select distinct human from truth.passes where rounds > 1),
purged as (select distinct human from truth.stage_entries where missing_because = 'purged'),
unrecorded as (
    select distinct human from truth.stage_entries where missing_because = 'not_recorded'
),
several as (select human from truth.passes group by 1 having count(*) > 1)
select
    h.human,
    case
        when h.human not in (select human from known) then 'unknown'
        when h.human in (select human from merged) then 'one person with others'
        when h.human in (select human from split) then 'several persons'
    end as identity,
    case
        when h.human in (select human from purged) then 'purged'
        when h.human in (select human from expired) then 'expired'
        when h.human in (select human from restarted) then 'restarted'
        when h.human in (select human from unrecorded) then 'not recorded'
        when h.human in (select human from several) then 'several passes'
        else 'others'
    end as history
from (select distinct human from truth.passes) as h
"""

_WRONG = """
create temp table wrong as
with told as (
    select k.human, i.pass_number, min(i.outcome) as outcome, min(i.ended_at) as ended_at
    from warehouse.intermediate.int_passes as i
    join known as k on i.person_key = k.person_key
    group by k.human, i.pass_number
)

select
    t.human, t.pass_number, t.outcome, t.ended_at, p.outcome as told_outcome,
    p.ended_at as told_ended_at
from truth.passes as t
left join told as p on t.human = p.human and t.pass_number = p.pass_number
where t.outcome is distinct from p.outcome
"""

# `debounced`: left again within the debounce, which was told of within the hour.
# `earlier evidence`: the pass entered the stage on an earlier day. `former pass`: the one before it
# ended otherwise.
_MISSED_ENTRIES = """
with slips as (
    select k.human, c.new_value as stage, c.changed_at
    from warehouse.intermediate.int_slips as s
    join warehouse.intermediate.int_field_changes as c using (change_key)
    join known as k on s.person_key = k.person_key
),

missed as (
    select t.human, t.pass_number, t.stage, t.entered_at, t.entered_date
    from truth.stage_entries as t
    left join (select distinct human, stage, entered_date from found_entries) as f
        on t.human = f.human and t.stage = f.stage and t.entered_date = f.entered_date
    where t.is_held and f.human is null
),

debounced as (
    select distinct m.human, m.stage, m.entered_at
    from missed as m
    join slips as s
        on m.human = s.human
        and m.stage = s.stage
        and s.changed_at >= m.entered_at
        and s.changed_at < m.entered_at + interval 1 hour
)

select
    coalesce(
        c.identity,
        case
            when d.human is not null then 'debounced'
            when e.first_date < m.entered_date then 'earlier evidence'
            when w.human is not null then 'former pass'
        end,
        c.history
    ),
    count(*)
from missed as m
join circumstances as c on m.human = c.human
left join debounced as d
    on m.human = d.human and m.stage = d.stage and m.entered_at = d.entered_at
left join (
    select human, stage, pass_number, min(entered_date) as first_date
    from found_entries
    group by human, stage, pass_number
) as e on m.human = e.human and m.stage = e.stage and m.pass_number = e.pass_number
left join wrong as w on m.human = w.human and m.pass_number = w.pass_number + 1
group by 1
"""

# `deleted`: no record of theirs is left, and the last of them went before the pass really ended.
# `exit not told`: nothing that still has a date tells of the exit within a day of it.
# `silent`: the warehouse saw nobody for as long as the agreement allows, the company did.
_WRONG_OUTCOMES = """
with events as (
    select i.human, c.changed_at as happened_at
    from warehouse.intermediate.int_field_changes as c
    join identity as i using (record_key)
    where c.field in ('status', 'lifecycle_stage')
    union all
    select k.human, o.closed_at
    from warehouse.marts.fct_opportunities as o
    join known as k using (person_key)
    where o.is_closed
),

gone as (
    select i.human
    from warehouse.intermediate.int_person_records as r
    join identity as i using (record_key)
    group by i.human
    having bool_and(r.is_deleted)
),

told_exits as (
    select distinct w.human, w.pass_number
    from wrong as w
    join events as e
        on w.human = e.human
        and e.happened_at between w.ended_at - interval 1 day and w.ended_at + interval 1 day
)

select
    coalesce(
        c.identity,
        case
            when
                w.told_outcome = 'deleted'
                and g.human is not null
                and coalesce(w.told_ended_at <= w.ended_at, true)
                then 'deleted'
            when e.human is null and w.outcome not in ('open', 'won', 'expired')
                then 'exit not told'
            when c.history = 'purged' then 'purged'
            when w.told_outcome = 'expired' then 'silent'
        end,
        c.history
    ),
    count(*)
from wrong as w
join circumstances as c on w.human = c.human
left join told_exits as e on w.human = e.human and w.pass_number = e.pass_number
left join gone as g on w.human = g.human
group by 1
"""

_DEALS = """
select
    count(*),
    sum(case when o.opportunity_key is not null then 1 else 0 end),
    sum(case when k.human is not null then 1 else 0 end)
from truth.opportunities as t
left join warehouse.marts.fct_opportunities as o
    on t.system || '/' || t.instance || '/' || t.record_id = o.opportunity_key
left join known as k on o.person_key = k.person_key and k.human = t.human
"""

_MONEY = """
select
    (select sum(cast(amount as decimal(18, 2))) from truth.opportunities where is_won),
    (select sum(cast(amount as decimal(18, 2))) from warehouse.marts.fct_opportunities where is_won)
"""


@dataclass(frozen=True)
class Measures:
    """Shares are between 0 and 1. `entries`: stage -> true, held, found, held and found, purged.

    `outcomes`: (true, told) -> passes. `deals`: true, in the warehouse, on the right person.
    `money`: won amounts in the deals' own currencies, true and told. `missed_entries` and
    `wrong_outcomes`: circumstance of the human -> entries that some system told of and the
    warehouse lacks on the day, passes with another outcome.
    """

    precision: float
    recall: float
    entries: dict[str, tuple[int, int, int, int, int]]
    invented: float
    outcomes: dict[tuple[str, str], int]
    deals: tuple[int, int, int]
    money: tuple[float, float]
    missed_entries: dict[str, int]
    wrong_outcomes: dict[str, int]
    handoffs: Handoffs

    @property
    def entries_found(self) -> float:
        """Share of all true stage entries that are there on the right day."""
        return _sum(self.entries, 2) / _sum(self.entries, 0)

    @property
    def held_found(self) -> float:
        """The same, of those that some system still told of when the exports were made."""
        return _sum(self.entries, 3) / max(_sum(self.entries, 1), 1)

    @property
    def outcomes_right(self) -> float:
        """Share of true passes that the warehouse has, with the same outcome."""
        right = sum(count for (true, told), count in self.outcomes.items() if true == told)
        return right / sum(self.outcomes.values())

    @property
    def deals_right(self) -> float:
        """Share of opportunities whose pass is that of the right person."""
        return self.deals[2] / self.deals[0]

    @property
    def money_told(self) -> float:
        """What the warehouse says was won, as a share of what was."""
        return self.money[1] / self.money[0]


def measure(warehouse: Path, truth: Path) -> Measures:
    """Compare a warehouse that nobody writes to with a folder of truth tables."""
    with _opened(warehouse, truth) as connection:
        connection.execute(_PREPARE)
        precision, recall = _row(connection, _PAIRS)
        entries = {
            stage: tuple(int(one or 0) for one in counts)
            for stage, *counts in connection.execute(_ENTRIES).fetchall()
        }
        (invented,) = _row(connection, _INVENTED)
        outcomes = {
            (true, told): count for true, told, count in connection.execute(_OUTCOMES).fetchall()
        }
        deals = _row(connection, _DEALS)
        money = _row(connection, _MONEY)
        connection.execute(_CIRCUMSTANCES)
        connection.execute(_WRONG)
        missed = dict(connection.execute(_MISSED_ENTRIES).fetchall())
        wrong = dict(connection.execute(_WRONG_OUTCOMES).fetchall())
        handoffs = compare_handoffs(connection, read_promises(PROJECT / "agreement.yml"))
    return Measures(
        precision, recall, entries, invented, outcomes, deals, money, missed, wrong, handoffs
    )


def _opened(warehouse: Path, truth: Path) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
    connection = duckdb.connect()
    connection.execute(f"attach '{warehouse}' as warehouse (read_only)")
    connection.execute("create schema truth")
    for table in TABLES:
        path = truth / f"{table}.parquet"
        connection.execute(f"create view truth.{table} as select * from read_parquet('{path}')")
    return connection


def _row(connection: duckdb.DuckDBPyConnection, query: str) -> tuple[float, ...]:
    return tuple(float(one or 0) for one in connection.execute(query).fetchone() or ())


def _sum(entries: dict[str, tuple[int, ...]], place: int) -> int:
    return sum(counts[place] for counts in entries.values())


def shortfalls(measures: Measures) -> Iterator[str]:
    """Yield a line for each stage and each outcome that is not wholly right."""
    for stage, (true, held, found, held_and_found, purged) in sorted(measures.entries.items()):
        if held_and_found < held or held < true:
            yield (
                f"{stage}: {true} entries, {held} told of ({purged} purged), {held_and_found} of"
                f" these found on the day, {found} in all"
            )
    for what, counts in (
        ("entries missed", measures.missed_entries),
        ("other outcomes", measures.wrong_outcomes),
    ):
        if counts:
            told = ", ".join(f"{one} {counts[one]}" for one in sorted(counts))
            yield f"{what} of people who are: {told}"
    yield from handoff_shortfalls(measures.handoffs)
