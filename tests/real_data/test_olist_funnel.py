"""Leads of a marketplace: marketing automation, CRM and billing, won deals only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.real_data.pages import complaints

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.real_data

LEAD_TO_WON = (
    "unit = 'person' and policy = 'implied' and from_stage = 'marketing_qualified'"
    " and to_stage = 'won'"
)
COHORT_EVER = f"{LEAD_TO_WON} and method = 'cohort' and window_days is null"


def test_every_lead_is_in_and_one_in_ten_is_won(olist: Any) -> None:
    answers = olist.answers
    assert olist.row(
        "select entered, converted, undated, conversion_rate from marts.rpt_funnel_conversion"
        f" where {COHORT_EVER} and period_type = 'all' and segment = 'all'"
    ) == (
        answers["mql_distinct_ids"],
        answers["closed_distinct_mql"],
        0,
        pytest.approx(answers["overall_conversion"], abs=1e-9),
    )


@pytest.mark.parametrize(("policy", "converted"), [("implied", 842), ("any", 842), ("strict", 0)])
def test_policies(olist: Any, policy: str, converted: int) -> None:
    assert olist.row(
        "select entered, converted from marts.rpt_funnel_conversion"
        f" where {COHORT_EVER.replace('implied', policy)} and period_type = 'all'"
        " and segment = 'all'"
    ) == (8000, converted)


def test_each_origin_with_null_apart_from_unknown(olist: Any) -> None:
    found = olist.rows(
        "select coalesce(c.segment_value, '(null)'), c.entered, c.converted, c.conversion_rate,"
        " v.completed, v.mean_days, v.median_days"
        " from marts.rpt_funnel_conversion as c join marts.rpt_funnel_velocity as v"
        " on c.segment = v.segment and c.segment_value is not distinct from v.segment_value"
        " where c.segment = 'lead_source' and c.period_type = 'all' and v.period_type = 'all'"
        " and c.unit = 'person' and v.unit = 'person' and c.policy = 'implied'"
        " and v.policy = 'implied' and c.method = 'cohort' and c.window_days is null"
        " and c.from_stage = 'marketing_qualified' and v.from_stage = 'marketing_qualified'"
        " and c.to_stage = 'won' and v.to_stage = 'won'"
    )
    expected = {
        origin: (
            one["mqls"],
            one["closed"],
            pytest.approx(one["conversion"], abs=1e-6),
            one["closed"],
            pytest.approx(one["avg_days_calendar"], abs=1e-4),
            one["median_days_calendar"],
        )
        for origin, one in olist.answers["by_origin"].items()
    }
    assert len(expected) == 11
    assert {origin: tuple(figures) for origin, *figures in found} == expected


def test_wins_per_month(olist: Any) -> None:
    found = olist.rows(
        "select strftime(period_start, '%Y-%m'), won from marts.rpt_win_loss"
        " where period_type = 'month' and segment = 'all'"
    )
    assert dict(found) == olist.answers["closed_by_won_month"]


def test_win_rates_are_null_because_only_won_deals_exist(olist: Any) -> None:
    assert olist.row(
        "select won, lost, win_rate, win_rate_all, win_rate_by_value, is_won_only"
        " from marts.rpt_win_loss where period_type = 'all' and segment = 'all'"
    ) == (842, 0, None, None, None, True)


def test_the_deal_won_before_its_first_contact_is_a_finding_and_counted(olist: Any) -> None:
    (deal,) = olist.answers["negative_deals"]
    (finding,) = olist.rows(
        "select record_key, detail from quality.findings where finding = 'stage_dates_inverted'"
    )
    assert deal["mql_id"] in finding[0]
    assert "2018-03-06" in finding[1]
    assert "2018-03-08" in finding[1]
    assert olist.row(
        f"select outcome from marts.fct_passes where person_key = 'marketing/main/{deal['mql_id']}'"
    ) == ("won",)


def test_periods_before_the_deal_table_are_left_truncated(olist: Any) -> None:
    flags = dict(
        olist.rows(
            "select coalesce(strftime(period_start, '%Y-%m'), 'all'), is_left_truncated"
            f" from marts.rpt_funnel_conversion where {COHORT_EVER} and segment = 'all'"
            " and period_type in ('month', 'all')"
        )
    )
    flagged = {period for period, is_flagged in flags.items() if is_flagged}
    assert flagged == {period for period in flags if period <= "2017-12"} | {"all"}
    assert "2017-12" in flagged
    assert len(flags) > len(flagged)


def test_billing_marks_active_customers_and_leaves_the_rest_as_reference(olist: Any) -> None:
    assert olist.row(
        "select count(*), count(*) filter (where a.is_active_customer)"
        " from marts.fct_opportunities as o join marts.dim_accounts as a using (account_key)"
    ) == (842, 380)
    assert olist.row(
        "select row_count from quality.reconciliation"
        " where entity = 'accounts' and bucket = 'reference'"
    ) == (2715,)


def test_landed_rows_are_the_rows_of_the_files(olist: Any) -> None:
    found: Iterator[tuple[str, int]] = olist.rows(
        "select entity, sum(row_count) from quality.reconciliation group by entity"
    )
    counts = dict(found)
    assert counts["persons"] == 8000 + 842
    assert counts["opportunities"] == 842
    assert counts["accounts"] == 842 + 3095


def test_what_only_winners_tell_of_themselves_is_leakage(olist: Any) -> None:
    found: Iterator[tuple[Any, ...]] = olist.rows(
        "select field, bool_and(is_leakage), count(q_value) > 0, min(known_of_others)"
        " from marts.rpt_buyer_profile_lift where unit = 'person' and other_field is null"
        " group by field"
    )
    assert {row[0]: row[1:] for row in found} == {
        "person.lead_source": (False, True, pytest.approx(7112 / 7158, abs=0.001)),
        "person.persona": (True, False, 0),
        "account.industry": (True, False, 0),
        "account.account_type": (True, False, 0),
        "account.is_active_customer": (True, False, 0),
    }


def test_origins_that_sell_better_and_worse_are_told_from_chance(olist: Any) -> None:
    found: Iterator[tuple[Any, ...]] = olist.rows(
        "select value, n, successes, lift > 1, is_small_sample from marts.rpt_buyer_profile_lift"
        " where unit = 'person' and base = 'leads' and outcome = 'won' and is_significant"
        " and field = 'person.lead_source' and other_field is null"
    )
    told = {row[0]: row[1:] for row in found}
    assert {name: row[2] for name, row in told.items()} == {
        "unknown": True, "paid_search": True, "organic_search": True,
        "social": False, "email": False, "other": False,
    }  # fmt: skip
    for name, (n, won, _, _) in told.items():
        origin = olist.answers["by_origin"][name]
        assert (n, won) == (origin["mqls"], origin["closed"])


@pytest.mark.parametrize(
    ("segment", "values"),
    [("business_segment", 34), ("lead_type", 9), ("behaviour_profile", 10), ("sdr", 32)],
)
def test_deals_are_cut_by_all_that_sales_wrote_down(olist: Any, segment: str, values: int) -> None:
    assert olist.row(
        "select count(*), sum(won), count(win_rate) from marts.rpt_win_loss"
        f" where period_type = 'all' and segment = '{segment}'"
    ) == (values, 842, 0)


def test_the_report_is_readable_and_marks_what_is_not_known(olist: Any) -> None:
    assert complaints(olist.report) == []
    pages = {path.stem: path.read_text() for path in olist.report.glob("*.html")}
    assert "left-truncated" in pages["funnel"]
    assert "won only" in pages["wins"]
    assert "leakage" in pages["profiles"]
    assert all("low n" in pages[name] for name in ("funnel", "wins", "profiles"))
    for name in ("Business segment", "Lead type", "Behaviour profile", "Sales development"):
        assert name in pages["wins"]
