"""Opportunities of a hardware seller: no persons, lost amounts all zero."""

from __future__ import annotations

from typing import Any

import pytest

from tests.real_data.pages import complaints

pytestmark = pytest.mark.real_data


def test_every_opportunity_is_in_at_its_stage(maven: Any) -> None:
    found = maven.rows("select stage, count(*) from marts.fct_opportunities group by stage")
    assert {stage.capitalize(): count for stage, count in found} == maven.answers["by_stage"]
    assert sum(count for _, count in found) == maven.answers["rows"]


def test_totals(maven: Any) -> None:
    answers = maven.answers
    days = answers["cycle_days"]
    assert maven.row(
        "select opportunities, won, lost, open, win_rate, win_rate_all, win_rate_by_value,"
        " is_lost_value_missing, won_value, lost_value, mean_won_value, median_won_value,"
        " mean_cycle_days_won, median_cycle_days_won, mean_cycle_days_lost,"
        " median_cycle_days_lost, mean_cycle_days_closed"
        " from marts.rpt_win_loss where period_type = 'all' and segment = 'all'"
    ) == (
        8800, 4238, 2473, 2089,
        pytest.approx(answers["win_rate_of_closed"], abs=1e-6),
        pytest.approx(answers["win_rate_of_all"], abs=1e-6),
        None, True,
        answers["won_value_total"], 0,
        pytest.approx(answers["won_value_mean"], abs=1e-4), answers["won_value_median"],
        pytest.approx(days["won_mean"], abs=1e-3), days["won_median"],
        pytest.approx(days["lost_mean"], abs=1e-3), days["lost_median"],
        pytest.approx(days["closed_mean"], abs=1e-3),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("segment", "answer"), [("product", "by_product"), ("region", "by_region")]
)
def test_each_product_and_region(maven: Any, segment: str, answer: str) -> None:
    found = maven.rows(
        "select segment_value, opportunities, won, lost, open, win_rate, won_value,"
        " mean_cycle_days_won from marts.rpt_win_loss"
        f" where period_type = 'all' and segment = '{segment}'"
    )
    assert {value: tuple(figures) for value, *figures in found} == {
        value: (
            one["n"], one["won"], one["lost"], one["open"],
            pytest.approx(one["win_rate_closed"], abs=1e-6), one["won_value"],
            pytest.approx(one["avg_cycle_won"], abs=1e-3),
        )
        for value, one in maven.answers[answer].items()
    }  # fmt: skip


def test_open_opportunities_without_account_are_in_and_a_finding(maven: Any) -> None:
    missing = maven.answers["nulls"]["account_null_by_stage"]
    assert maven.row(
        "select count(*) from quality.findings where finding = 'opportunity_without_account'"
    ) == (sum(missing.values()),)
    found = maven.rows(
        "select stage, count(*) from marts.fct_opportunities where account_key is null group by 1"
    )
    assert {stage.capitalize(): count for stage, count in found} == missing


def test_lost_amounts_are_a_finding(maven: Any) -> None:
    (finding,) = maven.rows(
        "select detail from quality.findings where finding = 'lost_amounts_all_zero'"
    )
    assert "2473" in finding[0]


def test_prospecting_is_undated_and_in_no_period_but_all(maven: Any) -> None:
    assert maven.row(
        "select entered, undated from marts.rpt_funnel_conversion where method = 'cohort'"
        " and policy = 'implied' and unit = 'opportunity' and period_type = 'all'"
        " and segment = 'all' and from_stage = 'prospecting' and to_stage = 'engaging'"
        " and window_days is null"
    ) == (500, 500)
    assert maven.row(
        "select count(*) from marts.rpt_funnel_conversion where period_type <> 'all'"
        " and from_stage = 'prospecting' and entered > 0"
    ) == (0,)


def test_one_placeholder_person_for_each_opportunity(maven: Any) -> None:
    assert maven.row(
        "select count(*), count(*) filter (where is_placeholder) from marts.dim_persons"
    ) == (8800, 8800)
    assert maven.row("select count(*) from marts.rpt_funnel_conversion where unit = 'person'") == (
        0,
    )


@pytest.mark.parametrize("segment", ["product", "sector", "region", "manager", "agent"])
def test_deals_are_cut_by_all_that_the_files_hold(maven: Any, segment: str) -> None:
    closed = maven.answers["by_stage"]
    assert maven.row(
        "select sum(won), sum(lost), count(*) > 2 from marts.rpt_win_loss"
        f" where period_type = 'all' and segment = '{segment}'"
    ) == (closed["Won"], closed["Lost"], True)


def test_the_report_is_readable_and_marks_what_is_not_known(maven: Any) -> None:
    assert complaints(maven.report) == []
    pages = {path.stem: path.read_text() for path in maven.report.glob("*.html")}
    assert "no lost values" in pages["wins"]
    assert "left-truncated" in pages["funnel"]
    assert "low n" in pages["profiles"]
    for name in ("Product", "Sector", "Regional office", "Manager", "Sales agent"):
        assert name in pages["wins"]
