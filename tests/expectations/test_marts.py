"""What leaves: the suites of the public tables, over a small warehouse in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb
import pytest

from expectations.marts import GUARDED, marts_suites
from expectations.validation import Verdict, validate

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd


@pytest.fixture
def warehouse() -> Iterator[duckdb.DuckDBPyConnection]:
    """One person who was qualified and won, all well."""
    with duckdb.connect() as connection:
        connection.execute(
            """
            create schema marts; create schema agreement; create schema ops;
            create table ops.run_context as
                select timestamp '2026-02-01' as as_of, 1 as agreement_version;
            create table agreement.stages as
                select 1 as version, stage, stage_rank
                from (values ('qualified', 10), ('won', 20)) as s (stage, stage_rank);
            create table marts.dim_persons as
                select 'p' as person_key, 1 as record_count,
                    timestamp '2026-01-01' as first_seen_at;
            create table marts.dim_accounts as select 'a' as account_key;
            create table marts.fct_passes as
                select 'p' as person_key, 1 as pass_number, 'won' as outcome,
                    'won' as current_stage, 'won' as furthest_stage,
                    timestamp '2026-01-01' as started_at,
                    timestamp '2026-01-01' as marketing_qualified_at,
                    null::timestamp as handed_off_at, null::timestamp as accepted_at,
                    null::timestamp as sales_qualified_at, null::timestamp as opportunity_at,
                    timestamp '2026-01-20' as won_at, null::timestamp as ended_at;
            create table marts.fct_stage_transitions as
                select 'p' as person_key, 1 as pass_number, 1 as transition_number,
                    null::varchar as from_stage, 'qualified' as to_stage, 'enter' as kind,
                    'stamped' as evidence, timestamp '2026-01-01' as transition_at,
                    1 as agreement_version
                union all
                select 'p', 1, 2, 'qualified', 'won', 'forward', 'stamped',
                    timestamp '2026-01-20', 1;
            create table marts.fct_opportunities as
                select 'o' as opportunity_key, 'won' as stage, 100.0 as amount, 'p' as person_key,
                    'a' as account_key, 1 as pass_number, true as is_won, true as is_closed,
                    timestamp '2026-01-02' as created_at, timestamp '2026-01-20' as closed_at;
            create table marts.fct_opportunity_states as
                select 'o' as opportunity_key, 1 as state_number, 'stamped' as evidence,
                    timestamp '2026-01-02' as valid_from, null::timestamp as valid_until,
                    true as is_won, true as is_closed;
            create table marts.rpt_funnel_conversion as
                select method, 'any' as policy, 'pass' as unit, 'all' as period_type,
                    null::date as period_start, 'all' as segment, null::varchar as segment_value,
                    'qualified' as from_stage, 'won' as to_stage, null::integer as window_days,
                    1 as entered, 1 as converted, 1.0 as conversion_rate, 1.0 as mature_share
                from (values ('cohort'), ('in_period')) as m (method);
            """
        )
        yield connection


def _verdicts(
    warehouse: duckdb.DuckDBPyConnection,
    agreement: dict[str, pd.DataFrame],
    tables: tuple[str, ...] = GUARDED,
) -> dict[str, Verdict]:
    return {
        suite.table: validate(suite, lambda query: warehouse.execute(query).df())
        for suite in marts_suites(agreement)
        if suite.table in tables
    }


def test_good_tables_leave(
    warehouse: duckdb.DuckDBPyConnection, agreement: dict[str, pd.DataFrame]
) -> None:
    verdicts = _verdicts(warehouse, agreement)
    assert [(one.suite, one.failures, one.errors) for one in verdicts.values()] == [
        (f"marts__{table}", (), ()) for table in GUARDED
    ]


CASES = [
    ("dim_persons", "insert into marts.dim_persons from marts.dim_persons", "a person comes once"),
    (
        "dim_persons",
        "update marts.dim_persons set first_seen_at = timestamp '2026-02-01'",
        "nobody was first seen at or after as_of",
    ),
    (
        "fct_passes",
        "update marts.fct_passes set person_key = 'q'",
        "the person of every pass is in dim_persons",
    ),
    (
        "fct_passes",
        "update marts.fct_passes set current_stage = 'parked', furthest_stage = 'parked'",
        "the current stage is one of the agreement's",
    ),
    (
        "fct_passes",
        "update marts.fct_passes set furthest_stage = 'qualified'",
        "no pass is beyond its furthest stage",
    ),
    (
        "fct_passes",
        "update marts.fct_passes set ended_at = timestamp '2026-01-21'",
        "an open or won pass has no end",
    ),
    ("fct_passes", "delete from marts.fct_passes", "there is at least one pass"),
    (
        "fct_stage_transitions",
        "update marts.fct_stage_transitions set kind = 'back' where transition_number = 2",
        "forward and skip go up in rank, back goes down",
    ),
    (
        "fct_stage_transitions",
        "update marts.fct_stage_transitions set evidence = 'guessed'",
        "evidence is one of stamped, observed, inferred, implied",
    ),
    (
        "fct_stage_transitions",
        "update marts.fct_stage_transitions set transition_at = timestamp '2026-03-01'",
        "no transition is dated at or after as_of",
    ),
    (
        "fct_stage_transitions",
        "update marts.fct_stage_transitions set transition_number = 1",
        "a transition comes once",
    ),
    (
        "fct_opportunities",
        "update marts.fct_opportunities set is_closed = false",
        "a won opportunity is closed",
    ),
    (
        "fct_opportunities",
        "update marts.fct_opportunities set account_key = 'b'",
        "the account of an opportunity is in dim_accounts",
    ),
    (
        "fct_opportunity_states",
        "update marts.fct_opportunity_states set opportunity_key = 'x'",
        "the opportunity of a state is in fct_opportunities",
    ),
    (
        "fct_opportunity_states",
        "update marts.fct_opportunity_states set valid_until = timestamp '2026-01-01'",
        "a state ends after it began",
    ),
    (
        "rpt_funnel_conversion",
        "update marts.rpt_funnel_conversion set conversion_rate = 1.5",
        "a cohort converts between 0 and 100 %",
    ),
    (
        "rpt_funnel_conversion",
        "insert into marts.rpt_funnel_conversion from marts.rpt_funnel_conversion",
        "a cell of the report comes once",
    ),
    (
        "rpt_funnel_conversion",
        "update marts.rpt_funnel_conversion set from_stage = 'won', to_stage = 'qualified'",
        "a pair goes up in rank",
    ),
]


@pytest.mark.parametrize(("table", "damage", "rule"), CASES, ids=[case[2] for case in CASES])
def test_damage_is_stopped(
    warehouse: duckdb.DuckDBPyConnection,
    agreement: dict[str, pd.DataFrame],
    table: str,
    damage: str,
    rule: str,
) -> None:
    warehouse.execute(damage)
    verdict = _verdicts(warehouse, agreement, (table,))[table]
    assert verdict.errors == ()
    assert rule in [one.description for one in verdict.failures if one.severity == "critical"]


def test_an_in_period_conversion_may_exceed_one(
    warehouse: duckdb.DuckDBPyConnection, agreement: dict[str, pd.DataFrame]
) -> None:
    warehouse.execute(
        "update marts.rpt_funnel_conversion set converted = 3, conversion_rate = 3.0"
        " where method = 'in_period'"
    )
    table = "rpt_funnel_conversion"
    assert _verdicts(warehouse, agreement, (table,))[table].is_passed


def test_a_close_before_the_creation_is_told_and_leaves(
    warehouse: duckdb.DuckDBPyConnection, agreement: dict[str, pd.DataFrame]
) -> None:
    warehouse.execute("update marts.fct_opportunities set created_at = timestamp '2026-01-25'")
    table = "fct_opportunities"
    verdict = _verdicts(warehouse, agreement, (table,))[table]
    assert [one.description for one in verdict.failures] == ["nothing closes before it was created"]
    assert not verdict.is_blocking
