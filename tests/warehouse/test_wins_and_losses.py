"""Why deals were lost, and the largest ones: two full exports of a CRM, in March and in April."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import duckdb
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

AGREEMENT = """
name: review
versions:
  - version: 1
    effective_from: 2024-01-01
    signed:
      marketing: {by: Head of Marketing, date: 2023-12-14}
      sales: {by: Head of Sales, date: 2023-12-14}
    stages:
      - {key: inquiry, label: Inquiry, rank: 10, team: marketing, roles: [inquiry],
         entered_when: [{activity: [webinar, guide]}]}
      - {key: mql, label: MQL, rank: 20, team: marketing, roles: [marketing_qualified],
         entered_when: [{status: [mql]}]}
      - {key: sql, label: SQL, rank: 40, team: sales, roles: [sales_qualified],
         entered_when: [{opportunity_stage: [discovery]}]}
      - {key: proposal, label: Offer made, rank: 50, team: sales, roles: [opportunity],
         entered_when: [{opportunity_stage: [proposal]}]}
      - {key: won, label: Won, rank: 60, team: sales, roles: [won],
         entered_when: [{opportunity_outcome: [won]}]}
    exits:
      - {key: lost, label: Gone, team: sales, left_when: [{opportunity_outcome: [lost]}],
         reasons: [{key: price, label: Too expensive}, {key: other, label: Other}]}
    hand_off:
      required_fields: [{field: email, label: E-mail}]
      recipients: [{key: inbound, label: Inbound, kind: queue, owner: Head of Inbound}]
    slas:
      sales:
        - {key: speed, label: Speed, metric: speed_to_lead, target: 60, period: month}
    activities:
      types:
        - {key: call, is_attempt: true}
        - {key: webinar}
        - {key: guide}
    reporting: {time_zone: America/New_York, currency: USD, minimum_sample_size: 8}
"""

MAPPING = """
name: review
title: Two exports of one CRM
as_of: 2026-04-30
source_time_zone: America/New_York
reporting_time_zone: America/New_York
agreement: agreement.yml
outcomes: won_and_lost
files:
  - {{file: contacts.csv, system: crm, entity: persons, load: full, exported_at: {at}, key: id,
     columns: {{email: email, lead_source: source, owner_id: owner, created_at: created_at,
       status: {{column: status, map: &statuses {{MQL: mql, Open: open}}}}}}}}
  - {{file: statuses.csv, system: crm, entity: field_changes, load: full, exported_at: {at},
     key: id, columns: {{record_entity: {{value: persons}}, changed_record_id: contact,
       field: {{value: status}}, old_value: {{column: old, map: *statuses}},
       new_value: {{column: new, map: *statuses}}, changed_at: at}}}}
  - {{file: touches.csv, system: crm, entity: activities, load: full, exported_at: {at}, key: id,
     columns: {{person_id: contact, activity_type: type, occurred_at: at, direction: direction,
       content: content, is_automated: automated, owner_id: owner,
       is_completed: {{value: "true"}}}}}}
  - {{file: owners.csv, system: crm, entity: owners, load: full, exported_at: {at}, key: id,
     columns: {{name: name, kind: {{value: person}}}}}}
  - {{file: deals.csv, system: crm, entity: opportunities, load: full, exported_at: {at}, key: id,
     columns: &deals {{person_id: contact, owner_id: owner, product: product,
       lead_source: source, stage: {{column: stage, map: &stages {{Discovery: discovery,
         Proposal: proposal, Won: closed_won, Lost: closed_lost}}}},
       is_closed: {{column: stage, map: {{Won: "true", Lost: "true"}}, other: "false"}},
       is_won: {{column: stage, map: {{Won: "true"}}, other: "false"}},
       amount: amount, competitor: competitor, loss_reason: reason, created_at: created_at,
       closed_at: closed_at, updated_at: created_at}}}}
  - {{file: hub_deals.csv, system: hub, entity: opportunities, load: full, exported_at: {at},
     key: id, columns: *deals}}
  - {{file: deal_history.csv, system: crm, entity: field_changes, load: full, exported_at: {at},
     key: id, columns: {{record_entity: {{value: opportunities}}, changed_record_id: deal,
       field: {{column: field, map: {{Stage: stage, Amount: amount}}}},
       old_value: {{column: old, map: *stages, other: keep}},
       new_value: {{column: new, map: *stages, other: keep}}, changed_at: at}}}}
"""

DEALS = "id contact owner product source stage amount competitor reason created_at closed_at"
COLUMNS = {
    "contacts": "id email source owner status created_at",
    "statuses": "id contact old new at",
    "touches": "id contact type direction content automated owner at",
    "owners": "id name",
    "deals": DEALS,
    "hub_deals": DEALS,
    "deal_history": "id deal field old new at",
}


class Export:
    """One export of all files; what a row does not name is empty."""

    def __init__(self, product: str) -> None:
        self.rows: dict[str, list[dict[str, str]]] = {name: [] for name in COLUMNS}
        self.losses(product)
        self.wins()

    def add(self, file: str, **values: str) -> None:
        values.setdefault("id", f"{file}-{len(self.rows[file]) + 1}")
        self.rows[file].append(values)

    def deal(self, key: str, *changes: tuple[str, str, str], **values: str) -> None:
        """Add a deal that was opened on 1 February, and the changes (old, new, at) of its stage."""
        values = {"created_at": "2026-02-01 09:00:00", "amount": "100", **values}
        self.add("deals", id=key, **values)
        for old, new, at in changes:
            self.add("deal_history", deal=key, field="Stage", old=old, new=new, at=at)

    def losses(self, product: str) -> None:
        """Add lost deals; of the first one the product is edited after it was lost."""
        self.deal(
            "moved", ("Discovery", "Proposal", "2026-02-05 09:00:00"),
            ("Proposal", "Lost", "2026-02-15 09:00:00"), stage="Lost", product=product,
            reason="price", competitor="Rival", closed_at="2026-02-15", amount="900",
        )  # fmt: skip
        self.add("deal_history", deal="moved", field="Amount", old="300", new="900",
                 at="2026-02-10 09:00:00")  # fmt: skip
        self.deal("early", ("Discovery", "Lost", "2026-02-11 09:00:00"), stage="Lost",
                  reason="other", closed_at="2026-02-11")  # fmt: skip
        # A system without history shows the last stage only.
        self.deal("unknown", stage="Lost", closed_at="2026-02-20")
        # Closed before somebody moved the stage, and after.
        self.deal("late", ("Discovery", "Proposal", "2026-02-20 09:00:00"),
                  ("Proposal", "Lost", "2026-03-05 09:00:00"), stage="Lost", reason="bad luck",
                  closed_at="2026-03-01")  # fmt: skip
        self.deal("first", ("Discovery", "Proposal", "2026-02-20 09:00:00"),
                  ("Proposal", "Lost", "2026-03-02 09:00:00"), stage="Lost", reason="Unknown",
                  competitor="Rival", closed_at="2026-03-10")  # fmt: skip
        # A system that writes 0 for what it lost.
        self.add("hub_deals", id="zero", stage="Lost", amount="0", product="Zero", reason="price",
                 created_at="2026-01-10 09:00:00", closed_at="2026-01-20")  # fmt: skip

    def wins(self) -> None:
        """Add a deal with a way through the funnel, and eleven of one amount."""
        self.add("owners", id="rep", name="Rep")
        self.add("contacts", id="buyer", email="buyer@buyer.example.com", source="Webinar",
                 owner="rep", status="MQL", created_at="2026-01-05 09:00:00")  # fmt: skip
        self.add("statuses", contact="buyer", old="Open", new="MQL", at="2026-01-12 09:00:00")
        for kind, direction, content, automated, at in (
            ("webinar", "inbound", "On cost", "false", "2026-01-05 10:00:00"),
            ("guide", "inbound", "On speed", "false", "2026-01-10 10:00:00"),
            ("webinar", "inbound", "On cost", "false", "2026-01-11 10:00:00"),
            ("guide", "inbound", "By a machine", "true", "2026-01-11 11:00:00"),
            ("call", "outbound", "A call", "false", "2026-01-12 09:20:00"),
            ("guide", "inbound", "Too late", "false", "2026-02-21 10:00:00"),
        ):
            self.add("touches", contact="buyer", type=kind, direction=direction, content=content,
                     automated=automated, owner="rep", at=at)  # fmt: skip
        self.deal("way", ("Discovery", "Proposal", "2026-02-05 09:00:00"),
                  ("Proposal", "Won", "2026-02-20 09:00:00"), stage="Won", amount="5000",
                  contact="buyer", product="Big", owner="rep", closed_at="2026-02-20")  # fmt: skip
        for number in range(11):
            self.deal(f"tie-{number:02}", stage="Won", amount="1000", source="Fair",
                      closed_at=f"2026-0{4 if number else 1}-15")  # fmt: skip

    def write(self, folder: Path, at: str) -> None:
        (folder / "agreement.yml").write_text(AGREEMENT)
        (folder / "mapping.yml").write_text(MAPPING.format(at=at))
        for name, columns in COLUMNS.items():
            lines = [columns.replace(" ", ",")]
            lines += [
                ",".join(row.get(one, "") for one in columns.split()) for row in self.rows[name]
            ]
            (folder / f"{name}.csv").write_text("\n".join(lines) + "\n")


@pytest.fixture(scope="module")
def warehouse(
    tmp_path_factory: pytest.TempPathFactory, land_and_build: Callable[..., Path]
) -> Iterator[Any]:
    folder, workspace = tmp_path_factory.mktemp("review"), tmp_path_factory.mktemp("workspace")
    for product, at in (("Old", "2026-03-20 06:00:00"), ("New", "2026-04-20 06:00:00")):
        Export(product).write(folder, at)
        path = land_and_build(
            folder,
            workspace,
            is_built=product == "New",
            has_tests=True,
            arguments=["--select", "+rpt_win_loss", "+rpt_loss_reasons", "+rpt_key_deals"],
        )
    with duckdb.connect(str(path), read_only=True) as connection:
        yield connection


TOTAL = "period_type = 'all' and segment = 'all'"


def reasons(warehouse: Any, columns: str, dimension: str, where: str = TOTAL) -> list[Any]:
    found: list[Any] = warehouse.execute(
        f"select value, {columns} from marts.rpt_loss_reasons where dimension = ?"
        f" and {where} order by value nulls last",
        [dimension],
    ).fetchall()
    return found


def test_every_lost_deal_is_in_one_row_of_each_dimension(warehouse: Any) -> None:
    assert reasons(warehouse, "label, lost, is_known", "reason") == [
        ("Unknown", None, 1, False), ("bad luck", None, 1, True), ("other", "Other", 1, False),
        ("price", "Too expensive", 2, True), (None, None, 1, False),
    ]  # fmt: skip
    assert reasons(warehouse, "label, lost, is_known", "competitor") == [
        ("Rival", None, 2, True), (None, None, 4, False),
    ]  # fmt: skip
    assert reasons(warehouse, "label, lost, is_known", "stage") == [
        ("discovery", None, 1, True), ("proposal", "Offer made", 3, True), (None, None, 2, False),
    ]  # fmt: skip


def test_shares_are_of_all_that_was_lost(warehouse: Any) -> None:
    assert reasons(warehouse, "share_of_lost, is_small_sample", "competitor") == [
        ("Rival", pytest.approx(2 / 6), True), (None, pytest.approx(4 / 6), True),
    ]  # fmt: skip


def test_days_in_the_stage_of_loss_end_when_it_was_left(warehouse: Any) -> None:
    # 5 to 15 February though the amount changed between; until the closing, 20 February to 1 March;
    # until the stage was left, 20 February to 2 March.
    assert reasons(
        warehouse, "median_days_in_stage, mean_days_in_stage, median_cycle_days", "stage"
    ) == [
        ("discovery", 10, 10, 10), ("proposal", 10, pytest.approx(29 / 3), 28),
        (None, None, None, 14.5),
    ]  # fmt: skip


def test_where_a_source_writes_nothing_for_what_it_lost_no_value_is_told(warehouse: Any) -> None:
    columns = "lost_value, share_of_lost_value, is_lost_value_missing"
    found = {row[0]: row[1:] for row in reasons(warehouse, columns, "reason")}
    assert found["price"] == (None, None, True)
    # Its own value is there; a share would be of less than all.
    assert found["bad luck"] == (100, None, False)
    of_february = "period_type = 'month' and period_start = '2026-02-01' and segment = 'all'"
    assert reasons(warehouse, columns, "reason", of_february) == [
        ("other", 100, pytest.approx(100 / 1100), False),
        ("price", 900, pytest.approx(900 / 1100), False),
        (None, 100, pytest.approx(100 / 1100), False),
    ]  # fmt: skip


def test_a_later_edit_moves_no_loss(warehouse: Any) -> None:
    for table, where in (
        ("rpt_loss_reasons", "dimension = 'reason' and value = 'price'"),
        ("rpt_win_loss", "lost > 0"),
    ):
        assert warehouse.execute(
            f"select segment_value, sum(lost) from marts.{table} where {where}"
            " and period_type = 'all' and segment = 'deal_product'"
            " and segment_value is not null group by 1 order by 1"
        ).fetchall() == [("Old", 1), ("Zero", 1)]
    assert warehouse.execute(
        "select product from intermediate.int_opportunities where opportunity_id = 'moved'"
    ).fetchall() == [("New",)]


def test_wins_and_losses_are_cut_though_the_agreement_names_nothing(warehouse: Any) -> None:
    assert warehouse.execute(
        "select segment, segment_value, won, lost from marts.rpt_win_loss"
        " where period_type = 'all' and segment_value is not null order by 1, 2"
    ).fetchall() == [
        ("all", "all", 12, 6), ("deal_competitor", "Rival", 0, 2),
        ("deal_owner", "crm/main/rep", 1, 0), ("deal_product", "Big", 1, 0),
        ("deal_product", "Old", 0, 1), ("deal_product", "Zero", 0, 1),
        # The deal's own source; of the one without, its person's.
        ("deal_source", "Fair", 11, 0), ("deal_source", "Webinar", 1, 0),
    ]  # fmt: skip


def test_the_ten_largest_of_all_time_and_of_each_quarter(warehouse: Any) -> None:
    found = warehouse.execute(
        "select cast(period_start as varchar), deal_rank, split_part(opportunity_key, '/', 3)"
        " from marts.rpt_key_deals where outcome = 'won' order by 1 nulls first, 2"
    ).fetchall()
    ties = [f"tie-{number:02}" for number in range(11)]
    # Of one amount that which closed first, then by key; the eleventh is not listed.
    assert found == [
        *((None, rank, key) for rank, key in enumerate(["way", *ties[:9]], 1)),
        ("2026-01-01", 1, "way"), ("2026-01-01", 2, "tie-00"),
        *(("2026-04-01", rank, key) for rank, key in enumerate(ties[1:], 1)),
    ]  # fmt: skip
    # What was lost for nothing that anybody wrote down is neither large nor small.
    assert warehouse.execute(
        "select split_part(opportunity_key, '/', 3) from marts.rpt_key_deals"
        " where outcome = 'lost' and period_type = 'all' order by deal_rank"
    ).fetchall() == [("moved",), ("early",), ("unknown",), ("late",), ("first",)]


def test_a_key_deal_tells_its_way_and_what_was_done(warehouse: Any) -> None:
    (found,) = warehouse.execute(
        "select way, origin, entry_path, lead_source, owner_key, touches, contents, content_names,"
        " clocks_met, clocks_late, clocks_overdue, speed_to_lead_minutes, reason"
        " from marts.rpt_key_deals where opportunity_key = 'crm/main/way' and period_type = 'all'"
    ).fetchall()
    assert found == (
        "Inquiry 7 d > MQL 20 d > SQL 4 d > Offer made 15 d > Won", "Webinar", "marketing",
        "Webinar", "crm/main/rep", 3, 2, "On cost; On speed", 1, 0, 0, 20, None,
    )  # fmt: skip


def test_a_lost_key_deal_tells_where_and_why(warehouse: Any) -> None:
    (found,) = warehouse.execute(
        "select way, product, reason, reason_label, is_reason_known, competitor, stage_at_loss,"
        " days_in_stage, cycle_days, touches, amount_reporting"
        " from marts.rpt_key_deals where opportunity_key = 'crm/main/moved' and period_type = 'all'"
    ).fetchall()
    assert found == (
        "SQL 4 d > Offer made 10 d > Gone", "Old", "price", "Too expensive", True, "Rival",
        "proposal", 10, 14, 0, 900,
    )  # fmt: skip
