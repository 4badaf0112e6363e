from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import duckdb
import pytest

from tests.truth.measures import measure, shortfalls

if TYPE_CHECKING:
    from pathlib import Path

    from tests.truth.companies import Company


def broken(full: Company, folder: Path, *statements: str) -> Path:
    copy = folder / "broken.duckdb"
    shutil.copy(full.warehouse, copy)
    with duckdb.connect(str(copy)) as connection:
        for statement in statements:
            connection.execute(statement)
    return copy


def test_without_mess_everybody_is_told_apart_and_all_money_is_there(full: Company) -> None:
    measured = measure(full.warehouse, full.truth)
    assert (measured.precision, measured.recall) == (1, 1)
    assert measured.money_told == measured.deals_right == 1
    # A sign of life at another time than the company's own.
    assert measured.entries_found == measured.held_found > 0.95
    circumstances = {*measured.missed_entries, *measured.wrong_outcomes}
    assert circumstances <= {"expired"}


def test_two_humans_taken_for_one_cost_precision(full: Company, tmp_path: Path) -> None:
    path = broken(
        full,
        tmp_path,
        "update intermediate.int_persons_resolved set person_key ="
        " (select min(person_key) from intermediate.int_persons_resolved)"
        " where person_key in (select person_key from intermediate.int_persons_resolved"
        " group by 1 order by 1 limit 5)",
    )
    measured = measure(path, full.truth)
    assert measured.precision < 1
    assert measured.recall == 1
    assert "one person with others" in "".join(shortfalls(measured))


def test_a_human_taken_for_two_costs_recall(full: Company, tmp_path: Path) -> None:
    path = broken(
        full,
        tmp_path,
        "update intermediate.int_persons_resolved set person_key = record_key",
    )
    measured = measure(path, full.truth)
    assert measured.recall == 0


def test_a_stage_on_the_wrong_day_is_missed_and_invented(full: Company, tmp_path: Path) -> None:
    path = broken(
        full,
        tmp_path,
        "update intermediate.int_stage_entries set entered_date = entered_date + 1"
        " where stage = 'won'",
    )
    before, after = measure(full.warehouse, full.truth), measure(path, full.truth)
    assert before.entries["won"][2] == before.entries["won"][0] > 0
    assert after.entries["won"][2] == 0
    assert after.invented > before.invented
    # No rule explains it.
    assert after.missed_entries["others"] > before.missed_entries.get("others", 0) == 0


def test_a_wrong_outcome_and_lost_money_are_told(full: Company, tmp_path: Path) -> None:
    path = broken(
        full,
        tmp_path,
        "update intermediate.int_passes set outcome = 'open' where outcome = 'lost'",
        "update marts.fct_opportunities set amount = amount / 2",
    )
    before, after = measure(full.warehouse, full.truth), measure(path, full.truth)
    assert after.outcomes_right < before.outcomes_right
    assert after.wrong_outcomes["others"] > before.wrong_outcomes.get("others", 0) == 0
    assert after.money_told == pytest.approx(0.5)


def test_a_pass_that_a_deletion_ended_is_told_apart(full: Company, tmp_path: Path) -> None:
    ended = (
        "update intermediate.int_passes set outcome = 'deleted', ended_at = started_at"
        " where outcome = 'open'"
    )
    gone = "update intermediate.int_person_records set is_deleted = true"
    living = measure(broken(full, tmp_path, ended), full.truth).wrong_outcomes
    deleted = measure(broken(full, tmp_path, ended, gone), full.truth).wrong_outcomes
    # No deletion explains the end of somebody whose records are there.
    assert "deleted" not in living
    assert living["others"] > 0
    assert deleted["deleted"] > 0
    assert "others" not in deleted


def test_no_deletion_explains_what_had_ended_before(full: Company, tmp_path: Path) -> None:
    path = broken(
        full,
        tmp_path,
        "update intermediate.int_passes"
        " set outcome = 'deleted', ended_at = ended_at + interval 1 day"
        " where outcome in ('rejected', 'recycled', 'disqualified')",
        "update intermediate.int_person_records set is_deleted = true",
    )
    wrong = measure(path, full.truth).wrong_outcomes
    assert "deleted" not in wrong
    assert wrong["others"] > 0


def test_without_mess_rules_explain_all_differences_of_handoffs(full: Company) -> None:
    handoffs = measure(full.warehouse, full.truth).handoffs
    assert [handoffs.share(fact) for fact in ("found", "on time", "attempt", "decision")] == [1] * 4
    assert handoffs.invented == {}
    assert handoffs.misjudged == 0
    explained = {"former owner", "another record", "no reason history", "lag"}
    assert {one for reasons in handoffs.differences.values() for one in reasons} <= explained


def test_handoffs_on_another_day_are_missed_and_invented(full: Company, tmp_path: Path) -> None:
    path = broken(
        full,
        tmp_path,
        "update marts.fct_handoffs set handed_off_at = handed_off_at - interval 2 day",
    )
    handoffs = measure(path, full.truth).handoffs
    assert handoffs.share("found") < 0.1
    assert handoffs.differences["found"]["others"] > 0
    assert sum(handoffs.invented.values()) > 0


@pytest.mark.parametrize(
    ("fact", "change"),
    [
        ("owner", "assigned_at = assigned_at + interval 1 hour, owner_key = null"),
        ("attempt", "first_attempt_at = null"),
        ("decision", "decision = 'recycled' where decision = 'accepted'"),
        ("decision", "decided_at = decided_at - interval 2 minute"),
    ],
)
def test_a_wrong_fact_of_a_handoff_is_explained_by_nothing(
    full: Company, tmp_path: Path, fact: str, change: str
) -> None:
    path = broken(full, tmp_path, f"update marts.fct_handoffs set {change}")
    before, after = (measure(one, full.truth).handoffs for one in (full.warehouse, path))
    assert after.share(fact) < before.share(fact)
    assert after.differences[fact]["others"] > 0
    assert "hand-offs, " + fact in "".join(shortfalls(measure(path, full.truth)))


@pytest.mark.parametrize("sla", ["speed_to_lead", "rep_response", "decision"])
def test_a_clock_that_is_judged_wrong_is_noticed(full: Company, tmp_path: Path, sla: str) -> None:
    path = broken(
        full,
        tmp_path,
        f"update marts.fct_sla_clocks set status = 'met' where sla = '{sla}' and status = 'late'",
    )
    handoffs = measure(path, full.truth).handoffs
    assert handoffs.misjudged > 0
    fact = "decision clock" if sla == "decision" else sla
    assert handoffs.differences[fact]["others"] > 0
    assert "contradicts" in "".join(shortfalls(measure(path, full.truth)))


def test_clocks_that_start_late_or_are_not_there_are_noticed(full: Company, tmp_path: Path) -> None:
    path = broken(
        full,
        tmp_path,
        "update marts.fct_sla_clocks set started_at = started_at + interval 1 day"
        " where sla = 'speed_to_lead'",
        "delete from marts.fct_sla_clocks where sla = 'decision'",
    )
    handoffs = measure(path, full.truth).handoffs
    assert handoffs.misjudged > 0
    assert handoffs.share("decision clock") == 0
    assert handoffs.differences["decision clock"]["others"] > 0
