"""Hand-offs and their clocks: a lead a case, built once by dbt alone."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

AGREEMENT = """
name: handoffs
versions:
  - version: 1
    effective_from: 2024-01-01
    signed: &signed
      marketing: {by: Head of Marketing, date: 2023-12-14}
      sales: {by: Head of Sales, date: 2023-12-14}
    stages:
      - {key: mql, label: MQL, rank: 20, team: marketing, roles: [marketing_qualified],
         entered_when: [{status: [mql]}]}
      - {key: sal, label: SAL, rank: 30, team: sales, roles: [accepted],
         entered_when: [{status: [sal]}]}
      - {key: sql, label: SQL, rank: 40, team: sales, roles: [sales_qualified],
         entered_when: [{status: [sql]}, {opportunity_stage: [discovery]}]}
      - {key: won, label: Won, rank: 60, team: sales, roles: [won],
         entered_when: [{opportunity_outcome: [won]}]}
    exits:
      - {key: rejected, label: Rejected, team: sales, is_reason_required: true,
         reasons: [{key: no_fit, label: Does not fit}], left_when: [{status: [rejected]}]}
      - {key: recycled, label: Recycled, team: sales, left_when: [{status: [recycled]}]}
      - {key: disqualified, label: Disqualified, team: marketing,
         left_when: [{status: [disqualified]}]}
      - {key: lost, label: Lost, team: sales, left_when: [{opportunity_outcome: [lost]}]}
    hand_off:
      required_fields:
        - {field: email, label: E-mail, format: email}
        - {field: company, label: Company}
        - {field: phone, label: Phone, format: phone}
        - {field: title, label: Title}
      recipients:
        - {key: north, label: North, kind: territory, owner: Head of North,
           territory: {field: person.country, any_of: [CA]}}
        - {key: inbound, label: Inbound, kind: queue, owner: Head of Inbound}
      contacts:
        - {question: Why was it handed over?, contact: Demand Generation, team: marketing}
    calendars: &calendars
      - key: office
        label: Office
        hours: {mon-fri: 09:00-17:00}
        holidays: {2026-11-26: Thanksgiving Day, 2026-07-04: A Saturday}
      # Open on Thursdays, and each of them is a holiday.
      - {key: closed, label: Closed, hours: {thu: 09:00-17:00}, holidays: {THURSDAYS}}
      - {key: always, label: Always, always_open: true}
    slas:
      marketing:
        - {key: delivered, label: Delivered, metric: handoffs_delivered, target: 5, period: month}
        - {key: complete, label: Complete, metric: handoff_completeness, target: 0.9,
           period: month}
      sales:
        - {key: speed, label: Speed, metric: speed_to_lead, target: 120, period: month}
        - {key: reply, label: Reply, metric: rep_response, target: 60, period: month}
        - {key: decision, label: Decision, metric: decision, target: 480, period: month}
        - {key: any_hour, label: At any hour, metric: speed_to_lead, target: 60, period: month,
           calendar: always}
    activities:
      types:
        - {key: call, is_attempt: true, direction: outbound, must_be_completed: true}
        - {key: email, is_attempt: true, direction: outbound, must_be_completed: true}
      excluded_users: [{user: sequences, why: Sends by itself}]
    reporting: {time_zone: America/New_York, currency: USD, minimum_sample_size: 1,
      closing_grace_business_days: 2}
  - version: 2
    effective_from: 2026-10-01
    note: Half the time.
    signed: *signed
    slas:
      marketing:
        - {key: delivered, label: Delivered, metric: handoffs_delivered, target: 5, period: month}
        - {key: complete, label: Complete, metric: handoff_completeness, target: 0.9,
           period: month}
      sales:
        - {key: speed, label: Speed, metric: speed_to_lead, target: 120, period: month}
        - {key: reply, label: Reply, metric: rep_response, target: 30, period: month}
        - {key: decision, label: Decision, metric: decision, target: 480, period: month}
        - {key: any_hour, label: At any hour, metric: speed_to_lead, target: 60, period: month,
           calendar: always}
"""

MAPPING = """
name: handoffs
title: A lead a case
as_of: 2026-12-15
source_time_zone: America/New_York
reporting_time_zone: America/New_York
agreement: agreement.yml
outcomes: won_and_lost
files:
  - {file: leads.csv, system: crm, entity: persons, load: full, exported_at: 2026-12-16, key: id,
     columns: {email: email, company: company, phone: phone, title: title, country: country,
       owner_id: owner, reason: reason, quality_rating: rating,
       status: {column: status, map: &statuses {Open: open, MQL: mql, SAL: sal, SQL: sql,
         Rejected: rejected, Recycled: recycled, Out: disqualified}},
       created_at: created_at, updated_at: updated_at}}
  - {file: history.csv, system: crm, entity: field_changes, load: full, exported_at: 2026-12-16,
     key: id, columns: {record_entity: {value: persons}, changed_record_id: lead,
       field: {column: field, map: {Status: status, Owner: owner_id, Phone: phone,
         Reason: reason}},
       value_kind: {column: kind, map: {id: id}, other: label},
       old_value: {column: old, map: *statuses}, new_value: {column: new, map: *statuses},
       changed_at: at}}
  - {file: tasks.csv, system: crm, entity: activities, load: full, exported_at: 2026-12-16,
     key: id, columns: {person_id: lead, owner_id: owner, activity_type: type,
       direction: direction, is_automated: automated, is_completed: completed, occurred_at: at}}
  - {file: deals.csv, system: crm, entity: opportunities, load: full, exported_at: 2026-12-16,
     key: id, columns: {person_id: lead, stage: {column: stage, map: {Discovery: discovery}},
       stage_at: created_at,
       is_closed: {column: stage, map: {Discovery: "false"}},
       is_won: {column: stage, map: {Discovery: "false"}}, created_at: created_at}}
  - {file: users.csv, system: crm, entity: owners, load: full, exported_at: 2026-12-16, key: id,
     columns: {name: name, kind: kind, manager: manager, is_active: active}}
  - {file: contacts.csv, system: portal, entity: persons, load: full, exported_at: 2026-12-16,
     key: id, columns: {email: email, owner_id: owner, status: {column: status, map: *statuses},
       created_at: created_at}}
  - {file: versions.csv, system: portal, entity: field_changes, load: full,
     exported_at: 2026-12-16, key: id, columns: {record_entity: {value: persons},
       changed_record_id: contact, field: {column: field, map: {Status: status, Owner: owner_id}},
       new_value: {column: value, map: *statuses}, changed_at: at}}
"""

COLUMNS = {
    "leads": "id email company phone title country owner reason rating status created_at "
    "updated_at",
    "history": "id lead field kind old new at",
    "tasks": "id lead owner type direction automated completed at",
    "deals": "id lead stage created_at",
    "users": "id name kind manager active",
    "contacts": "id email owner status created_at",
    "versions": "id contact field value at",
}


class Crm:
    """Collects rows; leads are owned by A and complete, unless a case says otherwise."""

    def __init__(self) -> None:
        self.rows: dict[str, list[dict[str, str]]] = {name: [] for name in COLUMNS}

    def add(self, file: str, **values: str) -> None:
        self.rows[file].append({"id": f"{file}-{len(self.rows[file]) + 1}"} | values)

    def lead(self, key: str, *changes: tuple[str, str], **values: str) -> None:
        """A lead and what its status became, when; whether its values are old is not told."""
        before = "Open"
        for status, at in changes:
            self.add("history", lead=key, field="Status", old=before, new=status, at=at)
            before = status
        complete = {
            "email": f"{key.lower()}@{key.lower()}.example.com", "company": "Acme",
            "phone": "+1 212 555 0100", "title": "CFO", "owner": "A", "status": before,
            "created_at": "2026-01-01 08:00:00", "updated_at": "2026-01-02 08:00:00",
        }  # fmt: skip
        self.add("leads", **complete | values | {"id": key})

    def owned(self, key: str, *moves: tuple[str, str, str]) -> None:
        """Owner changes as Salesforce tells them: by id and by name."""
        for old, new, at in moves:
            self.add("history", lead=key, field="Owner", kind="id", old=old, new=new, at=at)
            self.add("history", lead=key, field="Owner", kind="name", old=f"Rep {old}",
                     new=f"Rep {new}", at=at)  # fmt: skip

    def call(self, key: str, at: str, **values: str) -> None:
        usual = {"owner": "A", "type": "call", "direction": "outbound", "automated": "no"}
        self.add("tasks", **usual | {"completed": "yes"} | values | {"lead": key, "at": at})

    def contact(self, key: str, *versions: tuple[str, str, str]) -> None:
        """A contact whose history tells what became of it, never what was before."""
        for field, value, at in versions:
            self.add("versions", contact=key, field=field, value=value, at=at)
        now = {field: value for field, value, _ in versions}
        self.add("contacts", email=f"{key}@{key}.example.com", owner=now["Owner"],
                 status=now["Status"], created_at="2026-05-20 08:00:00")  # fmt: skip
        self.rows["contacts"][-1]["id"] = key

    def write(self, folder: Path) -> None:
        thursdays = (date(2024, 1, 4) + timedelta(weeks=week) for week in range(300))
        closed = ", ".join(f"{day}: Holiday" for day in thursdays)
        (folder / "agreement.yml").write_text(AGREEMENT.replace("THURSDAYS", closed))
        (folder / "mapping.yml").write_text(MAPPING)
        for name, columns in COLUMNS.items():
            with (folder / f"{name}.csv").open("w", newline="") as file:
                writer = csv.DictWriter(file, columns.split())
                writer.writeheader()
                writer.writerows(self.rows[name])


def clock_cases(crm: Crm) -> None:
    crm.lead("G44", ("MQL", "2026-03-06 16:45:00"))
    crm.call("G44", "2026-03-09 09:20:00")
    crm.lead("G45", ("MQL", "2026-03-07 12:00:00"))
    crm.call("G45", "2026-03-07 12:10:00")
    crm.lead("G46", ("MQL", "2026-11-25 16:00:00"))
    crm.call("G46", "2026-11-27 10:00:00")
    crm.lead("G47", ("MQL", "2026-03-01 23:30:00"))
    crm.call("G47", "2026-03-02 00:30:00")
    crm.lead("G49", ("MQL", "2026-03-02 09:00:00"))
    crm.call("G49", "2026-03-02 09:01:00", type="email", automated="yes")
    crm.call("G49", "2026-03-02 12:00:00")
    crm.lead("G50", ("MQL", "2026-03-02 09:00:00"), owner="B")
    crm.owned("G50", ("Q", "A", "2026-03-02 09:05:00"), ("A", "B", "2026-03-02 11:00:00"))
    crm.call("G50", "2026-03-02 11:20:00", owner="B")
    crm.lead("G53", ("MQL", "2026-01-12 09:00:00"))
    crm.call("G53", "2026-01-09 09:00:00")
    crm.call("G53", "2026-01-13 09:00:00")
    # Twice: the build is as of Tuesday 10:00 of the second one.
    for key, monday, tuesday in (
        ("G54-week-before", "2026-12-07", "2026-12-08"), ("G54", "2026-12-14", "2026-12-15"),
    ):  # fmt: skip
        crm.lead(key, ("MQL", f"{monday} 09:00:00"), ("Rejected", f"{tuesday} 09:00:00"),
                 reason="no_fit")  # fmt: skip
        crm.add("history", lead=key, field="Reason", new="no_fit", at=f"{tuesday} 11:00:00")
    crm.lead("G56", ("MQL", "2026-03-02 09:00:00"), phone="+1 212 555 0101")
    crm.add("history", lead="G56", field="Phone", old=" n/a ", new="+1 212 555 0101",
            at="2026-03-04 09:00:00")  # fmt: skip
    # G48 in May: 6 met, 1 late, 2 untouched past due. One is pending on the last day.
    for number in range(9):
        crm.lead(f"G48-{number}", ("MQL", "2026-05-04 09:00:00"))
        if number < 7:
            crm.call(f"G48-{number}", f"2026-05-04 {'10' if number < 6 else '12'}:30:00")
    crm.lead("G48-pending", ("MQL", "2026-12-15 09:30:00"))


def bad_days(crm: Crm) -> None:
    # Nothing of this stops a clock.
    crm.lead("robots", ("MQL", "2026-03-02 09:00:00"))
    crm.call("robots", "2026-03-02 09:10:00", direction="inbound")
    crm.call("robots", "2026-03-02 09:20:00", completed="no")
    crm.call("robots", "2026-03-02 09:30:00", owner="sequences")
    crm.call("robots", "2026-03-02 09:40:00", owner="robot")
    crm.call("robots", "2026-03-02 09:50:00", owner="")
    crm.lead("nobody", ("MQL", "2026-03-02 09:00:00"), owner="")
    crm.lead("queued", ("MQL", "2026-03-02 09:00:00"), owner="Q", country="CA")
    crm.lead("day", ("MQL", "2026-03-02"))
    crm.call("day", "2026-03-02 10:00:00")
    crm.lead("twice", ("MQL", "2026-03-02 09:00:00"), ("Recycled", "2026-03-03 09:00:00"),
             ("MQL", "2026-03-10 09:00:00"), ("SAL", "2026-03-10 10:00:00"))  # fmt: skip
    crm.call("twice", "2026-03-10 09:30:00")
    crm.lead("untouched", ("MQL", "2026-03-02 09:00:00"), ("SAL", "2026-03-02 10:00:00"))
    crm.lead("deal", ("MQL", "2026-03-02 09:00:00"))
    crm.add("deals", id="deal-1", lead="deal", stage="Discovery", created_at="2026-03-02 11:00:00")
    crm.lead("early", ("MQL", "2026-03-04 09:00:00"))
    crm.add("deals", id="deal-2", lead="early", stage="Discovery", created_at="2026-03-02 11:00:00")
    crm.lead("out", ("MQL", "2026-03-02 09:00:00"), ("Out", "2026-03-02 10:00:00"))
    crm.lead("too-late", ("MQL", "2026-03-02 09:00:00"), ("Out", "2026-03-06 10:00:00"))
    crm.lead("moved", ("MQL", "2026-03-02 09:00:00"), owner="B")
    crm.owned("moved", ("A", "B", "2026-03-02 09:30:00"))
    crm.call("moved", "2026-03-02 10:00:00", owner="B")
    crm.lead("left", ("MQL", "2026-12-14 09:00:00"), owner="gone")
    crm.lead("unknown", ("MQL", "2026-03-02 09:00:00"), updated_at="2026-04-01 08:00:00")
    crm.lead("malformed", ("MQL", "2026-03-02 09:00:00"), email="nobody at home", title="-")
    crm.lead("silent", ("MQL", "2026-03-02 09:00:00"), ("Rejected", "2026-03-03 09:00:00"))
    crm.lead("noon", ("MQL", "2026-03-02 09:00:00"), ("SAL", "2026-03-03 08:30:00"))
    crm.lead("odd", ("MQL", "2026-03-02 09:00:00"), ("Rejected", "2026-03-03 09:00:00"),
             reason="full_moon")  # fmt: skip
    crm.add("history", lead="odd", field="Reason", new="full_moon", at="2026-03-03 09:00:00")
    crm.lead("tomorrow", ("MQL", "2027-03-02 09:00:00"), status="Open")
    crm.contact("routed", ("Status", "MQL", "2026-06-01 09:00:00"),
                ("Owner", "A", "2026-06-01 09:20:00"), ("Owner", "B", "2026-06-01 09:40:00"),
                ("Status", "SAL", "2026-06-01 12:00:00"))  # fmt: skip
    crm.contact("kept", ("Owner", "A", "2026-05-20 08:00:00"),
                ("Status", "MQL", "2026-06-01 09:00:00"))  # fmt: skip
    crm.contact("unrouted", ("Status", "MQL", "2026-06-01 09:00:00"),
                ("Status", "SAL", "2026-06-01 12:00:00"),
                ("Owner", "A", "2026-06-02 09:00:00"))  # fmt: skip
    # Qualified again in another system, nobody knows when.
    crm.lead("again", ("MQL", "2026-06-01 09:00:00"), ("SAL", "2026-06-01 12:00:00"),
             ("Recycled", "2026-06-08 09:00:00"), ("SAL", "2026-08-03 09:00:00"))  # fmt: skip
    crm.call("again", "2026-06-01 09:30:00")
    crm.add("contacts", email="again@again.example.com", status="MQL",
            created_at="2026-06-02 08:00:00")  # fmt: skip
    for half, at in (("before", "2026-09-30 10:00:00"), ("after", "2026-10-01 10:00:00")):
        crm.lead(half, ("MQL", at))
        crm.call(half, f"{at[:10]} 10:45:00")


@pytest.fixture(scope="module")
def warehouse(
    tmp_path_factory: pytest.TempPathFactory, land_and_build: Callable[..., Path]
) -> Iterator[duckdb.DuckDBPyConnection]:
    """As of 10:00 of Tuesday, 15 December 2026, in New York."""
    crm = Crm()
    crm.add("users", id="A", name="Rep A", kind="person", active="yes")
    crm.add("users", id="B", name="Rep B", kind="person", active="yes")
    crm.add("users", id="Q", name="Queue", kind="queue", active="yes")
    crm.add("users", id="robot", name="Robot", kind="machine", active="yes")
    crm.add("users", id="gone", name="Rep G", kind="person", manager="Lead G", active="no")
    clock_cases(crm)
    bad_days(crm)
    folder = tmp_path_factory.mktemp("handoffs")
    crm.write(folder)
    path = land_and_build(
        folder, tmp_path_factory.mktemp("workspace"), UNIFIED_FUNNEL_AS_OF="2026-12-15 10:00:00-05"
    )
    with duckdb.connect(str(path), read_only=True) as connection:
        yield connection


def clocks(warehouse: duckdb.DuckDBPyConnection, lead: str, sla: str) -> list[tuple[Any, ...]]:
    return warehouse.execute(
        """
        select status, business_minutes, elapsed_minutes
        from marts.fct_sla_clocks
        where sla = ? and handoff_key like 'crm/main/' || ? || '#%'
        order by handoff_key, assignment_number
        """,
        [sla, lead],
    ).fetchall()


def handoff(warehouse: duckdb.DuckDBPyConnection, lead: str, columns: str) -> list[tuple[Any, ...]]:
    return warehouse.execute(
        f"""
        select {columns} from marts.fct_handoffs
        where person_key = 'crm/main/' || ? order by handoff_number, pass_number
        """,
        [lead],
    ).fetchall()


def test_g44_weekend_and_dst(warehouse: Any) -> None:
    assert clocks(warehouse, "G44", "reply") == [("met", 35, 3815)]


def test_g45_before_opening(warehouse: Any) -> None:
    assert clocks(warehouse, "G45", "speed") == [("met", 0, 10)]


def test_g46_holiday(warehouse: Any) -> None:
    assert clocks(warehouse, "G46", "speed") == [("met", 120, 2520)]


def test_g47_always_open(warehouse: Any) -> None:
    assert clocks(warehouse, "G47", "any_hour") == [("met", 60, 60)]


def test_g48_attainment(warehouse: Any) -> None:
    found = warehouse.execute(
        """
        select n, met, late, overdue, pending, attainment, target from marts.rpt_sla_attainment
        where sla = 'speed' and period_type = 'month' and period_start = date '2026-05-01'
            and segment = 'all'
        """
    ).fetchall()
    assert found == [(9, 6, 1, 2, 0, 6 / 9, 1.0)]
    assert clocks(warehouse, "G48-pending", "speed")[0][0] == "pending"


def test_g49_robot(warehouse: Any) -> None:
    assert clocks(warehouse, "G49", "speed") == [("late", 180, 180)]


def test_g50_reassigned(warehouse: Any) -> None:
    assert clocks(warehouse, "G50", "speed") == [("late", 140, 140)]
    assert [one[0] for one in clocks(warehouse, "G50", "reply")] == ["overdue", "met"]
    assert clocks(warehouse, "G50", "reply")[1][1] == 20
    assert handoff(
        warehouse, "G50",
        "recipient_key, recipient_kind, owner_key, reassignments, routing_minutes, rep_minutes",
    ) == [("crm/main/Q", "queue", "crm/main/A", 1, 5, 135)]  # fmt: skip
    (due,) = warehouse.execute(
        """
        select strftime(timezone('America/New_York', timezone('UTC', due_at)), '%d %H:%M')
        from marts.fct_sla_clocks where clock_key = 'crm/main/G50#1/1/reply/1'
        """
    ).fetchone()
    assert due == "02 10:05"


def test_g53_early_touch(warehouse: Any) -> None:
    assert clocks(warehouse, "G53", "speed") == [("late", 480, 1440)]


def test_g54_rejection(warehouse: Any) -> None:
    assert [one[0] for one in clocks(warehouse, "G54", "decision")] == ["overdue"]
    assert handoff(warehouse, "G54", "state") == [("rejected_without_reason",)]
    assert clocks(warehouse, "G54-week-before", "decision")[0][:2] == ("late", 600)
    assert handoff(warehouse, "G54-week-before", "decision, reason, state") == [
        ("rejected", "no_fit", "rejected")
    ]


def test_g56_completeness(warehouse: Any) -> None:
    assert handoff(
        warehouse, "G56", "is_complete, present_fields, missing_fields, present_fields_now"
    ) == [(False, 3, "phone", 4)]


def test_what_machines_and_nobody_do_stops_no_clock(warehouse: Any) -> None:
    assert clocks(warehouse, "robots", "speed")[0][0] == "overdue"
    assert handoff(warehouse, "robots", "attempts, state") == [(0, "assigned")]


def test_without_recipient_speed_to_lead_runs_and_rep_response_does_not(warehouse: Any) -> None:
    assert handoff(warehouse, "nobody", "recipient_key, owner_key") == [(None, None)]
    assert clocks(warehouse, "nobody", "speed")[0][0] == "overdue"
    assert clocks(warehouse, "nobody", "reply") == []


def test_a_queue_receives_and_owes_no_attempt(warehouse: Any) -> None:
    assert handoff(
        warehouse, "queued", "recipient_kind, agreed_recipient, chosen_by, owner_key"
    ) == [("queue", "north", "territory", None)]
    assert handoff(warehouse, "G44", "agreed_recipient, chosen_by") == [("inbound", "queue")]
    assert clocks(warehouse, "queued", "reply") == []


def test_what_is_known_by_its_day_runs_no_clock(warehouse: Any) -> None:
    assert clocks(warehouse, "day", "speed") == []
    assert handoff(warehouse, "day", "attempts") == [(1,)]


def test_a_handoff_without_a_date_ends_none(warehouse: Any) -> None:
    assert handoff(warehouse, "again", "pass_number, handed_off_date is null, attempts") == [
        (1, False, 1), (2, True, 0),
    ]  # fmt: skip
    assert clocks(warehouse, "again", "speed") == [("met", 30, 30)]


@pytest.mark.parametrize(
    ("contact", "assignments"),
    [("routed", [("A", 20), ("B", 40)]), ("kept", [("A", 0)]), ("unrouted", [])],
)
def test_a_history_without_old_values_assigns_when_it_first_names_an_owner(
    warehouse: Any, contact: str, assignments: list[tuple[str, int]]
) -> None:
    found = warehouse.execute(
        """
        select a.owner_key, date_diff('minute', h.handed_off_at, a.assigned_at)
        from intermediate.int_handoff_assignments as a
        join marts.fct_handoffs as h using (handoff_key)
        where h.person_key = 'portal/main/' || ?
        order by a.assigned_at
        """,
        [contact],
    ).fetchall()
    assert found == [(f"portal/main/{owner}", minutes) for owner, minutes in assignments]


def test_a_lead_that_comes_back_is_handed_over_twice(warehouse: Any) -> None:
    assert handoff(warehouse, "twice", "handoff_number, decision, attempts") == [
        (1, "recycled", 0), (2, "accepted", 1),
    ]  # fmt: skip
    assert warehouse.execute(
        """
        select what_next, next_decision from marts.rpt_rejected_leads
        where person_key = 'crm/main/twice'
        """
    ).fetchall() == [("accepted_later", "accepted")]


def test_accepted_but_never_touched_is_a_state_of_its_own(warehouse: Any) -> None:
    assert handoff(warehouse, "untouched", "decision, state") == [
        ("accepted", "accepted_untouched")
    ]


def test_an_opportunity_accepts(warehouse: Any) -> None:
    assert handoff(warehouse, "deal", "decision, decided_by") == [("accepted", "opportunity")]


def test_disqualified_before_due_is_void_and_afterwards_is_not(warehouse: Any) -> None:
    assert [one[0] for one in clocks(warehouse, "out", "speed")] == ["void"]
    assert [one[0] for one in clocks(warehouse, "too-late", "speed")] == ["overdue"]


def test_reassigned_before_due_is_void(warehouse: Any) -> None:
    assert [one[:2] for one in clocks(warehouse, "moved", "reply")] == [("void", 30), ("met", 30)]


def test_of_an_owner_who_left_the_manager_is_asked(warehouse: Any) -> None:
    assert warehouse.execute(
        """
        select distinct ask, has_owner_left, status from marts.rpt_handoffs_at_risk
        where person_key = 'crm/main/left' and sla = 'speed'
        """
    ).fetchall() == [("Lead G", True, "overdue")]


def test_completeness_nobody_can_know_is_not_judged(warehouse: Any) -> None:
    # The phone has a history: nothing in it, so that today's is that of then.
    assert handoff(warehouse, "unknown", "is_complete, present_fields, unknown_fields") == [
        (None, 1, 3)
    ]


def test_malformed_and_placeholder_values_are_missing(warehouse: Any) -> None:
    assert handoff(warehouse, "malformed", "is_complete, missing_fields") == [
        (False, "email, title")
    ]
    states = dict(warehouse.execute(
        """
        select field, state from intermediate.int_handoff_fields
        where handoff_key = 'crm/main/malformed#1/1'
        """
    ).fetchall())  # fmt: skip
    assert states == {
        "email": "malformed", "title": "placeholder", "phone": "present", "company": "present",
    }  # fmt: skip


def test_rejected_without_reason_owes_one(warehouse: Any) -> None:
    assert handoff(warehouse, "silent", "decision, state") == [
        ("rejected", "rejected_without_reason")
    ]
    assert clocks(warehouse, "silent", "decision")[0][0] == "overdue"


def test_no_time_passes_outside_business_hours(warehouse: Any) -> None:
    # Due at 17:00 of Monday, accepted before Tuesday opens: 480 of 480 minutes.
    assert clocks(warehouse, "noon", "decision")[0][:2] == ("met", 480)


def test_a_clock_keeps_the_target_of_its_start(warehouse: Any) -> None:
    assert clocks(warehouse, "before", "reply")[0][:2] == ("met", 45)
    assert clocks(warehouse, "after", "reply")[0][:2] == ("late", 45)


def test_delivered_counts_complete_handoffs_once_a_pass_against_the_pace(warehouse: Any) -> None:
    found = warehouse.execute(
        """
        select period_start, actual, target, round(pace, 3), status from marts.fct_sla_clocks
        where sla = 'delivered' and period_start in (date '2026-05-01', date '2026-12-01',
            date '2026-03-01') order by period_start
        """
    ).fetchall()
    march = warehouse.execute(
        """
        select count(*) from marts.fct_handoffs
        where is_complete and handed_off_date between date '2026-03-01' and date '2026-03-31'
            and handoff_number = 1
        """
    ).fetchone()[0]
    assert [one[1] for one in found] == [march, 9, 4]
    assert [one[4] for one in found] == ["met", "met", "pending"]
    # 11 of 23 business days of December are over.
    assert found[2][3] == round(5 * 11 / 23, 3)


def test_every_handoff_is_counted_once_in_acceptance(warehouse: Any) -> None:
    assert warehouse.execute(
        """
        select handoffs = accepted + rejected + recycled + disqualified + never_decided + undecided
        from marts.rpt_handoff_acceptance where period_type = 'all' and segment = 'all'
        """
    ).fetchall() == [(True,)]


def test_what_is_odd_is_a_finding_with_a_name_and_stays(warehouse: Any) -> None:
    found = {
        (finding, key.removeprefix("crm/main/"))
        for finding, key in warehouse.execute(
            "select finding, record_key from quality.findings"
        ).fetchall()
    }
    assert {
        ("reason_not_agreed", "odd#1/1"),
        ("handoff_owner_left", "left#1/1"),
        ("handoff_in_unread_queue", "queued#1/1"),
        ("handoff_without_recipient", "nobody#1/1"),
        ("handoff_without_time", "day#1/1"),
        ("decision_before_handoff", "early#1/1"),
        ("calendar_without_hours", "version 1/closed"),
        ("holiday_changes_nothing", "version 2/office/2026-07-04"),
    } <= found
    assert len([one for one in found if one[0] == "attempt_without_owner"]) == 1
    assert [one for one in found if one[0] == "dated_in_the_future"]
    # It is no hand-off until its day comes; its row is kept.
    assert handoff(warehouse, "tomorrow", "state") == []
    assert handoff(warehouse, "early", "decision, decided_by") == [("accepted", "opportunity")]
    assert clocks(warehouse, "early", "decision")[0][:2] == ("met", 0)
    assert handoff(warehouse, "odd", "reason, state") == [("full_moon", "rejected")]
