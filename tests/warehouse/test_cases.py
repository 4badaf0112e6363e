"""Cases of the law on the built warehouse, by their ids."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import duckdb


def rows(connection: duckdb.DuckDBPyConnection, sql: str, *values: Any) -> list[tuple[Any, ...]]:
    return connection.execute(sql, values).fetchall()


def person(connection: duckdb.DuckDBPyConnection, record: str, system: str = "crm") -> str:
    return rows(
        connection,
        "select person_key from intermediate.int_persons_resolved where record_key = ?",
        f"{system}/main/{record}",
    )[0][0]


def transitions(
    connection: duckdb.DuckDBPyConnection, record: str, system: str = "crm"
) -> list[tuple[Any, ...]]:
    return rows(
        connection,
        "select pass_number, kind, from_stage, to_stage from marts.fct_stage_transitions"
        " where person_key = ? order by pass_number, transition_number",
        person(connection, record, system),
    )


def stages(
    connection: duckdb.DuckDBPyConnection, record: str, policy: str, system: str = "crm"
) -> dict[str, str | None]:
    return dict(
        rows(
            connection,
            "select stage, evidence from intermediate.int_stages_reached where policy = ?"
            " and journey_type = 'pass' and journey_key = ? order by stage_rank",
            policy,
            person(connection, record, system) + "#1",
        )
    )


def waits(
    connection: duckdb.DuckDBPyConnection, source: str, from_stage: str, to_stage: str
) -> list[tuple[Any, ...]]:
    """Return (completed, median days) of the passes of one lead source, of all time."""
    return rows(
        connection,
        "select completed, median_days from marts.rpt_funnel_velocity"
        " where segment = 'lead_source' and segment_value = ? and unit = 'pass'"
        " and policy = 'implied' and period_type = 'all' and from_stage = ? and to_stage = ?",
        source, from_stage, to_stage,
    )  # fmt: skip


def test_g01_skip(warehouse: duckdb.DuckDBPyConnection) -> None:
    assert list(stages(warehouse, "G01", "any")) == ["inquiry", "sql"]
    assert list(stages(warehouse, "G01", "strict")) == ["inquiry"]
    assert stages(warehouse, "G01", "implied") == {
        "inquiry": "observed", "mql": "implied", "sal": "implied", "sql": "observed",
    }  # fmt: skip
    assert transitions(warehouse, "G01") == [
        (1, "enter", None, "inquiry"), (1, "skip", "inquiry", "sql"),
    ]  # fmt: skip
    undated = rows(
        warehouse,
        "select stage, entered_at from marts.fct_pass_stages where person_key = ? and is_reached"
        " and evidence = 'implied'",
        person(warehouse, "G01"),
    )
    assert sorted(undated) == [("mql", None), ("sal", None)]


def test_g01_skip_takes_its_days_and_what_is_implied_takes_none(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    assert waits(warehouse, "G01", "inquiry", "sql") == [(1, 15.0)]
    # Nobody to measure is no row.
    assert waits(warehouse, "G01", "mql", "sal") == []
    assert rows(
        warehouse,
        "select to_stage, entered, converted from marts.rpt_funnel_conversion"
        " where segment = 'lead_source' and segment_value = 'G01' and unit = 'pass'"
        " and policy = 'implied' and method = 'cohort' and period_type = 'all'"
        " and window_days is null and from_stage = 'inquiry' and to_stage <> 'opportunity'"
        " order by all",
    ) == [("mql", 1, 1), ("sal", 1, 1), ("sql", 1, 1), ("won", 1, 0)]


def test_g02_recycle_makes_two_passes(warehouse: duckdb.DuckDBPyConnection) -> None:
    assert transitions(warehouse, "G02") == [
        (1, "enter", None, "mql"), (1, "recycle", "mql", "recycled"),
        (2, "enter", None, "mql"), (2, "forward", "mql", "sal"),
    ]  # fmt: skip
    assert rows(
        warehouse,
        "select pass_number, outcome from marts.fct_passes where person_key = ? order by all",
        person(warehouse, "G02"),
    ) == [(1, "recycled"), (2, "open")]


def test_g02_recycle_counts_by_pass_and_by_person(warehouse: duckdb.DuckDBPyConnection) -> None:
    counted = (
        "select unit, cast(period_start as varchar), entered, converted"
        " from marts.rpt_funnel_conversion where segment = 'lead_source' and segment_value = 'G02'"
        " and unit in ('pass', 'person') and policy = 'any' and method = 'cohort'"
        " and window_days is null and from_stage = 'mql' and to_stage = 'sal'"
    )
    assert rows(warehouse, f"{counted} and period_type = 'all' order by unit") == [
        ("pass", None, 2, 1), ("person", None, 1, 1),
    ]  # fmt: skip
    # Read in April, January still has its MQL.
    assert rows(warehouse, f"{counted} and period_type = 'month' order by 1, 2") == [
        ("pass", "2026-01-01", 1, 0), ("pass", "2026-03-01", 1, 1),
        ("person", "2026-01-01", 1, 1), ("person", "2026-03-01", 1, 1),
    ]  # fmt: skip
    assert waits(warehouse, "G02", "mql", "sal") == [(1, 1.0)]
    # Nobody waited from January's MQL for March's SAL.
    assert rows(
        warehouse,
        "select max(median_days) from marts.rpt_funnel_velocity"
        " where segment = 'lead_source' and segment_value = 'G02'"
        " and from_stage = 'mql' and to_stage = 'sal'",
    ) == [(1.0,)]


@pytest.mark.parametrize("lead", ["G04", "G04-in-order"])
def test_g04_same_second_is_chained(warehouse: duckdb.DuckDBPyConnection, lead: str) -> None:
    moves = [to for _, _, _, to in transitions(warehouse, lead)]
    assert moves == ["mql", "sal", "sql"]


def test_g05_first_value_is_inferred(warehouse: duckdb.DuckDBPyConnection) -> None:
    found = rows(
        warehouse,
        "select stage, entered_at, left_at, evidence from marts.fct_pass_stages"
        " where person_key = ? and stage = 'sal'",
        person(warehouse, "G05"),
    )
    # Midnight in New York is 05:00 UTC in winter.
    assert found == [("sal", datetime(2026, 1, 1, 5), datetime(2026, 2, 1, 5), "inferred")]


def test_g09_unmapped_status_is_a_finding_and_nobody_is_lost(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    findings = rows(
        warehouse,
        "select severity, detail from quality.findings"
        " where finding = 'unmapped_value' and entity = 'persons'",
    )
    assert [(severity, "'Parked'" in detail) for severity, detail in findings] == [
        ("warning", True)
    ]
    assert person(warehouse, "G09") == "crm/main/G09"
    by_status = dict(
        rows(
            warehouse,
            "select p.status, count(*) from intermediate.int_person_records as p"
            " where p.source = 'crm' group by all",
        )
    )
    # Nobody but G09; who is `Open` is known, and means no stage.
    assert by_status["unmapped"] == 1
    assert None not in by_status
    assert (
        sum(by_status.values())
        == rows(warehouse, "select count(*) from raw_files.persons where _source = 'crm'")[0][0]
    )


def test_g10_rule_change_judges_by_the_version_of_its_time(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    assert transitions(warehouse, "G10-A", "marketing") == [(1, "enter", None, "mql")]
    assert transitions(warehouse, "G10-B", "marketing") == []
    assert rows(
        warehouse,
        "select agreement_version from marts.fct_stage_transitions where person_key = ?",
        person(warehouse, "G10-A", "marketing"),
    ) == [(1,)]


def test_g14_date_only_is_zero_days_and_never_negative(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    assert [to for *_, to in transitions(warehouse, "G14")] == ["mql", "sql"]
    assert rows(
        warehouse,
        "select days_in_stage from marts.fct_pass_stages where person_key = ? and stage = 'mql'",
        person(warehouse, "G14"),
    ) == [(0.0,)]
    assert waits(warehouse, "G14", "mql", "sql") == [(1, 0.0)]


def test_a_step_back_by_the_authority_moves_back(warehouse: duckdb.DuckDBPyConnection) -> None:
    assert transitions(warehouse, "back") == [(1, "enter", None, "sql"), (1, "back", "sql", "sal")]
    assert rows(
        warehouse,
        "select current_stage, furthest_stage from marts.fct_passes where person_key = ?",
        person(warehouse, "back"),
    ) == [("sal", "sql")]


def test_a_step_back_is_seen_in_a_history_without_old_values(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    assert transitions(warehouse, "untold") == [
        (1, "enter", None, "sql"),
        (1, "forward", "sql", "opportunity"),
        (1, "back", "opportunity", "sql"),
    ]


def test_an_inversion_is_kept_signed_and_listed(warehouse: duckdb.DuckDBPyConnection) -> None:
    assert transitions(warehouse, "inverted") == [
        (1, "win", None, "won"),
        (1, "enter", "won", "mql"),
    ]
    findings = rows(
        warehouse,
        "select detail from quality.findings"
        " where finding = 'stage_dates_inverted' and record_key = ?",
        person(warehouse, "inverted") + "#1",
    )
    assert findings == [("won on 2026-03-06 19:38:55 is before mql on 2026-03-08 09:00:00",)]
    assert stages(warehouse, "inverted", "any") == {"mql": "observed", "won": "stamped"}


def test_an_undated_stage_has_no_date_and_no_cohort_month(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    assert rows(
        warehouse,
        "select transition_at, transition_date from marts.fct_stage_transitions"
        " where person_key = ?",
        person(warehouse, "undated"),
    ) == [(None, None)]


def test_g15_conversion_is_one_person(warehouse: duckdb.DuckDBPyConnection) -> None:
    key = person(warehouse, "G15-P", "marketing")
    assert {person(warehouse, "G15-L"), person(warehouse, "G15-C")} == {key}
    # One pass, no inquiry, and the MQL that it was before the conversion.
    assert rows(
        warehouse,
        "select pass_number, to_stage, cast(transition_date as varchar)"
        " from marts.fct_stage_transitions where person_key = ? order by transition_number",
        key,
    ) == [
        (1, "mql", "2026-01-10"), (1, "sal", "2026-01-12"), (1, "sql", "2026-01-20"),
        (1, "opportunity", "2026-01-25"),
    ]  # fmt: skip
    assert rows(
        warehouse, "select record_count from marts.dim_persons where person_key = ?", key
    ) == [(3,)]


def test_an_address_that_joins_two_crm_persons_joins_none(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    persons = {person(warehouse, f"shared-lead-{one}") for one in ("a", "b")}
    assert len(persons) == 2
    flagged = rows(
        warehouse, "select record_key from quality.findings where finding = 'email_ambiguous'"
    )
    assert len(flagged) == 4


def test_g27_no_fan_out(warehouse: duckdb.DuckDBPyConnection) -> None:
    assert rows(
        warehouse,
        "select count(*), sum(amount), sum(case when is_won then amount end),"
        " count(distinct person_key) from marts.fct_opportunities where owner_key = 'crm/main/G27'",
    ) == [(2, 200_000, 100_000, 1)]
    assert rows(
        warehouse,
        "select distinct person_key from marts.fct_opportunities where owner_key = 'crm/main/G27'",
    ) == [(person(warehouse, "G27-2"),)]


@pytest.mark.parametrize(
    ("owner", "by_count", "by_value"),
    [("G29", 0.75, 0.15), ("winner", 1.0, None), ("opener", None, None)],
)
def test_g29_win_rates(
    warehouse: duckdb.DuckDBPyConnection,
    owner: str,
    by_count: float | None,
    by_value: float | None,
) -> None:
    ((count, value),) = rows(
        warehouse,
        "select win_rate, win_rate_by_value from marts.rpt_win_loss"
        " where period_type = 'all' and segment = 'owner' and segment_value = ?",
        f"crm/main/{owner}",
    )
    assert count == by_count
    if by_value is not None:
        assert value == pytest.approx(by_value)


def test_g37_cohort_and_in_period(end_of_february: duckdb.DuckDBPyConnection) -> None:
    found = rows(
        end_of_february,
        "select method, month(period_start), window_days, conversion_rate, mature_share"
        " from marts.rpt_funnel_conversion where segment = 'lead_source' and segment_value = 'G37'"
        " and unit = 'person' and policy = 'implied' and from_stage = 'mql' and to_stage = 'sql'"
        " and period_type = 'month' order by all",
    )
    assert found == [
        ("cohort", 1, 28, pytest.approx(0.10), 1.0),
        ("cohort", 1, None, 0.25, None),
        ("cohort", 2, 28, 0.10, 0.0),
        ("cohort", 2, None, 0.10, None),
        ("in_period", 1, None, 0.10, None),
        ("in_period", 2, None, 0.40, None),
    ]


def test_g39_censored(warehouse: duckdb.DuckDBPyConnection) -> None:
    assert rows(
        warehouse,
        "select completed, still_open, median_days, kaplan_meier_median_days"
        " from marts.rpt_funnel_velocity where segment = 'lead_source' and segment_value = 'G39'"
        " and unit = 'pass' and policy = 'implied' and period_type = 'all'"
        " and from_stage = 'mql' and to_stage = 'sql'",
    ) == [(3, 7, 2.0, None)]


def test_left_truncation_follows_the_latest_history_start(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    # Prospects are known since 15 January: January itself began before.
    flags = rows(
        warehouse,
        "select distinct period_start, is_left_truncated from marts.rpt_funnel_conversion"
        " where from_stage = 'mql' and to_stage = 'sql' and unit = 'pass' and policy = 'any'"
        " and period_type in ('month', 'all') and segment = 'all'"
        " and (period_start is null or period_start between date '2026-01-01'"
        " and date '2026-02-01')",
    )
    by_month = {start and start.isoformat(): flag for start, flag in flags}
    assert by_month == {None: True, "2026-01-01": True, "2026-02-01": False}


def test_an_older_as_of_knows_nothing_of_later_days(
    end_of_february: duckdb.DuckDBPyConnection,
) -> None:
    assert rows(
        end_of_february,
        "select max(transition_date) <= date '2026-02-28' from marts.fct_stage_transitions",
    ) == [(True,)]
    assert transitions(end_of_february, "G02") == [
        (1, "enter", None, "mql"), (1, "recycle", "mql", "recycled"),
    ]  # fmt: skip


def outcomes(connection: duckdb.DuckDBPyConnection, record: str) -> list[tuple[Any, ...]]:
    return rows(
        connection,
        "select pass_number, outcome from marts.fct_passes where person_key = ? order by 1",
        person(connection, record),
    )


def test_a_pass_is_lost_only_when_nothing_else_is_open(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    assert outcomes(warehouse, "both") == [(1, "won")]


def test_an_opportunity_opened_before_the_win_belongs_to_the_won_pass(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    assert outcomes(warehouse, "early") == [(1, "won")]


def test_an_opportunity_keeps_its_pass_when_a_newer_one_has_begun(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    assert outcomes(warehouse, "next") == [(1, "won"), (2, "open")]
    assert rows(
        warehouse,
        "select opportunity_id, pass_number from marts.fct_opportunities"
        " where person_key = ? order by 1",
        person(warehouse, "next"),
    ) == [("next-a", 1), ("next-b", 1), ("next-c", 2)]


def test_ids_need_be_unique_within_their_entity_and_export_only(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    assert [to for *_, to in transitions(warehouse, "ids", "marketing")] == ["inquiry", "mql"]
    assert [to for *_, to in transitions(warehouse, "same-number")] == ["mql"]


def test_no_number_is_quarantined(warehouse: duckdb.DuckDBPyConnection) -> None:
    assert rows(
        warehouse,
        "select reason from quality.quarantined_rows where record_id = 'no-number'",
    ) == [("amount does not cast: NaN",)]


def test_an_unmapped_stage_keeps_its_opportunity(warehouse: duckdb.DuckDBPyConnection) -> None:
    assert rows(
        warehouse,
        "select stage, is_closed from marts.fct_opportunities where opportunity_id = 'parked'",
    ) == [("unmapped", False)]
