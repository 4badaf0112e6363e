"""Scorecards over three days of one company: open, closed, and what late data make of them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
import pytest

from ingestion.closings import land_scorecards, read_scorecards
from ingestion.landing import Landing
from orchestration.closings import close_periods

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

AGREEMENT = """
name: scorecards
versions:
  - version: 1
    effective_from: 2024-01-01
    signed: &signed
      marketing: {by: Head of Marketing, date: 2023-12-14}
      sales: {by: Head of Sales, date: 2023-12-14}
    stages: &stages
      - {key: mql, label: MQL, rank: 20, team: marketing, roles: [marketing_qualified],
         entered_when: [{status: [mql]}]}
      - {key: sal, label: SAL, rank: 30, team: sales, roles: [accepted],
         entered_when: [{status: [sal]}]}
      - {key: won, label: Won, rank: 60, team: sales, roles: [won],
         entered_when: [{opportunity_outcome: [won]}]}
    exits: &exits
      - {key: lost, label: Lost, team: sales, left_when: [{opportunity_outcome: [lost]}]}
    hand_off: &hand_off
      required_fields: [{field: email, label: E-mail, format: email}]
      recipients: [{key: inbound, label: Inbound, kind: queue, owner: Head of Inbound}]
      contacts: [{question: Why?, contact: Demand Generation, team: marketing}]
    slas: &slas
      marketing:
        - {key: delivered, label: Delivered, metric: handoffs_delivered, target: 1, period: month}
      sales:
        - {key: decision, label: Decision, metric: decision, target: 480, period: month}
    reporting:
      {time_zone: America/New_York, currency: USD, minimum_sample_size: 1,
       closing_grace_business_days: 0, targets: &targets
         [{team: sales, metric: won_opportunities, period: month, value: 1}]}
  - version: 2
    effective_from: 2026-03-16
    note: Two business days of grace.
    signed: *signed
    stages: *stages
    exits: *exits
    hand_off: *hand_off
    slas: *slas
    reporting:
      {time_zone: America/New_York, currency: USD, minimum_sample_size: 1,
       closing_grace_business_days: 2, targets: *targets}
"""

MAPPING = """
name: scorecards
title: A deal that comes back
source_time_zone: America/New_York
reporting_time_zone: America/New_York
agreement: agreement.yml
outcomes: won_and_lost
files:
  - {file: leads.csv, system: crm, entity: persons, load: full, exported_at: 2026-04-03, key: id,
     columns: {email: email, status: {column: status, map: &statuses {Open: open, MQL: mql,
       SAL: sal}}, created_at: created_at, updated_at: updated_at}}
  - {file: history.csv, system: crm, entity: field_changes, load: full, exported_at: 2026-04-03,
     key: id, columns: {record_entity: {value: persons}, changed_record_id: lead,
       field: {value: status}, old_value: {column: old, map: *statuses},
       new_value: {column: new, map: *statuses}, changed_at: at}}
  - {file: deals.csv, system: crm, entity: opportunities, load: full, exported_at: 2026-04-03,
     key: id, columns: {person_id: lead, stage: {column: stage, map: &deals {Open: proposal,
       Won: closed_won, Lost: closed_lost}},
       is_closed: {column: stage, map: {Open: "false", Won: "true", Lost: "true"}},
       is_won: {column: stage, map: {Open: "false", Won: "true", Lost: "false"}},
       amount: amount, created_at: created_at, closed_at: closed_at}}
  - {file: stages.csv, system: crm, entity: field_changes, load: full, exported_at: 2026-04-03,
     key: id, columns: {record_entity: {value: opportunities}, changed_record_id: deal,
       field: {value: stage}, old_value: {column: old, map: *deals},
       new_value: {column: new, map: *deals}, changed_at: at}}
"""

FILES = {
    "leads": """id,email,status,created_at,updated_at
L1,l1@l1.example.com,SAL,2026-02-02 09:00:00,2026-02-02 09:00:00
L2,l2@l2.example.com,SAL,2026-02-02 09:00:00,2026-02-02 09:00:00
""",
    # Accepted in time, and three days late.
    "history": """id,lead,old,new,at
1,L1,Open,MQL,2026-02-02 10:00:00
2,L1,MQL,SAL,2026-02-02 11:00:00
3,L2,Open,MQL,2026-02-02 10:00:00
4,L2,MQL,SAL,2026-02-05 11:00:00
""",
    "deals": """id,lead,stage,amount,created_at,closed_at
G13,L1,Won,50000,2026-02-03 09:00:00,2026-03-20
""",
    "stages": """id,deal,old,new,at
1,G13,Open,Lost,2026-02-10 10:00:00
2,G13,Lost,Open,2026-03-01 10:00:00
3,G13,Open,Won,2026-03-20 10:00:00
""",
}

FEBRUARY, MARCH = date(2026, 2, 1), date(2026, 3, 1)
# The ends of 28 February and of 2 April in New York.
FROZEN_FEBRUARY, FROZEN_MARCH = datetime(2026, 3, 1, 5), datetime(2026, 4, 3, 4)
COLUMNS = (
    "team, metric, period_type, period_start, kind, target, actual, n, status, previous_actual,"
    " change, frozen_at, agreement_version"
)

Rows = list[tuple[Any, ...]]


class Company:
    """Its scorecards as of a day; what is built freezes as a publication does."""

    def __init__(self, folder: Path, workspace: Path, build: Callable[..., Path]) -> None:
        self.landing = Landing(workspace / "landing")
        self.warehouse = workspace / "warehouse.duckdb"
        self._folder, self._workspace, self._build = folder, workspace, build

    def look(self, as_of: str, models: str = "+rpt_scorecards", **environment: str) -> Rows:
        """Return the scorecards of a build of these models."""
        self._build(
            self._folder,
            self._workspace,
            arguments=["--select", models, "--exclude-resource-type", "test"],
            UNIFIED_FUNNEL_AS_OF=as_of,
            **environment,
        )
        return self._read(f"select {COLUMNS} from marts.rpt_scorecards order by all")

    def close(self) -> list[int]:
        """Return how many figures closing what is built froze, once and once more."""
        return [close_periods(self.warehouse, self.landing) for _ in range(2)]

    def known(self) -> datetime:
        """When the last load was extracted that the build knows."""
        known: datetime = self._read("select loads_until from ops.run_context")[0][0]
        return known.replace(tzinfo=UTC)

    def _read(self, query: str) -> Rows:
        with duckdb.connect(str(self.warehouse), read_only=True) as connection:
            return connection.execute(query).fetchall()


@pytest.fixture(scope="module")
def days(
    tmp_path_factory: pytest.TempPathFactory, land_and_build: Callable[..., Path]
) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("scorecards")
    (folder / "agreement.yml").write_text(AGREEMENT)
    (folder / "mapping.yml").write_text(MAPPING)
    for name, text in FILES.items():
        (folder / f"{name}.csv").write_text(text)
    company = Company(folder, tmp_path_factory.mktemp("workspace"), land_and_build)
    found: dict[str, Any] = {"2026-02-28": (company.look("2026-02-28"), company.close())}
    company.warehouse.unlink()
    found["2026-03-31"] = company.look("2026-03-31"), company.close()
    # Nothing happens in these two days: all that is before the periods is as it was.
    periods = "int_scorecard_periods+"
    found["2026-04-02"] = company.look("2026-04-02", periods), company.close()
    landed = read_scorecards(company.landing)
    found["landed"] = landed.to_pylist()
    # Frozen by a run that knew of one load more.
    more = landed.slice(0, 1).set_column(1, "metric", pa.array(["more"]))
    land_scorecards(company.landing, more, company.known() + timedelta(hours=1))
    until = (company.known() + timedelta(microseconds=1)).isoformat()
    found["back"] = company.look("2026-03-31", periods, UNIFIED_FUNNEL_LOADS_UNTIL=until)
    return found


def of(days: Any, day: str, metric: str, period_type: str = "month") -> Rows:
    """(period_start, kind, actual, status) of a metric."""
    return [
        (row[3], row[4], row[6], row[8])
        for row in days[day][0]
        if (row[1], row[2]) == (metric, period_type)
    ]


def test_g13_reopened(days: Any) -> None:
    assert of(days, "2026-02-28", "lost") == [(FEBRUARY, "frozen", 1, None)]
    assert of(days, "2026-02-28", "won") == [(FEBRUARY, "frozen", 0, "missed")]
    assert of(days, "2026-03-31", "won") == [
        (FEBRUARY, "frozen", 0, "missed"), (MARCH, "current", 1, "met"),
    ]  # fmt: skip
    assert of(days, "2026-03-31", "lost") == [
        (FEBRUARY, "frozen", 1, None), (FEBRUARY, "restated", 0, None), (MARCH, "current", 0, None),
    ]  # fmt: skip


def test_a_period_in_grace_is_open_and_closes_after_its_last_day(days: Any) -> None:
    assert of(days, "2026-04-02", "won") == [
        (FEBRUARY, "frozen", 0, "missed"), (MARCH, "frozen", 1, "met"),
        (date(2026, 4, 1), "current", 0, "running"),
    ]  # fmt: skip
    # The quarter ends with March.
    for day, kind in (("2026-03-31", "current"), ("2026-04-02", "frozen")):
        assert of(days, day, "won", "quarter")[0] == (date(2026, 1, 1), kind, 1, None)


def test_a_rebuild_keeps_what_is_frozen(days: Any) -> None:
    frozen = [
        [row for row in days[day][0] if row[3] == FEBRUARY and row[4] == "frozen"]
        for day in ("2026-02-28", "2026-03-31", "2026-04-02")
    ]
    assert len(frozen[0]) == 4
    assert frozen[0] == frozen[1] == frozen[2]
    assert {row[11] for row in frozen[0]} == {FROZEN_FEBRUARY}


def test_what_is_frozen_lands_once(days: Any) -> None:
    # Four metrics of February; the same of March, and three of the quarter.
    assert [days[day][1] for day in ("2026-02-28", "2026-03-31", "2026-04-02")] == [
        [4, 0], [0, 0], [7, 0],
    ]  # fmt: skip
    keys = [
        (row["team"], row["metric"], row["period_type"], row["period_start"])
        for row in days["landed"]
    ]
    assert len(keys) == len(set(keys)) == 11
    assert {row["frozen_at"] for row in days["landed"]} == {FROZEN_FEBRUARY, FROZEN_MARCH}


def test_looking_back_shows_what_was_shown(days: Any) -> None:
    assert days["back"] == days["2026-03-31"][0]


def test_an_sla_is_a_row_with_its_target_and_trend(days: Any) -> None:
    found = [row for row in days["2026-04-02"][0] if row[1] in ("decision", "delivered")]
    assert [row for row in found if row[2:4] == ("month", FEBRUARY)] == [
        ("marketing", "delivered", "month", FEBRUARY, "frozen", 1, 2, 2, "met", None, None,
         FROZEN_FEBRUARY, 1),
        ("sales", "decision", "month", FEBRUARY, "frozen", 1, 0.5, 2, "missed", None, None,
         FROZEN_FEBRUARY, 1),
    ]  # fmt: skip
    # Nothing was handed over in March: nothing to judge is no failure, nothing delivered is one.
    assert [row for row in found if row[2:4] == ("month", MARCH)] == [
        ("marketing", "delivered", "month", MARCH, "frozen", 1, 0, 0, "missed", 2, -2,
         FROZEN_MARCH, 1),
        ("sales", "decision", "month", MARCH, "frozen", 1, None, 0, None, 0.5, None,
         FROZEN_MARCH, 1),
    ]  # fmt: skip
