"""Opportunities over time and their money: two full exports of a CRM, in April and in May."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import duckdb
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

AGREEMENT = """
name: money
versions:
  - version: 1
    effective_from: 2024-01-01
    signed:
      marketing: {by: Head of Marketing, date: 2023-12-14}
      sales: {by: Head of Sales, date: 2023-12-14}
    stages:
      - {key: inquiry, label: Inquiry, rank: 10, team: marketing, roles: [inquiry],
         entered_when: [{activity: [webinar_attended]}]}
      - {key: mql, label: MQL, rank: 20, team: marketing, roles: [marketing_qualified],
         entered_when: [{status: [mql]}]}
      - {key: sal, label: SAL, rank: 30, team: sales, roles: [accepted],
         entered_when: [{status: [sal]}]}
      - {key: sql, label: SQL, rank: 40, team: sales, roles: [sales_qualified],
         entered_when: [{opportunity_stage: [discovery]}]}
      - {key: opportunity, label: Opportunity, rank: 50, team: sales, roles: [opportunity],
         entered_when: [{opportunity_stage: [proposal]}]}
      - {key: won, label: Won, rank: 60, team: sales, roles: [won],
         entered_when: [{opportunity_outcome: [won]}]}
    exits:
      - {key: lost, label: Lost, team: sales, left_when: [{opportunity_outcome: [lost]}]}
    activities:
      types:
        - {key: call, is_attempt: true}
        - {key: webinar_attended}
    attribution:
      sourced_rule: first_touch
      influence_window_days: 90
      qualifying_touches: [webinar_attended]
    reporting:
      time_zone: America/New_York
      currency: USD
      minimum_sample_size: 1
      segments:
        - {key: owner, label: Owner, field: owner.owner_key}
        - {key: product, label: Product, field: opportunity.product}
      targets:
        - {team: sales, metric: won_value, period: quarter, value: 1000000}
"""

MAPPING = """
name: money
title: Two exports of one CRM
as_of: {as_of}
source_time_zone: America/New_York
reporting_time_zone: America/New_York
agreement: agreement.yml
outcomes: won_and_lost
files:
  - {{file: contacts.csv, system: crm, entity: persons, load: full, exported_at: {at}, key: id,
     columns: {{account_id: company, created_at: created_at}}}}
  - {{file: companies.csv, system: crm, entity: accounts, load: full, exported_at: {at}, key: id,
     columns: {{name: name}}}}
  - {{file: touches.csv, system: crm, entity: activities, load: full, exported_at: {at}, key: id,
     columns: {{person_id: contact, activity_type: type, occurred_at: at, direction: direction,
       is_completed: {{value: "true"}}}}}}
  - {{file: deals.csv, system: crm, entity: opportunities, load: full, exported_at: {at}, key: id,
     columns: {{account_id: company, person_id: contact, owner_id: owner, product: product,
       opportunity_type: {{column: type, map: {{"": new_business, Renewal: renewal,
         Expansion: expansion}}, other: new_business}},
       stage: {{column: stage, map: &stages {{Discovery: discovery, Proposal: proposal,
         Pilot: pilot, Won: closed_won, Lost: closed_lost}}}},
       is_closed: {{column: stage, map: {{Won: "true", Lost: "true"}}, other: "false"}},
       is_won: {{column: stage, map: {{Won: "true"}}, other: "false"}},
       amount: amount, currency: currency, probability: {{column: chance, unit: percent}},
       loss_reason: reason,
       forecast_category: {{column: forecast, map: {{Omitted: omitted, Pipeline: pipeline}}}},
       created_at: created_at, closed_at: closed_at, expected_close_at: expected,
       updated_at: updated_at, is_deleted: archived}}}}
  - {{file: hub_deals.csv, system: hub, entity: opportunities, load: full, exported_at: {at},
     key: id, columns: {{stage: {{column: stage, map: {{Proposal: proposal}}}}, amount: amount,
       probability: chance, created_at: created_at}}}}
  - {{file: deal_history.csv, system: crm, entity: field_changes, load: full, exported_at: {at},
     key: id, columns: {{record_entity: {{value: opportunities}}, changed_record_id: deal,
       field: {{column: field, map: {{Stage: stage, Amount: amount}}}},
       old_value: {{column: old, map: *stages, other: keep}},
       new_value: {{column: new, map: *stages, other: keep}}, changed_at: at}}}}
  - {{file: looks.csv, system: crm, entity: opportunity_snapshots, load: full, exported_at: {at},
     key: id, columns: {{opportunity_id: deal, probability: {{column: chance, unit: percent}},
       taken_at: at}}}}
  - {{file: roles.csv, system: crm, entity: opportunity_persons, load: full, exported_at: {at},
     key: id, columns: {{opportunity_id: deal, person_id: contact, is_primary: primary,
       created_at: at}}}}
  - {{file: rates.csv, system: bank, entity: currency_rates, load: full, exported_at: {at},
     key: [code, day], columns: {{currency: {{value: USD}}, to_currency: code, rate_date: day,
       rate: rate}}}}
"""

COLUMNS = {
    "contacts": "id company created_at",
    "companies": "id name",
    "touches": "id contact type direction at",
    "deals": "id company contact owner product type stage amount currency chance forecast reason"
    " created_at closed_at expected updated_at archived",
    "hub_deals": "id stage amount chance created_at",
    "deal_history": "id deal field old new at",
    "looks": "id deal chance at",
    "roles": "id deal contact primary at",
    "rates": "code day rate",
}


class Export:
    """One export of all files; what a row does not name is empty."""

    def __init__(self) -> None:
        self.rows: dict[str, list[dict[str, str]]] = {name: [] for name in COLUMNS}

    def add(self, file: str, **values: str) -> None:
        values.setdefault("id", f"{file}-{len(self.rows[file]) + 1}")
        self.rows[file].append(values)

    def deal(self, key: str, *changes: tuple[str, str, str], **values: str) -> None:
        """Add a deal and the changes (old, new, at) of its stage."""
        values.setdefault("stage", changes[-1][1] if changes else "Discovery")
        values.setdefault("company", "X")
        self.add("deals", id=key, **values)
        for old, new, at in changes:
            self.add("deal_history", deal=key, field="Stage", old=old, new=new, at=at)

    def write(self, folder: Path, at: str, as_of: str) -> None:
        (folder / "agreement.yml").write_text(AGREEMENT)
        (folder / "mapping.yml").write_text(MAPPING.format(at=at, as_of=as_of))
        for name, columns in COLUMNS.items():
            lines = [columns.replace(" ", ",")]
            lines += [
                ",".join(row.get(one, "") for one in columns.split()) for row in self.rows[name]
            ]
            (folder / f"{name}.csv").write_text("\n".join(lines) + "\n")


def common(export: Export) -> None:
    """Add what both exports hold."""
    e = export
    e.add("companies", id="X", name="Xenon")
    e.add("companies", id="Y", name="Yttrium")
    e.deal(
        "G13", ("Discovery", "Lost", "2026-02-10 10:00:00"),
        ("Lost", "Discovery", "2026-03-01 10:00:00"), ("Discovery", "Won", "2026-03-20 10:00:00"),
        amount="50000", product="G13", created_at="2026-01-05 09:00:00", closed_at="2026-03-20",
    )  # fmt: skip
    e.deal("G58", product="G58", amount="500", created_at="2025-10-02 09:00:00")
    # Another one that changes every day.
    steps = [("Discovery", "Proposal"), ("Proposal", "Discovery")]
    e.deal(
        "G58-busy", *((*steps[day % 2], f"2025-10-{day + 4:02} 09:00:00") for day in range(27)),
        created_at="2025-10-02 09:00:00",
    )  # fmt: skip
    for n in range(1, 4):
        e.add("contacts", id=f"G27-{n}", created_at="2026-01-01 09:00:00")
    for deal, stage, closed in (("G27-a", "Won", "2026-02-20"), ("G27-b", "Discovery", "")):
        e.deal(deal, stage=stage, amount="100000", product="G27", closed_at=closed,
               created_at="2026-02-02 09:00:00")  # fmt: skip
        for n in range(1, 4):
            e.add("roles", deal=deal, contact=f"G27-{n}", primary="yes" if n == 2 else "no")
    e.deal("G28", amount="10000", product="G28", created_at="2026-02-02 09:00:00")
    # Of both companies somebody takes part, whose name comes last came first.
    for day, company in enumerate(("Y", "X"), 2):
        e.add("contacts", id=f"G28-{company}", company=company, created_at="2026-01-01 09:00:00")
        e.add("roles", deal="G28", contact=f"G28-{company}", primary="no",
              at=f"2026-02-0{day} 09:00:00")  # fmt: skip
    for n, reason in enumerate(["Price"] * 4 + ["Other"] * 2 + [""] * 4):
        e.deal(f"G66-{n}", stage="Lost", reason=reason, product="G66", amount="1",
               created_at="2026-02-01 09:00:00", closed_at="2026-02-12")  # fmt: skip
    for n, (stage, amount) in enumerate([("Won", "10000")] * 3 + [("Lost", "170000")]):
        e.deal(f"G29-{n}", stage=stage, amount=amount, product="G29", owner="G29",
               created_at="2026-02-01 09:00:00", closed_at="2026-02-11")  # fmt: skip
    e.deal("G29-gone", stage="Lost", amount="1", product="G29", owner="G29", archived="true",
           created_at="2026-02-01 09:00:00", closed_at="2026-02-11",
           updated_at="2026-02-15 09:00:00")  # fmt: skip
    e.deal("G29-w", stage="Won", amount="1", owner="winner", closed_at="2026-02-11",
           created_at="2026-02-01 09:00:00")  # fmt: skip
    e.deal("G29-o", amount="1", owner="opener", created_at="2026-02-01 09:00:00")
    e.deal("G30", stage="Proposal", amount="1000", chance="65", product="G30",
           created_at="2026-02-01 09:00:00")  # fmt: skip
    e.add("hub_deals", id="G30-hub", stage="Proposal", amount="1000", chance="0.65",
          created_at="2026-02-01 09:00:00")  # fmt: skip
    e.add("hub_deals", id="G30-undeclared", stage="Proposal", amount="1000", chance="65",
          created_at="2026-02-01 09:00:00")  # fmt: skip
    e.deal("G33-eur", stage="Won", amount="100000", currency="EUR", product="G33",
           created_at="2026-02-01 09:00:00", closed_at="2026-02-15")  # fmt: skip
    e.deal("G33-usd", stage="Won", amount="10000", currency="USD", product="G33",
           created_at="2026-02-01 09:00:00", closed_at="2026-02-15")  # fmt: skip
    e.deal("unrated", amount="5", currency="CHF", created_at="2026-02-01 09:00:00")
    g35(e)
    e.deal(
        "moved", ("Discovery", "Proposal", "2026-02-10 09:00:00"), amount="300", product="moved",
        created_at="2026-02-01 09:00:00",
    )  # fmt: skip
    e.add("deal_history", deal="moved", field="Amount", old="100", new="300",
          at="2026-02-20 09:00:00")  # fmt: skip
    e.add("looks", deal="moved", chance="20", at="2026-02-01 09:00:00")
    e.add("looks", deal="moved", chance="60", at="2026-02-10 09:00:00")
    # Pipeline of the second quarter.
    e.deal("q2", amount="1000", chance="50", forecast="Pipeline", product="q2",
           created_at="2026-04-02 09:00:00", expected="2026-06-30")  # fmt: skip
    e.deal("q2-omitted", amount="7000", forecast="Omitted", product="q2",
           created_at="2026-04-02 09:00:00", expected="2026-06-30")  # fmt: skip
    e.deal("renewed", type="Renewal", stage="Won", amount="900", product="q2",
           created_at="2026-04-02 09:00:00", closed_at="2026-04-10")  # fmt: skip
    e.deal("left", type="Renewal", stage="Lost", amount="100", product="q2",
           created_at="2026-04-02 09:00:00", closed_at="2026-04-10")  # fmt: skip
    e.deal("grown", type="Expansion", stage="Won", amount="300", product="q2",
           created_at="2026-04-02 09:00:00", closed_at="2026-04-10")  # fmt: skip


def g35(export: Export) -> None:
    e = export
    e.add("contacts", id="G35", created_at="2025-11-01 09:00:00")
    e.add("contacts", id="G35-other", created_at="2025-11-01 09:00:00")
    e.deal("G35", contact="G35", stage="Won", amount="100000", product="G35",
           created_at="2026-03-01 09:00:00", closed_at="2026-03-20")  # fmt: skip
    e.add("roles", deal="G35", contact="G35-other", primary="no")
    for contact, kind, at in (
        ("G35", "call", "2025-12-15 09:00:00"),
        ("G35", "webinar_attended", "2026-01-10 09:00:00"),
        ("G35-other", "webinar_attended", "2026-02-10 09:00:00"),
        ("G35", "webinar_attended", "2026-03-25 09:00:00"),
        ("G35-other", "webinar_attended", "2025-11-15 09:00:00"),
    ):
        direction = "outbound" if kind == "call" else "inbound"
        e.add("touches", contact=contact, type=kind, direction=direction, at=at)


def april() -> Export:
    export = Export()
    common(export)
    export.deal("G08", stage="Pilot", amount="80", product="G08", created_at="2026-02-01 09:00:00")
    export.deal("G21", amount="50000", product="G21", created_at="2026-02-01 09:00:00",
                updated_at="2026-02-02 09:00:00")  # fmt: skip
    for archived in ("G22", "G22-absent"):
        export.deal(archived, amount="70", product="G22", created_at="2026-02-01 09:00:00",
                    updated_at="2026-02-02 09:00:00")  # fmt: skip
    export.deal("G33-open", amount="100", currency="EUR", created_at="2026-02-16 09:00:00")
    export.deal("seen", amount="10", owner="A", created_at="2026-02-01 09:00:00")
    # One EUR is worth 1.10 USD: the system writes how many EUR a USD is worth.
    export.add("rates", code="EUR", day="2026-02-01", rate="0.8")
    export.add("rates", code="EUR", day="2026-02-15", rate=f"{1 / 1.10:.17f}")
    return export


def may() -> Export:
    export = Export()
    common(export)
    export.deal("G08", stage="", amount="80", product="G08", created_at="2026-02-01 09:00:00")
    export.deal("G21", amount="50000", product="G21", created_at="2026-02-01 09:00:00",
                updated_at="2026-03-10 10:00:00", archived="true")  # fmt: skip
    export.deal("G22", amount="70", product="G22", created_at="2026-02-01 09:00:00",
                updated_at="2026-02-02 09:00:00", archived="true")  # fmt: skip
    export.deal("G33-open", stage="Won", amount="100", currency="EUR", closed_at="2026-04-20",
                created_at="2026-02-16 09:00:00")  # fmt: skip
    export.deal("seen", amount="10", owner="B", created_at="2026-02-01 09:00:00")
    export.add("rates", code="EUR", day="2026-02-01", rate="0.8")
    export.add("rates", code="EUR", day="2026-02-15", rate=f"{1 / 1.08:.17f}")
    return export


@pytest.fixture(scope="module")
def build(
    tmp_path_factory: pytest.TempPathFactory, land_and_build: Callable[..., Path]
) -> Callable[..., duckdb.DuckDBPyConnection]:
    folder = tmp_path_factory.mktemp("money")
    landed: list[Path] = []

    def _build(**environment: str) -> duckdb.DuckDBPyConnection:
        workspace = tmp_path_factory.mktemp("workspace")
        for export, at in ((april(), "2026-03-01 06:00:00"), (may(), "2026-04-15 06:00:00")):
            export.write(folder, at, "2026-04-30")
            path = land_and_build(folder, workspace, is_built=at > "2026-04", **environment)
        landed.append(path)
        return duckdb.connect(str(path), read_only=True)

    return _build


@pytest.fixture(scope="module")
def warehouse(build: Callable[..., duckdb.DuckDBPyConnection]) -> Iterator[Any]:
    """As of the end of April 2026."""
    with build() as connection:
        yield connection


@pytest.fixture(scope="module")
def end_of_february(build: Callable[..., duckdb.DuckDBPyConnection]) -> Iterator[Any]:
    """The same loads as of the end of February 2026."""
    with build(UNIFIED_FUNNEL_AS_OF="2026-02-28") as connection:
        yield connection


def rows(connection: Any, query: str, *values: object) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = connection.execute(query, list(values)).fetchall()
    return found


def one(connection: Any, deal: str, columns: str) -> tuple[Any, ...]:
    (found,) = rows(
        connection, f"select {columns} from marts.fct_opportunities where opportunity_id = ?", deal
    )
    return found


def states(connection: Any, deal: str, columns: str) -> list[tuple[Any, ...]]:
    return rows(
        connection,
        f"select {columns} from marts.fct_opportunity_states as s"
        " join marts.fct_opportunities as o using (opportunity_key)"
        " where o.opportunity_id = ? order by s.state_number",
        deal,
    )


def on_day(connection: Any, deal: str, day: str) -> list[tuple[Any, ...]]:
    """Return stage and amount of each state that holds at the end of a day."""
    return rows(
        connection,
        "select s.stage, s.amount from marts.fct_opportunity_states as s"
        " join marts.fct_opportunities as o using (opportunity_key)"
        " where o.opportunity_id = ? and s.valid_from_date <= cast(? as date)"
        " and (s.valid_until_date is null or s.valid_until_date > cast(? as date))",
        deal, day, day,
    )  # fmt: skip


def win_loss(connection: Any, columns: str, segment: str, value: str) -> tuple[Any, ...]:
    (found,) = rows(
        connection,
        f"select {columns} from marts.rpt_win_loss"
        " where period_type = 'all' and segment = ? and segment_value = ?",
        segment, value,
    )  # fmt: skip
    return found


def pipeline(connection: Any, columns: str, product: str) -> tuple[Any, ...]:
    (found,) = rows(
        connection,
        f"select {columns} from marts.rpt_pipeline"
        " where period_type = 'all' and segment = 'product' and segment_value = ?",
        product,
    )
    return found


def test_g13_a_lost_deal_that_is_reopened_and_won_is_won(warehouse: Any) -> None:
    assert win_loss(warehouse, "won, lost", "product", "G13") == (1, 0)
    assert one(warehouse, "G13", "is_closed, is_won, cast(closed_at as varchar)") == (
        True, True, "2026-03-20 00:00:00",
    )  # fmt: skip
    assert states(
        warehouse, "G13", "s.stage, s.is_closed, s.is_won, cast(valid_from_date as varchar)"
    ) == [
        ("discovery", False, False, "2026-01-05"), ("closed_lost", True, False, "2026-02-10"),
        ("discovery", False, False, "2026-03-01"), ("closed_won", True, True, "2026-03-20"),
    ]  # fmt: skip


def test_g13_each_closing_is_a_row(warehouse: Any) -> None:
    assert rows(
        warehouse,
        "select closing_number, outcome, cast(closed_date as varchar), closed_at_precision,"
        " evidence"
        " from intermediate.int_opportunity_closings where opportunity_key = 'crm/main/G13'"
        " order by 1",
    ) == [
        (1, "lost", "2026-02-10", "second", "observed"),
        (2, "won", "2026-03-20", "day", "stamped"),
    ]  # fmt: skip


def test_g13_was_lost_at_the_end_of_february(end_of_february: Any) -> None:
    assert win_loss(end_of_february, "won, lost", "product", "G13") == (0, 1)
    assert one(end_of_february, "G13", "stage, is_closed, is_won") == ("closed_lost", True, False)


def test_g58_an_idle_opportunity_has_a_state_on_every_day(warehouse: Any) -> None:
    for day in ("2025-10-02", "2025-12-31", "2026-04-30"):
        assert on_day(warehouse, "G58", day) == [("discovery", 500.0)]
    assert on_day(warehouse, "G58", "2025-10-01") == []
    # 2 October to 30 April: 211 days, each with one state.
    for deal in ("G58", "G58-busy"):
        assert rows(
            warehouse,
            "select count(*), count(distinct d.calendar_date) from marts.dim_dates as d"
            " join marts.fct_opportunity_states as s on d.calendar_date >= s.valid_from_date"
            " and (s.valid_until_date is null or d.calendar_date < s.valid_until_date)"
            " join marts.fct_opportunities as o using (opportunity_key)"
            " where o.opportunity_id = ? and d.calendar_date <= date '2026-04-30'",
            deal,
        ) == [(211, 211)]
    assert len(states(warehouse, "G58-busy", "s.stage")) == 28


def test_g21_a_deleted_opportunity_is_in_the_pipeline_until_the_day_before(warehouse: Any) -> None:
    assert on_day(warehouse, "G21", "2026-03-09") == [("discovery", 50000.0)]
    assert on_day(warehouse, "G21", "2026-03-10") == []
    # 10:00 in New York, two days after the clocks went forward.
    assert one(warehouse, "G21", "is_deleted, cast(deleted_at as varchar), amount") == (
        True, "2026-03-10 14:00:00", 50000.0,
    )  # fmt: skip


def test_g21_before_the_deletion_it_is_there(end_of_february: Any) -> None:
    assert one(end_of_february, "G21", "is_deleted, deleted_at") == (False, None)


@pytest.mark.parametrize("deal", ["G22", "G22-absent"])
def test_g22_archived_without_a_new_date_is_deleted_as_of_the_next_export(
    warehouse: Any, deal: str
) -> None:
    assert one(warehouse, deal, "is_deleted, cast(deleted_at as varchar)") == (
        True, "2026-04-15 10:00:00",
    )  # fmt: skip
    assert on_day(warehouse, deal, "2026-04-14") == [("discovery", 70.0)]
    assert on_day(warehouse, deal, "2026-04-15") == []


def test_deleted_ones_are_in_no_rate_and_no_pipeline(warehouse: Any) -> None:
    assert rows(
        warehouse,
        "select count(*) from marts.rpt_pipeline"
        " where segment = 'product' and segment_value = 'G22'",
    ) == [(0,)]
    assert win_loss(warehouse, "lost", "product", "G29") == (1,)
    assert one(warehouse, "G29-gone", "is_deleted, is_closed") == (True, True)


def test_g08_a_stage_that_the_portal_deleted_keeps_its_label(warehouse: Any) -> None:
    assert states(warehouse, "G08", "s.stage, s.amount") == [("pilot", 80.0)]
    assert one(warehouse, "G08", "stage") == ("pilot",)


def test_g08_no_bucket_is_null_and_totals_conserve(warehouse: Any, end_of_february: Any) -> None:
    for connection in (warehouse, end_of_february):
        assert pipeline(connection, "created, open, open_pipeline", "G08") == (1, 1, 80.0)
        # One state for its label, before and after the portal lost it.
        assert states(connection, "G08", "s.stage, s.is_last") == [("pilot", True)]
    assert rows(warehouse, "select count(*) from marts.fct_opportunities where stage is null") == [
        (0,)
    ]


def test_g27_roles_do_not_multiply_money(warehouse: Any) -> None:
    assert pipeline(warehouse, "created, pipeline_created, won_value", "G27") == (
        2, 200000.0, 100000.0,
    )  # fmt: skip


def test_g28_a_deal_of_two_companies_belongs_to_the_primary_one(warehouse: Any) -> None:
    assert pipeline(warehouse, "created, pipeline_created", "G28") == (1, 10000.0)
    assert one(warehouse, "G28", "account_key") == ("crm/main/X",)
    assert rows(
        warehouse, "select count(*) from marts.fct_opportunities where account_key = 'crm/main/Y'"
    ) == [(0,)]


def test_a_deal_without_primary_role_belongs_to_whose_role_is_the_earliest(warehouse: Any) -> None:
    assert one(warehouse, "G28", "person_key") == ("crm/main/G28-Y",)


def test_g29_win_rates(warehouse: Any) -> None:
    rates = "win_rate, win_rate_by_value, cohort_win_rate"
    assert win_loss(warehouse, rates, "product", "G29") == (0.75, 0.15, 0.75)
    assert win_loss(warehouse, rates, "owner", "crm/main/winner") == (1.0, 1.0, 1.0)
    assert win_loss(warehouse, rates, "owner", "crm/main/opener") == (None, None, 0.0)


def test_g66_a_reason_is_known_of_four_in_ten(warehouse: Any) -> None:
    assert win_loss(warehouse, "lost, reason_known", "product", "G66") == (10, 4)


def test_g66_loss_reasons_are_not_re_based(warehouse: Any) -> None:
    found = rows(
        warehouse,
        "select value, lost, share_of_lost, is_known from marts.rpt_loss_reasons"
        " where period_type = 'all' and segment = 'product' and segment_value = 'G66'"
        " and dimension = 'reason' order by value nulls last",
    )
    assert found == [("Other", 2, 0.2, False), ("Price", 4, 0.4, True), (None, 4, 0.4, False)]


@pytest.mark.parametrize("deal", ["G30", "G30-hub"])
def test_g30_percent_and_fraction_weigh_the_same(warehouse: Any, deal: str) -> None:
    assert one(warehouse, deal, "probability, amount_weighted") == (0.65, 650.0)


def test_g30_an_undeclared_percent_is_no_probability_and_a_finding(warehouse: Any) -> None:
    assert one(warehouse, "G30-undeclared", "probability, amount_weighted") == (None, None)
    ((key, detail),) = rows(
        warehouse,
        "select record_key, detail from quality.findings where finding = 'probability_above_one'",
    )
    assert key == "hub/main/hub_deals.csv"
    assert detail == (
        "1 rows have a probability above 1, which counts as none: say `unit: percent` in the"
        " mapping of hub_deals.csv"
    )


def test_g33_an_edited_rate_changes_nothing_that_is_closed(warehouse: Any) -> None:
    (value,) = pipeline(warehouse, "won_value", "G33")
    assert value == 120000.0


def test_g33_before_the_edit(end_of_february: Any) -> None:
    (value,) = pipeline(end_of_february, "won_value", "G33")
    assert value == 120000.0


def test_an_edit_counts_for_what_closes_after_it(warehouse: Any) -> None:
    columns = "amount_reporting, amount_created_reporting"
    assert one(warehouse, "G33-open", columns) == (108.0, 110.0)
    # Created on the day of the first rate, which was the other one.
    assert one(warehouse, "G33-eur", columns) == (110000.0, 125000.0)


def test_without_a_rate_an_amount_is_in_no_total(warehouse: Any) -> None:
    assert one(warehouse, "unrated", "amount, amount_reporting") == (5.0, None)
    assert rows(
        warehouse, "select record_key from quality.findings where finding = 'amount_without_rate'"
    ) == [("crm/main/unrated",)]


def test_g35_influenced_once_and_sourced_by_who_touched_first(warehouse: Any) -> None:
    assert one(
        warehouse,
        "G35",
        "sourced_by, is_influenced, influencing_touches, cast(first_touch_at as varchar)",
    ) == ("sales", True, 2, "2025-12-15 14:00:00")
    assert pipeline(
        warehouse, "pipeline_created, sourced_by_sales, sourced_by_marketing, pipeline_influenced",
        "G35",
    ) == (100000.0, 100000.0, None, 100000.0)  # fmt: skip


def test_what_was_created_stands_beside_what_it_became(warehouse: Any) -> None:
    assert pipeline(warehouse, "pipeline_created, pipeline_created_current", "moved") == (
        100.0, 300.0,
    )  # fmt: skip
    assert states(
        warehouse, "moved", "s.stage, s.amount, s.probability, cast(valid_from_date as varchar)"
    ) == [
        ("discovery", 100.0, 0.2, "2026-02-01"), ("proposal", 100.0, 0.6, "2026-02-10"),
        ("proposal", 300.0, 0.6, "2026-02-20"),
    ]  # fmt: skip


def test_a_difference_of_exports_is_seen_at_the_later_one(warehouse: Any) -> None:
    assert states(
        warehouse, "seen", "s.owner_key, cast(valid_from as varchar), evidence, is_last"
    ) == [
        ("crm/main/A", "2026-02-01 14:00:00", "inferred", False),
        ("crm/main/B", "2026-04-15 10:00:00", "observed", True),
    ]  # fmt: skip


def test_the_quarter_has_coverage_and_omits_what_sales_omits(warehouse: Any) -> None:
    assert pipeline(
        warehouse,
        "open, open_pipeline, weighted_pipeline, omitted, omitted_pipeline, renewals_won_value,"
        " renewals_lost_value, gross_revenue_retention, net_revenue_retention, win_rate",
        "q2",
    ) == (1, 1000.0, 500.0, 1, 7000.0, 900.0, 100.0, 0.9, 1.2, None)
    (quarter,) = rows(
        warehouse,
        "select won_value, target_value, remaining_target, open_pipeline, coverage"
        " from marts.rpt_pipeline where period_type = 'quarter' and segment = 'all'"
        " and period_start = '2026-04-01'",
    )
    assert quarter == (108.0, 1000000.0, 999892.0, 1000.0, pytest.approx(1000 / 999892))


def test_velocity_is_money_a_day(warehouse: Any) -> None:
    (found,) = rows(
        warehouse,
        "select qualified, won, win_rate, mean_won_value, mean_cycle_days_won, pipeline_velocity"
        " from marts.rpt_pipeline where period_type = 'all' and segment = 'all'",
    )
    qualified, won, rate, value, days, velocity = found
    assert qualified > 0
    assert won > 0
    assert velocity == pytest.approx(qualified * rate * value / days)
