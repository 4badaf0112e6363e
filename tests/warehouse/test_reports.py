"""The calendar, the balance of stages, the gap between definitions and the lift of criteria.

Figures are worked out by hand beside the people that make them. Nobody of one group meets what
another group is counted by.
"""

from __future__ import annotations

import csv
from datetime import date
from itertools import pairwise
from math import exp, log, sqrt
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

AGREEMENT = """
name: reports
versions:
  - version: 1
    effective_from: 2024-01-01
    signed: &signed
      marketing: {by: Head of Marketing, date: 2023-12-14}
      sales: {by: Head of Sales, date: 2023-12-14}
    stages:
      - {key: inquiry, label: Inquiry, rank: 10, team: marketing, roles: [inquiry],
         entered_when: [{status: [inquiry]}]}
      - {key: mql, label: MQL, rank: 20, team: marketing, roles: [marketing_qualified],
         entered_when: [{status: [mql]}, {score: {at_least: 60}}]}
      - {key: sal, label: SAL, rank: 30, team: sales, roles: [accepted],
         entered_when: [{status: [sal]}]}
      - {key: won, label: Won, rank: 60, team: sales, roles: [won],
         entered_when: [{opportunity_outcome: [won]}]}
    exits:
      - {key: recycled, label: Recycled, team: sales, left_when: [{status: [recycled]}]}
      - {key: rejected, label: Rejected, team: sales, left_when: [{status: [rejected]}]}
    qualification:
      agreed:
        qualifies:
          - {field: score, at_least: 60, description: Behaves like a buyer}
          - {field: account.employees, at_least: 50}
        disqualifies: [{field: account.industry, any_of: [education]}]
        discards: [{field: person.title, any_of: [Student, Intern]}]
      marketing:
        qualifies: [{field: score, at_least: 40}]
        disqualifies: [{field: person.country, any_of: [Nowhere]}]
      sales:
        qualifies: [{field: person.persona, any_of: [it_lead]}]
    calendars:
      - key: desk
        label: Desk
        time_zone: America/New_York
        hours: {mon-fri: "09:00-12:30, 13:00-17:00"}
        holidays: {2026-11-26: Thanksgiving Day}
      - {key: always, label: Always, time_zone: America/New_York, always_open: true}
    engine: {expiry_days: null, reentry_window_days: 30}
    reporting:
      {time_zone: America/Phoenix, currency: USD, fiscal_year_start_month: 2,
       minimum_sample_size: 5}
  - version: 2
    effective_from: 2026-04-01
    note: Open on Saturdays.
    signed: *signed
    calendars:
      - key: desk
        label: Desk
        time_zone: America/New_York
        hours: {mon-fri: "09:00-12:30, 13:00-17:00", sat: "10:00-14:00"}
        holidays: {2026-11-26: Thanksgiving Day}
      - {key: always, label: Always, time_zone: America/New_York, always_open: true}
"""

MAPPING = """
name: reports
title: People to report on
as_of: 2026-04-30
source_time_zone: America/Phoenix
reporting_time_zone: America/Phoenix
agreement: agreement.yml
outcomes: won_and_lost
files:
  - {file: leads.csv, system: crm, entity: persons, load: full, exported_at: 2026-05-01, key: id,
     columns: {status: status, score: score, persona: persona, title: title, country: country,
       account_id: account, created_at: created_at, updated_at: updated_at,
       is_deleted: is_deleted}}
  - {file: prospects.csv, system: marketing, entity: persons, load: full,
     exported_at: 2026-05-01, key: id,
     columns: {status: status, linked_id: lead, linked_source: {value: crm}}}
  - {file: accounts.csv, system: crm, entity: accounts, load: full, exported_at: 2026-05-01,
     key: id, columns: {employees: employees, industry: industry}}
  - {file: changes.csv, system: crm, entity: field_changes, load: full, exported_at: 2026-05-01,
     key: id, columns: {record_entity: {value: persons}, changed_record_id: record,
       field: field, old_value: old, new_value: new, changed_at: at}}
  - {file: responses.csv, system: marketing, entity: field_changes, load: full,
     exported_at: 2026-05-01, key: id, columns: {record_entity: {value: persons},
       changed_record_id: record, field: field, old_value: old, new_value: new, changed_at: at}}
  - {file: deals.csv, system: crm, entity: opportunities, load: full, exported_at: 2026-05-01,
     key: id, columns: {person_id: lead, is_closed: {value: "true"}, is_won: {value: "true"},
       created_at: created_at, closed_at: closed_at}}
"""

COLUMNS = {
    "leads": "id status score persona title country account created_at updated_at is_deleted",
    "prospects": "id status lead",
    "accounts": "id employees industry",
    "changes": "id record field old new at",
    "responses": "id record field old new at",
    "deals": "id lead created_at closed_at",
}


class Exports:
    """Collects rows of the made-up systems; what a row does not name is empty."""

    def __init__(self) -> None:
        self.rows: dict[str, list[dict[str, str]]] = {name: [] for name in COLUMNS}

    def add(self, file: str, **values: str) -> None:
        values.setdefault("id", f"{file}-{len(self.rows[file]) + 1}")
        self.rows[file].append(values)

    def lead(self, key: str, *changes: tuple[str, str, str, str], **values: str) -> None:
        """Add a lead and the changes (field, old, new, at) of its status and score."""
        for field, old, new, at in changes:
            self.add("changes", record=key, field=field, old=old, new=new, at=at)
            values[field] = new
        self.add("leads", id=key, **values)

    def win(self, lead: str, closed_at: str) -> None:
        self.add("deals", lead=lead, closed_at=closed_at)

    def write(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        (folder / "agreement.yml").write_text(AGREEMENT)
        (folder / "mapping.yml").write_text(MAPPING)
        for name, columns in COLUMNS.items():
            with (folder / f"{name}.csv").open("w", newline="") as file:
                writer = csv.DictWriter(file, columns.split())
                writer.writeheader()
                writer.writerows(self.rows[name])


def standing(e: Exports) -> None:
    """G40: 40 in January, then 10 in and 7 out on 2 February; one of them comes back."""
    ways_out = ["sal"] * 3 + ["recycled"] * 2 + ["rejected"] * 2
    for n in range(50):
        day = "2026-01-20" if n < 40 else "2026-02-02"
        changes = [("status", "open", "mql", f"{day} 09:00:00")]
        if n < 7:
            changes.append(("status", "mql", ways_out[n], "2026-02-02 11:00:00"))
        if n == 3:
            changes.append(("status", "recycled", "mql", "2026-02-10 09:00:00"))
        e.lead(f"G40-{n}", *changes)
    # Gone as quickly as they came.
    e.lead(
        "passing", ("status", "open", "inquiry", "2026-02-06 09:00:00"),
        ("status", "inquiry", "sal", "2026-02-06 10:00:00"),
    )  # fmt: skip
    e.lead("undated", status="sal")
    e.lead("moved-on", status="sal")
    e.add("prospects", id="moved-on-twin", lead="moved-on", status="mql")
    e.add(
        "responses", record="moved-on-twin", field="status", old="open", new="mql",
        at="2026-02-05 09:00:00",
    )  # fmt: skip
    e.lead("G41", status="open")
    e.win("G41", "2023-04-01T01:09:44Z")


def defined(e: Exports) -> None:
    e.add("accounts", id="A100", employees="100", industry="software")
    e.add("accounts", id="A10", employees="10", industry="software")
    e.add("accounts", id="edu", employees="200", industry="education")
    e.lead(
        "all-three", ("score", "0", "45", "2026-02-20 09:00:00"),
        ("score", "45", "65", "2026-03-05 09:00:00"),
        ("status", "open", "sal", "2026-03-06 09:00:00"),
        account="A100", persona="it_lead", created_at="2026-01-15 09:00:00",
    )  # fmt: skip
    e.win("all-three", "2026-03-20 09:00:00")
    e.lead(
        "small", ("score", "0", "70", "2026-03-05 09:00:00"),
        ("status", "open", "sal", "2026-03-07 09:00:00"),
        ("status", "sal", "rejected", "2026-03-09 09:00:00"),
        account="A10", persona="other", created_at="2026-03-01 09:00:00",
    )  # fmt: skip
    e.lead(
        "teacher", ("score", "0", "80", "2026-03-12 09:00:00"),
        account="edu", persona="it_lead", created_at="2026-03-01 09:00:00",
    )  # fmt: skip
    e.lead(
        "student", ("score", "0", "61", "2026-03-13 09:00:00"),
        account="A100", persona="other", title="Student", created_at="2026-03-01 09:00:00",
    )  # fmt: skip
    e.lead("quiet", account="A100", persona="it_lead", created_at="2026-03-15 09:00:00")
    e.lead(
        "accepted-before", ("status", "open", "sal", "2026-02-25 09:00:00"),
        ("score", "0", "60", "2026-03-14 09:00:00"),
        account="A100", persona="other", created_at="2026-02-20 09:00:00",
    )  # fmt: skip
    e.lead(
        "won-before", ("score", "0", "60", "2026-03-16 09:00:00"),
        account="A100", persona="other", created_at="2025-12-01 09:00:00",
    )  # fmt: skip
    e.win("won-before", "2025-12-20 09:00:00")
    e.lead(
        "gone", ("status", "open", "inquiry", "2026-03-20 09:00:00"), persona="it_lead",
        created_at="2026-03-19 09:00:00", updated_at="2026-03-25 10:00:00", is_deleted="yes",
    )  # fmt: skip
    e.lead("nobody-knows-when", score="90", account="A100", created_at="2026-03-01 09:00:00")


def told(e: Exports) -> None:
    """September 2025, won of all: 4 of 8 from Nowhere, 1 of 10 from elsewhere, 1 of 2 unknown."""
    for country, leads, won in (("Nowhere", 8, 4), ("Here", 10, 1), ("", 2, 1)):
        for n in range(leads):
            key = f"told-{country}-{n}"
            e.lead(key, ("status", "open", "inquiry", "2025-09-10 09:00:00"), country=country)
            if n < won:
                e.win(key, "2025-09-20 09:00:00")
    # August: qualified after the one win and before the other.
    e.lead("too-late", ("status", "open", "mql", "2025-08-20 09:00:00"))
    e.win("too-late", "2025-08-10 09:00:00")
    e.lead("in-time", ("status", "open", "mql", "2025-08-05 09:00:00"))
    e.win("in-time", "2025-08-15 09:00:00")


@pytest.fixture(scope="module")
def warehouse(
    tmp_path_factory: pytest.TempPathFactory, land_and_build: Callable[..., Path]
) -> Iterator[duckdb.DuckDBPyConnection]:
    exports = Exports()
    for group in (standing, defined, told):
        group(exports)
    folder = tmp_path_factory.mktemp("reports") / "exports"
    exports.write(folder)
    path = land_and_build(folder, tmp_path_factory.mktemp("workspace"))
    with duckdb.connect(str(path), read_only=True) as connection:
        yield connection


def rows(connection: duckdb.DuckDBPyConnection, sql: str, *values: Any) -> list[tuple[Any, ...]]:
    return connection.execute(sql, values).fetchall()


def balance(connection: duckdb.DuckDBPyConnection, stage: str, day: str) -> tuple[Any, ...]:
    return rows(
        connection,
        "select opening, moved_in, moved_out, closing from marts.rpt_stage_balance"
        " where stage = ? and balance_date = cast(? as date)",
        stage,
        day,
    )[0]


@pytest.mark.parametrize(
    ("day", "quarter", "year", "start"),
    [
        ("2026-01-31", "FY26 Q4", "FY26", date(2025, 11, 1)),
        ("2026-02-01", "FY27 Q1", "FY27", date(2026, 2, 1)),
        ("2026-12-31", "FY27 Q4", "FY27", date(2026, 11, 1)),
    ],
)
def test_g43_a_fiscal_year_is_named_by_its_end(
    warehouse: duckdb.DuckDBPyConnection, day: str, quarter: str, year: str, start: date
) -> None:
    assert rows(
        warehouse,
        "select fiscal_quarter_label, fiscal_year_label, fiscal_quarter_start"
        " from marts.dim_dates where calendar_date = cast(? as date)",
        day,
    ) == [(quarter, year, start)]


def test_the_calendar_has_every_day_of_whole_fiscal_years(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    # From the win of March 2023 to the year after that of April 2026.
    first, last = date(2023, 2, 1), date(2028, 1, 31)
    assert rows(
        warehouse,
        "select min(calendar_date), max(calendar_date), count(*), count(distinct calendar_date)"
        " from marts.dim_dates",
    ) == [(first, last, (last - first).days + 1, (last - first).days + 1)]


def test_a_day_knows_its_weekday_and_its_periods(warehouse: duckdb.DuckDBPyConnection) -> None:
    for day, weekday, name, week, fiscal_month in rows(
        warehouse,
        "select calendar_date, weekday, weekday_name, week_start, fiscal_month"
        " from marts.dim_dates",
    ):
        assert (weekday, name) == (day.isoweekday(), day.strftime("%A"))
        assert date.fromisocalendar(*day.isocalendar()[:2], 1) == week
        assert fiscal_month == (day.month - 2) % 12 + 1


@pytest.mark.parametrize(
    ("calendar", "day", "expected"),
    [
        ("desk", "2026-03-06", (True, None, 450)),
        ("desk", "2026-03-28", (False, None, 0)),  # a Saturday under version 1
        ("desk", "2026-04-04", (True, None, 240)),  # and under version 2
        ("desk", "2026-11-26", (False, "Thanksgiving Day", 0)),
        ("always", "2026-11-26", (True, None, 1440)),
        ("always", "2026-03-08", (True, None, 1380)),  # the clocks go forward in New York
        ("always", "2025-11-02", (True, None, 1500)),
    ],
)
def test_business_days_follow_the_calendar_of_the_version_of_the_day(
    warehouse: duckdb.DuckDBPyConnection, calendar: str, day: str, expected: tuple[Any, ...]
) -> None:
    assert rows(
        warehouse,
        "select is_business_day, holiday, business_minutes from marts.dim_business_days"
        " where calendar = ? and calendar_date = cast(? as date)",
        calendar,
        day,
    ) == [expected]


def test_business_days_are_counted_within_month_and_fiscal_quarter(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    # November 2026, a fiscal quarter's first month: 21 weekdays less the holiday, 4 Saturdays.
    assert rows(
        warehouse,
        "select business_days_so_far_in_month, business_days_in_month,"
        " business_days_so_far_in_fiscal_quarter from marts.dim_business_days"
        " where calendar = 'desk' and calendar_date in (date '2026-11-03', date '2026-11-30')"
        " order by calendar_date",
    ) == [(2, 24, 2), (24, 24, 24)]


def test_g40_opening_and_in_less_out_is_closing(warehouse: duckdb.DuckDBPyConnection) -> None:
    assert balance(warehouse, "mql", "2026-02-02") == (40, 10, 7, 43)
    assert balance(warehouse, "sal", "2026-02-02") == (0, 3, 0, 3)


def test_g40_every_day_opens_as_the_day_before_closed(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    days = rows(
        warehouse,
        "select stage, balance_date, opening, moved_in, moved_out, closing"
        " from marts.rpt_stage_balance order by stage, balance_date",
    )
    assert len(days) == 4 * ((date(2026, 4, 30) - date(2023, 3, 31)).days + 1)
    assert all(opening + came - left == closing for *_, opening, came, left, closing in days)
    for before, after in pairwise(days):
        if before[0] == after[0]:
            assert (after[1] - before[1]).days == 1
            assert after[2] == before[5]


def test_who_comes_back_comes_in_again(warehouse: duckdb.DuckDBPyConnection) -> None:
    assert balance(warehouse, "mql", "2026-02-10")[1:3] == (1, 0)


def test_who_passes_through_on_one_day_came_and_left(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    assert balance(warehouse, "inquiry", "2026-02-06")[1:3] == (1, 1)


def test_an_entry_to_a_lower_stage_moves_nobody(warehouse: duckdb.DuckDBPyConnection) -> None:
    # `accepted-before` enters MQL for the first time on the 14th, long after SAL.
    assert balance(warehouse, "mql", "2026-03-14")[1:3] == (0, 0)
    assert balance(warehouse, "sal", "2026-03-14")[1:3] == (0, 0)


def test_undated_states_stand_beside_the_balance(warehouse: duckdb.DuckDBPyConnection) -> None:
    # `undated` and `moved-on` are SAL nobody knows since when; `nobody-knows-when` is MQL so.
    assert rows(
        warehouse,
        "select stage, closing, undated, undated_out from marts.rpt_stage_balance"
        " where balance_date = date '2026-04-30' and stage in ('mql', 'sal') order by stage",
    ) == [("mql", 43 + 1 + 1 + 2, 1, 1), ("sal", 3 + 1 + 1, 2, 0)]
    assert rows(
        warehouse,
        "select current_stage, count(*) from marts.fct_passes"
        " where outcome in ('open', 'won') and current_stage in ('mql', 'sal')"
        " group by all order by all",
    ) == [("mql", 47 + 1 - 1), ("sal", 5 + 2)]


def test_g41_the_day_is_that_of_the_reporting_zone(warehouse: duckdb.DuckDBPyConnection) -> None:
    assert balance(warehouse, "won", "2023-03-31") == (0, 1, 0, 1)
    assert balance(warehouse, "won", "2023-04-01") == (1, 0, 0, 1)


GAP = (
    "select {columns} from marts.rpt_definition_gap where definition = ? and period_type = ?"
    " and period_start is not distinct from cast(? as date)"
)


@pytest.mark.parametrize(
    ("definition", "expected"),
    [
        # all-three, accepted-before, won-before, nobody-knows-when
        ("agreed", {"qualified": 4, "undated": 1, "also_agreed": 4, "also_marketing": 4,
                    "also_sales": 1, "only_here": 0, "accepted": 1, "won": 1, "open": 2,
                    "won_before": 1, "ruled_out_disqualified": 1, "ruled_out_discarded": 1}),
        # the same, and small, teacher, student
        ("marketing", {"qualified": 7, "undated": 1, "also_agreed": 4, "also_marketing": 7,
                       "also_sales": 2, "only_here": 2, "accepted": 2, "won": 1, "rejected": 1,
                       "open": 4, "won_before": 1}),
        # all-three, teacher, quiet, gone
        ("sales", {"qualified": 4, "also_agreed": 1, "also_marketing": 2, "also_sales": 4,
                   "only_here": 2, "accepted": 1, "won": 1, "deleted": 1, "open": 1,
                   "no_pass": 1}),
    ],
)  # fmt: skip
def test_definitions_are_counted_with_what_became_of_their_people(
    warehouse: duckdb.DuckDBPyConnection, definition: str, expected: dict[str, int]
) -> None:
    counted = [
        "qualified", "undated", "also_agreed", "also_marketing", "also_sales", "only_here",
        "accepted", "won", "rejected", "recycled", "disqualified", "lost", "churned", "expired",
        "deleted", "open", "won_before", "no_pass", "ruled_out_disqualified", "ruled_out_discarded",
    ]  # fmt: skip
    (found,) = rows(warehouse, GAP.format(columns=", ".join(counted)), definition, "all", None)
    assert {name: n for name, n in zip(counted, found, strict=True) if n} == {
        name: n for name, n in expected.items() if n
    }


def test_a_role_that_no_stage_has_is_unknown(warehouse: duckdb.DuckDBPyConnection) -> None:
    assert rows(
        warehouse,
        GAP.format(columns="reached_opportunity, opportunity_rate, acceptance_rate, won_rate,"
                   " is_small_sample"),
        "agreed", "all", None,
    ) == [(None, None, 0.25, 0.25, True)]  # fmt: skip


@pytest.mark.parametrize(
    ("definition", "period_type", "period_start", "qualified"),
    [
        ("sales", "month", "2026-01-01", 1),  # all-three, from creation on
        ("marketing", "month", "2026-02-01", 1),  # all-three, at 45
        ("agreed", "month", "2026-03-01", 3),  # all-three, at 65
        ("marketing", "quarter", "2026-02-01", 6),  # February to April
        ("sales", "quarter", "2025-11-01", 1),  # November to January
    ],
)
def test_a_person_qualifies_when_the_last_rule_holds(
    warehouse: duckdb.DuckDBPyConnection,
    definition: str,
    period_type: str,
    period_start: str,
    qualified: int,
) -> None:
    query = GAP.format(columns="qualified")
    assert rows(warehouse, query, definition, period_type, period_start) == [(qualified,)]


LIFT = (
    "select {columns} from marts.rpt_criteria_lift where definition = ? and criterion = ?"
    " and outcome = ? and period_type = 'month' and period_start = cast(? as date)"
)
COUNTS = "n_true, good_true, n_false, good_false, n_unknown"


def test_lift_is_the_rate_of_the_true_ones_over_the_rate_of_all_known(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    asked = ("marketing", "person.country = Nowhere", "won", "2025-09-01")
    assert rows(warehouse, LIFT.format(columns=f"kind, {COUNTS}"), *asked) == [
        ("disqualifies", 8, 4, 10, 1, 2)
    ]
    (found,) = rows(
        warehouse,
        LIFT.format(columns="rate_true, rate_false, rate_overall, lift, is_small_sample"),
        *asked,
    )
    assert found[:4] == pytest.approx((0.5, 0.1, 5 / 18, 1.8))
    assert found[4] is False


def test_intervals_are_wilsons_and_katz(warehouse: duckdb.DuckDBPyConnection) -> None:
    z = NormalDist().inv_cdf(0.975)

    def is_bound(p: float, good: int, n: int) -> bool:
        """Where the score test of p just rejects what was seen."""
        return abs(abs(good / n - p) - z * sqrt(p * (1 - p) / n)) < 1e-9

    (found,) = rows(
        warehouse,
        LIFT.format(columns="rate_true_lower, rate_true_upper, rate_false_lower, rate_false_upper,"
                    " lift_lower, lift_upper"),
        "marketing", "person.country = Nowhere", "won", "2025-09-01",
    )  # fmt: skip
    true_lower, true_upper, false_lower, false_upper, lower, upper = found
    assert true_lower < 0.5 < true_upper
    assert false_lower < 0.1 < false_upper
    assert all(is_bound(p, 4, 8) for p in (true_lower, true_upper))
    assert all(is_bound(p, 1, 10) for p in (false_lower, false_upper))
    spread = z * sqrt(1 / 4 - 1 / 8 + 1 / 1 - 1 / 10)
    ratios = [exp(log(0.5 / 0.1) + sign * spread) for sign in (-1, 1)]
    # 8 of the 18 are true: overall = 8/18 of the one rate and 10/18 of the other.
    expected = [ratio / (8 / 18 * ratio + 10 / 18) for ratio in ratios]
    assert [lower, upper] == pytest.approx(expected)


def test_what_was_met_after_the_outcome_did_not_foretell_it(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    asked = ("stage:mql", "status = mql", "won", "2025-08-01")
    assert rows(warehouse, LIFT.format(columns=COUNTS), *asked) == [(1, 1, 1, 1, 0)]


def test_a_rate_of_none_or_all_has_a_bound_and_no_ratio(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    # September: nobody has a score.
    asked = ("marketing", "score >= 40", "won", "2025-09-01")
    assert rows(
        warehouse,
        LIFT.format(columns=f"{COUNTS}, rate_true, rate_true_upper, lift, lift_upper"),
        *asked,
    ) == [(0, 0, 20, 6, 0, None, None, None, None)]
    # August: everybody is won.
    asked = ("stage:mql", "status = mql", "won", "2025-08-01")
    assert rows(
        warehouse,
        LIFT.format(columns="rate_true_upper, rate_true, lift, lift_lower, lift_upper"),
        *asked,
    ) == [(1.0, 1.0, 1.0, 1.0, 1.0)]


def test_every_criterion_is_in_the_report_in_words(warehouse: duckdb.DuckDBPyConnection) -> None:
    assert rows(
        warehouse,
        "select distinct definition, kind, rule_number, criterion, description"
        " from marts.rpt_criteria_lift order by 1, 2, 3",
    ) == [
        ("agreed", "discards", 1, "person.title = Intern or Student", None),
        ("agreed", "disqualifies", 1, "account.industry = education", None),
        ("agreed", "qualifies", 1, "score >= 60", "Behaves like a buyer"),
        ("agreed", "qualifies", 2, "account.employees >= 50", None),
        ("marketing", "disqualifies", 1, "person.country = Nowhere", None),
        ("marketing", "qualifies", 1, "score >= 40", None),
        ("sales", "qualifies", 1, "person.persona = it_lead", None),
        ("stage:mql", "enters", 1, "status = mql", None),
        ("stage:mql", "enters", 2, "score >= 60", None),
    ]
