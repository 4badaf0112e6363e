"""Buyer profiles: who is in them, who became a good customer, and what tells one from another."""

from __future__ import annotations

import csv
from datetime import date
from math import erfc, sqrt
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

AGREEMENT = """
name: buyers
versions:
  - version: 1
    effective_from: 2024-01-01
    signed:
      marketing: {by: Head of Marketing, date: 2023-12-14}
      sales: {by: Head of Sales, date: 2023-12-14}
    stages:
      - {key: mql, label: MQL, rank: 20, team: marketing, roles: [marketing_qualified],
         entered_when: [{status: [mql]}]}
      - {key: won, label: Won, rank: 60, team: sales, roles: [won],
         entered_when: [{opportunity_outcome: [won]}]}
    exits:
      - {key: lost, label: Lost, team: sales, left_when: [{opportunity_outcome: [lost]}]}
      - {key: churned, label: Churned, team: sales, left_when: [{renewal_outcome: [lost]}]}
    buyer_profiles:
      marketing:
        label: Anybody large
        traits: [{field: account.employees, at_least: 100}]
      sales:
        label: Those we know
        traits: [{field: account.industry, any_of: [food]}]
      agreed:
        label: Large, or in tools
        fits_from: 0.6
        traits:
          - {field: account.employees, at_least: 50, at_most: 499, weight: 3}
          - {field: account.industry, any_of: [tools, mines], weight: 1}
          - {field: person.persona, any_of: [buyer], weight: 1}
      good_customer:
        - {field: retained_months, at_least: 12}
        - {field: won_value, at_least: 1000}
        - {field: margin, at_least: 0.3}
      bad_customer:
        - {field: retained_months, at_most: 6}
        - {field: margin, at_most: 0.1}
    engine: {expiry_days: null}
    reporting:
      {time_zone: America/New_York, currency: USD, minimum_sample_size: 20,
       conversion_windows: [30, 90]}
"""

MAPPING = """
name: buyers
title: Who buys
as_of: 2026-04-30
source_time_zone: America/New_York
reporting_time_zone: America/New_York
agreement: agreement.yml
outcomes: won_and_lost
files:
  - {file: leads.csv, system: crm, entity: persons, load: full, exported_at: 2026-05-01, key: id,
     columns: {status: {value: mql}, status_at: at, created_at: at, persona: persona,
       country: country, account_id: account, industry: industry, employees: employees}}
  - {file: accounts.csv, system: crm, entity: accounts, load: full, exported_at: 2026-05-01,
     key: id, columns: {industry: industry, employees: employees, account_type: kind,
       margin: margin, customer_until: until}}
  - {file: changes.csv, system: crm, entity: field_changes, load: full, exported_at: 2026-05-01,
     key: id, columns: {record_entity: entity, changed_record_id: record, field: field,
       old_value: old, new_value: new, changed_at: at}}
  - {file: deals.csv, system: crm, entity: opportunities, load: full, exported_at: 2026-05-01,
     key: id, columns: {person_id: lead, account_id: account, stage: stage, amount: amount,
       opportunity_type: {column: kind, map: {new: new_business, renewal: renewal}},
       is_closed: {column: stage, map: {won: "true", lost: "true", open: "false"}},
       is_won: {column: stage, map: {won: "true", lost: "false", open: "false"}},
       created_at: created_at, closed_at: closed_at}}
"""

HEADERS = {
    "leads": "id account persona country industry employees at",
    "accounts": "id industry employees kind margin until",
    "changes": "id entity record field old new at",
    "deals": "id lead account kind stage amount created_at closed_at",
}
# Companies that came together: how many, of what, how many of them buy and with which margin.
GROUPS = (
    ("tools", 60, 200, 30, "0.5"),
    ("food", 80, 60, 10, "0.5"),
    ("mines", 40, 600, 4, "0.05"),
)
COUNTRIES = ("AT", "BE")


class Market:
    """Collects leads, accounts and deals; what a row does not name is empty."""

    def __init__(self) -> None:
        self.rows: dict[str, list[dict[str, str]]] = {name: [] for name in HEADERS}

    def account(self, key: str, **values: str) -> None:
        self.rows["accounts"].append({"id": key, **values})

    def lead(
        self, key: str, account: str = "", at: str = "2024-06-03 09:00:00", **more: str
    ) -> None:
        self.rows["leads"].append({"id": key, "account": account, "at": at, **more})

    def change(self, record: str, at: str, **values: str) -> None:
        key = f"change-{len(self.rows['changes'])}"
        self.rows["changes"].append({"id": key, "record": record, "at": at, **values})

    def deal(self, lead: str, account: str, stage: str, closed_at: str, **values: str) -> None:
        key = f"{lead}-deal-{len(self.rows['deals'])}"
        row = {"kind": "new", "amount": "2000", "created_at": "2024-06-04 09:00:00"}
        self.rows["deals"].append(
            {"id": key, "lead": lead, "account": account, "stage": stage, "closed_at": closed_at}
            | row
            | values
        )

    def write(self, folder: Path, agreement: str = AGREEMENT) -> None:
        (folder / "agreement.yml").write_text(agreement)
        (folder / "mapping.yml").write_text(MAPPING)
        for name, header in HEADERS.items():
            with (folder / f"{name}.csv").open("w", newline="") as file:
                writer = csv.DictWriter(file, header.split())
                writer.writeheader()
                writer.writerows(self.rows[name])


def crowd(market: Market) -> None:
    for industry, count, employees, bought, margin in GROUPS:
        for number in range(count):
            key = f"{industry}-{number}"
            wins = number < bought
            # What kind of company it is, is written down of those that buy.
            market.account(
                key, industry=industry, employees=str(employees), kind="direct" if wins else "",
                margin=margin if wins else "",
            )  # fmt: skip
            market.lead(key, key, persona="user", country=COUNTRIES[number % 2])
            closed = "2024-07-01" if wins else "2024-08-01"
            market.deal(key, key, "won" if wins else "lost", closed)


def customers(market: Market) -> None:
    """One customer a case; none of their industries is looked at elsewhere."""
    for key, won, values in (
        ("a-year-to-the-day", "2025-04-30", {"margin": "0.3"}),
        ("a-day-less", "2025-05-01", {"margin": "0.3"}),
        ("left-early", "2024-07-01", {"margin": "0.3", "until": "2025-01-31"}),
        ("left-a-day-later", "2024-07-01", {"margin": "0.3", "until": "2025-02-01"}),
        ("margin-in-percent", "2024-07-01", {"margin": "30"}),
        ("poor", "2024-07-01", {"margin": "0.1"}),
        ("good-so-far", "2026-04-01", {"margin": "0.9"}),
        ("small", "2024-07-01", {"margin": "0.9"}),
        ("small-at-first", "2024-07-01", {"margin": "0.9"}),
        ("did-not-renew", "2024-07-01", {"margin": "0.9"}),
    ):
        market.account(key, **values)
        market.lead(key, key)
        amount = "999" if key.startswith("small") else "1000"
        market.deal(key, key, "won", won, amount=amount)
    market.deal("small-at-first", "small-at-first", "won", "2025-07-01", kind="renewal", amount="1",
                created_at="2025-06-01 09:00:00")  # fmt: skip
    market.deal("did-not-renew", "did-not-renew", "lost", "2025-06-30", kind="renewal",
                created_at="2025-06-01 09:00:00")  # fmt: skip


def buyers(market: Market) -> None:
    """One person a case of the agreed profile: at 0.6 of the weight, 5 in all."""
    market.account("edge", industry="tools", employees="499")
    market.account("beyond", industry="tools", employees="500")
    market.account("unsized", industry="tools")
    market.account("nobody", industry="tools", employees="50")
    for key, account, persona in (
        ("all", "edge", "buyer"), ("enough", "edge", "user"), ("too-large", "beyond", "buyer"),
        ("perhaps", "unsized", ""), ("never", "beyond", ""), ("unknown", "", "buyer"),
    ):  # fmt: skip
        # Too young to be in any lift.
        market.lead(f"fit-{key}", account, persona=persona, at="2026-04-01 09:00:00")
    # What they told of their company, until there is an account of it that says so.
    for key, account in (("told", ""), ("told-wrong", "beyond"), ("told-more", "unsized")):
        market.lead(f"fit-{key}", account, persona="user", at="2026-04-01 09:00:00",
                    industry="food", employees="200")  # fmt: skip


def changes(market: Market) -> None:
    """A company that grows and people whose persona is told, on 10 April 2026 at noon."""
    noon = "2026-04-10 12:00:00"
    market.account("grown", industry="tools", employees="123")
    market.account("small", industry="tools", employees="20")
    for key, account, at in (
        ("before", "grown", "2026-04-10 11:59:59"), ("after", "grown", noon),
        ("undated", "grown", ""), ("was-buyer", "small", "2026-04-10 09:00:00"),
        ("was-nobody", "small", "2026-04-10 09:00:00"),
    ):  # fmt: skip
        market.lead(key, account, persona="user", at=at)
    market.change("grown", noon, entity="accounts", field="employees", old="20", new="123")
    for person, old in (("was-buyer", "buyer"), ("was-nobody", "")):
        market.change(person, noon, entity="persons", field="persona", old=old, new="user")


@pytest.fixture(scope="module")
def warehouse(
    tmp_path_factory: pytest.TempPathFactory, land_and_build: Callable[..., Path]
) -> Path:
    folder = tmp_path_factory.mktemp("buyers")
    market = Market()
    crowd(market)
    customers(market)
    buyers(market)
    market.write(folder)
    workspace = tmp_path_factory.mktemp("workspace")
    marts = ("rpt_buyer_profile_lift", "rpt_buyer_profile_overlap", "rpt_customers", "dim_persons")
    models = [f"+{mart}" for mart in (*marts, "dim_accounts")]
    land_and_build(folder, workspace, arguments=["--select", *models])
    return workspace / "warehouse.duckdb"


def rows(warehouse: Path, query: str, *values: object) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        return connection.execute(query, values).fetchall()


def test_a_person_is_in_the_profile_by_weight_out_of_it_or_unknown(warehouse: Path) -> None:
    found = rows(
        warehouse,
        "select split_part(person_key, '/', 3), agreed_profile, round(agreed_fit, 3), sales_profile"
        " from marts.dim_persons where person_key like '%/fit-%' order by 1",
    )
    assert found == [
        ("fit-all", "in", 1.0, "out"),
        ("fit-enough", "in", 0.8, "out"),
        ("fit-never", "out", 0.2, "out"),
        ("fit-perhaps", "unknown", 0.2, "out"),
        ("fit-told", "in", 0.6, "in"),
        ("fit-told-more", "in", 0.8, "out"),
        ("fit-told-wrong", "out", 0.2, "out"),
        ("fit-too-large", "out", 0.4, "out"),
        ("fit-unknown", "unknown", 0.2, "unknown"),
    ]


def test_an_account_is_as_good_as_the_best_of_its_people(warehouse: Path) -> None:
    found = rows(
        warehouse,
        "select split_part(account_key, '/', 3), agreed_profile, round(agreed_fit, 3)"
        " from marts.dim_accounts"
        " where account_key in ('crm/main/edge', 'crm/main/beyond', 'crm/main/nobody') order by 1",
    )
    # Nobody is known at the last one: its size alone is enough.
    assert found == [("beyond", "out", 0.4), ("edge", "in", 1.0), ("nobody", "in", 0.8)]


def test_a_pass_is_scored_by_what_was_so_when_it_began(
    tmp_path: Path, land_and_build: Callable[..., Path]
) -> None:
    market = Market()
    changes(market)
    known = "{field: account.industry, any_of: [food]}"
    assert known in AGREEMENT
    market.write(tmp_path, AGREEMENT.replace(known, "{field: person.persona, any_of: [buyer]}", 1))
    land_and_build(
        tmp_path, tmp_path / "workspace", arguments=["--select", "+fct_passes", "+dim_persons"]
    )
    query = (
        "select split_part(person_key, '/', 3), marketing_profile, sales_profile, agreed_profile"
        " from marts.{} order by 1"
    )
    warehouse = tmp_path / "workspace" / "warehouse.duckdb"
    assert rows(warehouse, query.format("fct_passes")) == [
        ("after", "in", "out", "in"),
        ("before", "out", "out", "out"),
        # Nobody knows when it began: as of the first that is known.
        ("undated", "out", "out", "out"),
        ("was-buyer", "out", "in", "out"),
        ("was-nobody", "out", "unknown", "out"),
    ]
    assert rows(warehouse, query.format("dim_persons")) == [
        ("after", "in", "out", "in"), ("before", "in", "out", "in"), ("undated", "in", "out", "in"),
        ("was-buyer", "out", "out", "out"), ("was-nobody", "out", "out", "out"),
    ]  # fmt: skip


def test_cells_of_the_overlap_are_there_with_nobody_in_them(warehouse: Path) -> None:
    cells = rows(
        warehouse,
        "select marketing_profile, sales_profile, agreed_profile, people, accounts, passes, won,"
        " lost, round(win_rate, 3), customers, good_customers, bad_customers"
        " from marts.rpt_buyer_profile_overlap where 'unknown' not in"
        " (marketing_profile, sales_profile, agreed_profile) order by 1, 2, 3",
    )
    tools, food, mines = (group[1] for group in GROUPS)
    assert cells == [
        ("in", "in", "in", 1, 0, 1, 0, 0, None, 0, 0, 0),
        ("in", "in", "out", 0, 0, 0, 0, 0, None, 0, 0, 0),
        # Tools, and `edge` with two people and `unsized` with one, whose passes are open.
        ("in", "out", "in", tools + 3, tools + 2, tools + 3, 30, 30, 0.5, 30, 30, 0),
        # Mines, and `beyond` with three.
        ("in", "out", "out", mines + 3, mines + 1, mines + 3, 4, 36, 0.1, 4, 0, 4),
        ("out", "in", "in", food, food, food, 10, 70, 0.125, 10, 10, 0),
        ("out", "in", "out", 0, 0, 0, 0, 0, None, 0, 0, 0),
        ("out", "out", "in", 0, 1, 0, 0, 0, None, 0, 0, 0),
        ("out", "out", "out", 0, 0, 0, 0, 0, None, 0, 0, 0),
    ]


def test_people_accounts_and_passes_of_all_cells_are_all_there_are(warehouse: Path) -> None:
    (sums,) = rows(
        warehouse,
        "select sum(people), sum(accounts), sum(passes), sum(customers), sum(won_value)"
        " from marts.rpt_buyer_profile_overlap",
    )
    (there,) = rows(
        warehouse,
        "select (select count(*) from marts.dim_persons where not is_placeholder),"
        " (select count(*) from marts.dim_accounts),"
        " (select count(*) from intermediate.int_passes), count(*), sum(won_value)"
        " from marts.rpt_customers",
    )
    assert sums == there


def test_a_customer_is_graded_by_the_rules_that_can_be_judged(warehouse: Path) -> None:
    found = rows(
        warehouse,
        "select split_part(customer_key, '/', 3), retained_months, is_good, is_bad, grade"
        " from marts.rpt_customers where account_industry is null order by 1",
    )
    assert found == [
        ("a-day-less", 11, None, False, "too_early"),
        ("a-year-to-the-day", 12, True, False, "good"),
        # A renewal was lost a day before the year was over.
        ("did-not-renew", 11, False, False, "neither"),
        # Worth it, and still it may leave within half a year.
        ("good-so-far", 0, None, None, "too_early"),
        ("left-a-day-later", 7, False, False, "neither"),
        ("left-early", 6, False, True, "bad"),
        # 30 is no margin: nobody knows it.
        ("margin-in-percent", 21, None, None, "too_early"),
        ("poor", 21, False, True, "bad"),
        ("small", 21, False, False, "neither"),
        # What a renewal brings is won too.
        ("small-at-first", 21, True, False, "good"),
    ]


def test_customers_are_ranked_from_both_ends(warehouse: Path) -> None:
    ranked = rows(
        warehouse,
        "select grade, best_rank, worst_rank from marts.rpt_customers order by best_rank",
    )
    judged = [row for row in ranked if row[0] != "too_early"]
    assert [row[1] for row in judged] == list(range(1, len(judged) + 1))
    assert sorted(row[2] for row in judged) == list(range(1, len(judged) + 1))
    assert [row[0] for row in judged] == sorted(
        (row[0] for row in judged), key=("good", "neither", "bad").index
    )
    assert {row[1:] for row in ranked if row[0] == "too_early"} == {(None, None)}


def lifts(warehouse: Path, **where: str) -> dict[tuple[str, str], tuple[Any, ...]]:
    columns = "n, successes, base_n, rate_lower, rate_upper, lift, p_value, q_value, is_significant"
    found = rows(
        warehouse,
        f"select field, value, {columns} from marts.rpt_buyer_profile_lift"
        f" where other_field is null and {' and '.join(f'{name} = ?' for name in where)}",
        *where.values(),
    )
    return {row[:2]: row[2:] for row in found}


def wilson(successes: int, n: int, sign: int) -> float:
    z, p = 1.959963984540054, successes / n
    middle = p + z * z / (2 * n)
    return (middle + sign * z * sqrt(p * (1 - p) / n + z * z / (4 * n * n))) / (1 + z * z / n)


def two_sided(a: int, n_a: int, b: int, n_b: int) -> float:
    pooled = (a + b) / (n_a + n_b)
    gap = max(0.0, abs(a / n_a - b / n_b) - (1 / n_a + 1 / n_b) / 2)
    return erfc(gap / sqrt(pooled * (1 - pooled) * (1 / n_a + 1 / n_b)) / sqrt(2))


def test_lift_interval_and_chance_of_a_trait_are_those_of_the_counts(warehouse: Path) -> None:
    found = lifts(warehouse, unit="account", base="leads", outcome="good")
    everybody = sum(count for _, count, *_ in GROUPS)
    good = {"tools": 30, "food": 10, "mines": 0}
    for industry, count, *_ in GROUPS:
        n, successes, base_n, lower, upper, lift, p, _, _ = found["account.industry", industry]
        assert (n, successes, base_n) == (count, good[industry], everybody)
        assert lift == pytest.approx((successes / n) / (40 / everybody))
        assert upper == pytest.approx(wilson(successes, n, 1))
        assert lower == pytest.approx(wilson(successes, n, -1) if successes else 0)
        expected = two_sided(successes, n, 40 - successes, everybody - n)
        assert p == pytest.approx(expected, rel=1e-6)
        assert p < 1


def test_many_comparisons_are_paid_for(warehouse: Path) -> None:
    found = lifts(warehouse, unit="account", base="leads", outcome="good")
    tested = sorted((row[6], row[7]) for row in found.values() if row[6] is not None)
    smallest = 1.0
    for rank in range(len(tested), 0, -1):
        p, q = tested[rank - 1]
        smallest = min(smallest, p * len(tested) / rank)
        assert q == pytest.approx(smallest)
    assert len(tested) > 3
    assert found["account.industry", "tools"][-1]
    persons = lifts(warehouse, unit="person", base="leads", outcome="good")
    # Every second lead comes from Austria.
    assert not persons["person.country", "AT"][-1]


def test_numbers_are_cut_where_a_profile_draws_a_line(warehouse: Path) -> None:
    bands = rows(
        warehouse,
        "select distinct value_from, value_below, value from marts.rpt_buyer_profile_lift"
        " where field = 'account.employees' and other_field is null order by 1",
    )
    assert bands == [(50, 100, "50 to 99"), (100, 250, "100 to 249"), (500, 1000, "500 to 999")]


def test_what_is_known_of_buyers_only_is_leakage(warehouse: Path) -> None:
    found = rows(
        warehouse,
        "select field, bool_and(is_leakage), count(p_value) > 0, min(known_of_others)"
        " from marts.rpt_buyer_profile_lift where unit = 'account' and outcome = 'won'"
        " and field in ('account.account_type', 'account.employees') group by field order by 1",
    )
    assert found == [
        ("account.account_type", True, False, 0),
        ("account.employees", False, True, 1),
    ]


def test_a_profile_that_wants_the_wrong_ones_is_told(warehouse: Path) -> None:
    found = rows(
        warehouse,
        "select value, marketing_wants, sales_wants, agreed_wants, is_against_marketing,"
        " is_against_sales, is_against_agreed from marts.rpt_buyer_profile_lift"
        " where unit = 'account' and base = 'leads' and outcome = 'good' and other_field is null"
        " and field = 'account.industry' order by 1",
    )
    assert found == [
        ("food", None, True, False, None, True, False),
        # Agreed on, and not one of them became a good customer.
        ("mines", None, False, True, None, False, True),
        ("tools", None, False, True, None, True, False),
    ]


def test_pairs_are_shown_where_there_are_enough(warehouse: Path) -> None:
    pairs = rows(
        warehouse,
        "select value, other_value, n, successes from marts.rpt_buyer_profile_lift"
        " where unit = 'person' and base = 'leads' and outcome = 'good'"
        " and field = 'person.country' and other_field = 'account.industry' order by 1, 2",
    )
    assert pairs == [
        ("AT", "food", 40, 5), ("AT", "mines", 20, 0), ("AT", "tools", 30, 15),
        ("BE", "food", 40, 5), ("BE", "mines", 20, 0), ("BE", "tools", 30, 15),
    ]  # fmt: skip


def test_whoever_came_lately_is_in_no_base(warehouse: Path) -> None:
    (counted,) = rows(
        warehouse,
        "select count(*), max(b.won) from intermediate.int_buyers as b"
        " where b.unit_key like '%/fit-%' or b.unit_key in ('crm/main/edge', 'crm/main/beyond')",
    )
    assert counted == (0, None)
    assert date(2026, 4, 30).toordinal() - date(2026, 4, 1).toordinal() < 90
