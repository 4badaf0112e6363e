"""What the warehouse gets to see of an agreement."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from ingestion.agreement import read_agreement, tables
from ingestion.agreement.tables import SCHEMAS

if TYPE_CHECKING:
    from collections.abc import Callable


def rows(found: dict[str, pa.Table], name: str, *columns: str) -> list[Any]:
    listed = found[name].select(columns).to_pylist()
    return [tuple(row.values()) for row in listed]


def test_every_table_has_its_columns_and_begins_with_the_version(
    base: str, written: Callable[[str], str]
) -> None:
    found = tables(read_agreement(written(base)))
    assert list(found) == list(SCHEMAS)
    assert {table.schema.names[0] for table in found.values()} == {"version"}
    assert found["slas"].schema.names == [
        "version",
        "sla",
        "label",
        "team",
        "metric",
        "target",
        "target_unit",
        "period",
        "clock_start",
        "clock_stop",
        "calendar",
        "segment",
        "segment_value",
        "attainment_target",
    ]
    assert found["settings"].schema.field("expiry_days").type == pa.int32()
    assert found["holidays"].schema.field("holiday_date").type == pa.date32()


def test_criteria_are_one_row_a_value(base: str, written: Callable[[str], str]) -> None:
    text = base.replace("status: [marketing_qualified]", "status: [qualified, hot]")
    found = tables(read_agreement(written(text)))
    assert rows(found, "criteria", *found["criteria"].schema.names[1:]) == [
        ("stage", "qualified", 1, None, "status", "in", "qualified", None),
        ("stage", "qualified", 1, None, "status", "in", "hot", None),
        ("stage", "qualified", 2, "marketing", "score", "at_least", None, 60.0),
        ("stage", "won", 1, None, "opportunity_outcome", "in", "won", None),
        ("exit", "lost", 1, None, "opportunity_outcome", "in", "lost", None),
    ]


def test_mql_is_the_hand_off_unless_another_stage_is(
    base: str, written: Callable[[str], str]
) -> None:
    assert rows(tables(read_agreement(written(base))), "stage_roles", "stage", "role") == [
        ("qualified", "marketing_qualified"),
        ("qualified", "hand_off"),
        ("won", "won"),
    ]
    text = base.replace("roles: [won]", "roles: [won, hand_off]")
    text = text.replace("clock_start: stage:qualified", "clock_start: role:hand_off")
    found = tables(read_agreement(written(text)))
    assert rows(found, "stage_roles", "stage", "role") == [
        ("qualified", "marketing_qualified"),
        ("won", "won"),
        ("won", "hand_off"),
    ]
    assert rows(found, "slas", "clock_start") == [("stage:won",)]


def test_a_clock_takes_what_is_usual_for_its_metric(
    base: str, written: Callable[[str], str]
) -> None:
    text = base.replace("          clock_start: stage:qualified\n          calendar: office\n", "")
    columns = ("team", "target_unit", "clock_start", "clock_stop", "calendar", "attainment_target")
    assert rows(tables(read_agreement(written(text))), "slas", *columns) == [
        ("sales", "minutes", "stage:qualified", "first_attempt", "office", 1.0)
    ]


def test_calendars(base: str, written: Callable[[str], str]) -> None:
    text = base.replace("mon-fri: 09:00-17:00", "mon: 09:00-12:00, 13:00-24:00")
    found = tables(read_agreement(written(text)))
    assert rows(found, "calendars", "calendar", "time_zone", "zone_of", "is_always_open") == [
        ("office", "America/New_York", "calendar", False)
    ]
    assert rows(found, "calendar_hours", "weekday", "opens", "closes") == [
        (1, "09:00", "12:00"),
        (1, "13:00", "24:00"),
    ]
    assert rows(found, "holidays", "holiday_date", "name") == [
        (date(2024, 12, 25), "Christmas Day")
    ]


def test_traits_rules_and_territories(base: str, written: Callable[[str], str]) -> None:
    text = (
        base
        + """\
    qualification:
      agreed:
        qualifies: [{field: score, at_least: 60}]
        disqualifies: [{field: account.employees, at_most: 9, description: Too small}]
    buyer_profiles:
      agreed:
        label: Ours
        traits:
          - {field: account.employees, at_least: 50, at_most: 500, weight: 2}
          - {field: person.country, any_of: [US, CA]}
      good_customer: [{field: retained_months, at_least: 12}]
    hand_off:
      recipients:
        - key: north
          label: North
          kind: territory
          territory: {field: person.country, any_of: [US, CA]}
"""
    )
    found = tables(read_agreement(written(text)))
    names = ("team", "kind", "rule_number", "field", "operator", "value", "threshold")
    assert rows(found, "qualification_rules", *names, "description") == [
        ("agreed", "qualifies", 1, "score", "at_least", None, 60.0, None),
        ("agreed", "disqualifies", 1, "account.employees", "at_most", None, 9.0, "Too small"),
    ]
    assert rows(found, "profile_traits", *found["profile_traits"].schema.names[1:]) == [
        ("agreed", 1, "account", "employees", "between", None, 50.0, 500.0, 2.0),
        ("agreed", 2, "person", "country", "in", "US", None, None, 1.0),
        ("agreed", 2, "person", "country", "in", "CA", None, None, 1.0),
    ]
    assert rows(found, "customer_definitions", "kind", "field", "threshold") == [
        ("good", "retained_months", 12.0)
    ]
    assert rows(found, "recipients", "recipient", "kind", "territory_field", "territory_value") == [
        ("north", "territory", "person.country", "US"),
        ("north", "territory", "person.country", "CA"),
    ]


def test_a_small_agreement_gets_the_defaults(base: str, written: Callable[[str], str]) -> None:
    cut = base[: base.index("    slas:")] + base[base.index("    reporting:") :]
    found = tables(read_agreement(written(cut)))
    assert rows(found, "calendars", "calendar", "time_zone") == [
        ("business_hours", "America/New_York")
    ]
    assert rows(found, "calendar_hours", "weekday") == [(1,), (2,), (3,), (4,), (5,)]
    settings = found["settings"].to_pylist()
    assert [name for name, value in settings[0].items() if value is None] == ["expiry_days"]
    assert found["slas"].num_rows == 0


def test_all_versions_are_in_every_table(
    base: str, second: str, written: Callable[[str], str]
) -> None:
    found = tables(read_agreement(written(base + second)))
    assert rows(found, "versions", "version", "effective_from", "note") == [
        (1, date(2024, 1, 1), None),
        (2, date(2024, 7, 1), "Faster."),
    ]
    assert rows(found, "stages", "version", "stage", "stage_rank") == [
        (1, "qualified", 10),
        (1, "won", 20),
        (2, "qualified", 10),
        (2, "won", 20),
    ]
    digests = found["versions"].column("digest").to_pylist()
    assert len(set(digests)) == 2


def test_a_dropped_stage_stays_with_the_stage_that_takes_over(
    base: str, second: str, written: Callable[[str], str]
) -> None:
    text = base + second.replace("team: sales, roles: [won]", "team: sales, moves_to: qualified")
    found = tables(read_agreement(written(text)))
    assert rows(found, "stages", "version", "stage", "moves_to")[2:] == [
        (2, "qualified", None),
        (2, "won", "qualified"),
    ]


def test_a_later_version_may_reuse_a_part_of_an_earlier_one(
    base: str, second: str, written: Callable[[str], str]
) -> None:
    text = base.replace("    calendars:\n", "    calendars: &calendars\n")
    found = tables(read_agreement(written(text + second + "    calendars: *calendars\n")))
    assert rows(found, "calendars", "version", "calendar") == [(1, "office"), (2, "office")]
