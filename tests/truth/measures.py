"""How right a warehouse is: its figures beside the truth of the company whose exports it read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import duckdb

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

# People whose passes a rule of the law shapes that the engine may lack; the first that fits counts.
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
        when h.human in (select human from expired) then 'expired'
        when h.human in (select human from restarted) then 'restarted'
        when h.human in (select human from purged) then 'purged'
        when h.human in (select human from unrecorded) then 'not recorded'
        when h.human in (select human from several) then 'several passes'
        else 'others'
    end as circumstance
from (select distinct human from truth.passes) as h
"""

_MISSED_ENTRIES = """
select c.circumstance, count(*)
from truth.stage_entries as t
join circumstances as c on t.human = c.human
left join (select distinct human, stage, entered_date from found_entries) as f
    on t.human = f.human and t.stage = f.stage and t.entered_date = f.entered_date
where t.is_held and f.human is null
group by 1
"""

_WRONG_OUTCOMES = """
select c.circumstance, count(*)
from truth.passes as t
join circumstances as c on t.human = c.human
left join (
    select k.human, i.pass_number, min(i.outcome) as outcome
    from warehouse.intermediate.int_passes as i
    join known as k on i.person_key = k.person_key
    group by k.human, i.pass_number
) as p on t.human = p.human and t.pass_number = p.pass_number
where t.outcome is distinct from p.outcome
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
        missed = dict(connection.execute(_MISSED_ENTRIES).fetchall())
        wrong = dict(connection.execute(_WRONG_OUTCOMES).fetchall())
    return Measures(precision, recall, entries, invented, outcomes, deals, money, missed, wrong)


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
