"""Scorecards over three days of one company: open, closed, and what late data make of them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
import pytest

from ingestion.agreement import read_agreement, scorecard_metrics
from ingestion.agreement.reporting import TARGET_METRICS
from ingestion.closings import land_scorecards, read_scorecards
from ingestion.landing import Landing, Manifest
from ingestion.review import land_actions, read_actions
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
       closing_grace_business_days: 0, targets:
         [{team: sales, metric: won_opportunities, period: month, value: 1},
          {team: sales, metric: won_value, period: month, value: 40000},
          {team: sales, metric: win_rate, period: month, value: 0.5},
          {team: marketing, metric: pipeline_created, period: month, value: 40000},
          {team: marketing, metric: won_value, period: month, value: 60000},
          {team: marketing, metric: stage:mql, period: month, value: 4}]}
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
       closing_grace_business_days: 2, targets:
         [{team: sales, metric: won_opportunities, period: month, value: 3},
          {team: marketing, metric: stage:sal, period: month, value: 1}]}
"""

# Nobody accepts any more: who stood in that stage counts as marketing's.
WITHOUT_ACCEPTANCE = """
  - version: 3
    effective_from: 2026-04-01
    note: No acceptance.
    signed: *signed
    stages:
      - {key: mql, label: MQL, rank: 20, team: marketing, roles: [marketing_qualified],
         entered_when: [{status: [mql]}]}
      - {key: sal, label: SAL, rank: 30, team: sales, moves_to: mql}
      - {key: won, label: Won, rank: 60, team: sales, roles: [won],
         entered_when: [{opportunity_outcome: [won]}]}
    exits: *exits
    hand_off: *hand_off
    slas: {marketing: [{key: delivered, label: Delivered, metric: handoffs_delivered, target: 1,
      period: month}]}
    reporting:
      {time_zone: America/New_York, currency: USD, minimum_sample_size: 1,
       closing_grace_business_days: 2}
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
# A deal a year before, in a data set that holds no lost ones.
WON_DEALS = FILES | {
    "deals": """id,lead,stage,amount,created_at,closed_at
old,L2,Won,20000,2025-03-01 09:00:00,2025-03-11
new,L1,Won,50000,2026-02-03 09:00:00,2026-03-20
""",
    "stages": "id,deal,old,new,at\n",
}

# Under the grace that is in force February has closed on 4 March.
ACTIONS = """
actions:
  - {key: lose_none, decided_on: 2026-03-04, what: Look twice., team: sales, owner: Head of Sales,
     due: 2026-03-31, metric: {key: lost, team: sales, period: month}, expected: {change: -1},
     state: done, done_on: 2026-04-02}
  - {key: win_more, decided_on: 2026-03-04, what: Offer more., team: sales, owner: Head of Sales,
     due: 2026-04-02, metric: {key: won, team: both, period: month}, expected: {change: 2}}
  - {key: too_early, decided_on: 2026-03-03, what: Call., team: sales, owner: Head of Sales,
     due: 2026-04-03, metric: {key: won, team: sales, period: month}, expected: {change: 1},
     state: done, done_on: 2026-04-03}
  - {key: more_leads, decided_on: 2026-04-01, what: Write., team: marketing, due: 2026-04-01,
     owner: Head of Marketing, metric: {key: stage:mql, team: marketing, period: month},
     expected: {at_least: 5}, state: dropped}
  - {key: tomorrow, decided_on: 2026-04-03, what: Wait., team: sales, owner: Head of Sales,
     due: 2026-05-01, metric: {key: won, team: sales, period: month}, expected: {at_most: 0}}
"""

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
        self.folder, self._workspace, self._build = folder, workspace, build

    def write(self, files: dict[str, str], outcomes: str = "won_and_lost") -> None:
        """Write its exports."""
        (self.folder / "agreement.yml").write_text(AGREEMENT)
        mapping = MAPPING.replace("outcomes: won_and_lost", f"outcomes: {outcomes}")
        (self.folder / "mapping.yml").write_text(mapping)
        for name, text in files.items():
            (self.folder / f"{name}.csv").write_text(text)

    def look(self, as_of: str, models: str = "+rpt_scorecards", **environment: str) -> Rows:
        """Return the scorecards of a build of these models."""
        self._build(
            self.folder,
            self._workspace,
            arguments=["--select", models, "--exclude-resource-type", "test"],
            UNIFIED_FUNNEL_AS_OF=as_of,
            **environment,
        )
        return self.read(f"select {COLUMNS} from marts.rpt_scorecards order by all")

    def decide(self) -> None:
        """Land what its reviews decided."""
        path = self.folder / "review_actions.yml"
        path.write_text(ACTIONS)
        agreement = read_agreement(self.folder / "agreement.yml")
        land_actions(self.landing, read_actions(path, agreement), agreement.name, str(path))

    def actions(self) -> dict[str, tuple[Any, ...]]:
        """Return what came of each action that is known."""
        rows = self.read(
            "select action_key, state, is_overdue, cast(base_period_start as varchar), base_value,"
            " cast(latest_period_start as varchar), latest_value, change, is_after_due,"
            " is_as_expected from marts.fct_review_actions"
        )
        return {row[0]: row[1:] for row in rows}

    def close(self) -> list[int]:
        """Return how many figures closing what is built froze, once and once more."""
        return [close_periods(self.warehouse, self.landing) for _ in range(2)]

    def known(self) -> datetime:
        """When the last load was extracted that the build knows."""
        known: datetime = self.read("select loads_until from ops.run_context")[0][0]
        return known.replace(tzinfo=UTC)

    def read(self, query: str) -> Rows:
        with duckdb.connect(str(self.warehouse), read_only=True) as connection:
            return connection.execute(query).fetchall()


@pytest.fixture(scope="module")
def days(
    tmp_path_factory: pytest.TempPathFactory, land_and_build: Callable[..., Path]
) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("scorecards")
    company = Company(folder, tmp_path_factory.mktemp("workspace"), land_and_build)
    company.write(FILES)
    found: dict[str, Any] = {"2026-02-28": (company.look("2026-02-28"), company.close())}
    company.warehouse.unlink()
    found["2026-03-31"] = company.look("2026-03-31"), company.close()
    # Nothing happens in these two days: all that is before the periods is as it was.
    periods = "int_scorecard_periods+"
    company.decide()
    found["2026-04-02"] = company.look("2026-04-02", periods), company.close()
    found["actions"] = company.actions()
    landed = read_scorecards(company.landing)
    found["landed"] = landed.to_pylist()
    # Frozen by a run that knew of one load more.
    more = landed.slice(0, 1).set_column(1, "metric", pa.array(["more"]))
    land_scorecards(company.landing, more, company.known() + timedelta(hours=1))
    until = (company.known() + timedelta(microseconds=1)).isoformat()
    found["back"] = company.look("2026-03-31", periods, UNIFIED_FUNNEL_LOADS_UNTIL=until), []
    found["actions_back"] = company.actions()
    company.warehouse.unlink()
    found["rebuilt"] = company.look("2026-04-02", UNIFIED_FUNNEL_LOADS_UNTIL=until), []
    (folder / "agreement.yml").write_text(AGREEMENT + WITHOUT_ACCEPTANCE)
    found["dropped"] = company.look("2026-04-02"), []
    return found


@pytest.fixture(scope="module")
def won_only(
    tmp_path_factory: pytest.TempPathFactory, land_and_build: Callable[..., Path]
) -> Company:
    """As of 2 April, with the project's own test of the scorecards."""
    company = Company(
        tmp_path_factory.mktemp("won"), tmp_path_factory.mktemp("workspace"), land_and_build
    )
    company.write(WON_DEALS, "won_only")
    company.look("2026-04-02")
    return company


def of(days: Any, day: str, metric: str, period_type: str = "month", team: str = "sales") -> Rows:
    """(period_start, kind, actual, status) of a metric."""
    return [
        (row[3], row[4], row[6], row[8])
        for row in days[day][0]
        if row[:3] == (team, metric, period_type)
    ]


def against(days: Any, day: str, team: str, metric: str, month: date) -> tuple[Any, ...]:
    """(target, actual, status) of a metric in a month, as it is known to whoever looks."""
    (found,) = [
        (row[5], row[6], row[8])
        for row in days[day][0]
        if row[:4] == (team, metric, "month", month) and row[4] != "restated"
    ]
    return found


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
    assert len(frozen[0]) == 48
    assert frozen[0] == frozen[1] == frozen[2]
    assert {row[11] for row in frozen[0]} == {FROZEN_FEBRUARY}


def test_what_is_frozen_lands_once(days: Any) -> None:
    # All metrics of February; the same of March, and of the quarter all but the monthly volume.
    assert [days[day][1] for day in ("2026-02-28", "2026-03-31", "2026-04-02")] == [
        [48, 0], [0, 0], [95, 0],
    ]  # fmt: skip
    keys = [
        (row["team"], row["metric"], row["period_type"], row["period_start"])
        for row in days["landed"]
    ]
    assert len(keys) == len(set(keys)) == 143
    assert {row["frozen_at"] for row in days["landed"]} == {FROZEN_FEBRUARY, FROZEN_MARCH}


def test_looking_back_shows_what_was_shown(days: Any) -> None:
    assert days["back"][0] == days["2026-03-31"][0]


def test_what_came_of_what_a_review_decided(days: Any) -> None:
    assert days["actions"] == {
        # February as it was frozen, with the deal that is lost no more.
        "lose_none": ("done", False, "2026-02-01", 1, "2026-03-01", 0, -1, True, True),
        # Due today is overdue at the end of the day; March ended before.
        "win_more": ("open", True, "2026-02-01", 0, "2026-03-01", 1, 1, False, False),
        # February had ended and was not closed; of January nothing is known. Done tomorrow: open.
        "too_early": ("open", False, "2026-01-01", None, "2026-03-01", 1, None, False, None),
        # Nothing has ended since: April so far.
        "more_leads": ("dropped", False, "2026-02-01", 2, "2026-04-01", 0, -2, False, False),
    }  # fmt: skip


def test_looking_back_shows_what_was_decided_by_then(days: Any) -> None:
    back = days["actions_back"]
    assert {key: row[:2] for key, row in back.items()} == {
        "lose_none": ("open", True), "win_more": ("open", False), "too_early": ("open", False),
    }  # fmt: skip
    # March has ended with that day.
    assert back["lose_none"][4:] == ("2026-03-01", 0, -1, True, True)


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


def test_scorecards_survive_a_rebuild_from_the_landing(days: Any) -> None:
    frozen = [
        [row for row in days[day][0] if row[4] in ("frozen", "restated")]
        for day in ("2026-04-02", "rebuilt")
    ]
    assert len(frozen[0]) > 143
    assert frozen[0] == frozen[1]


def test_each_kind_of_target_is_met_by_a_figure(days: Any) -> None:
    found = {
        (team, metric): against(days, "2026-02-28", team, metric, FEBRUARY)
        for team, metric in (
            ("sales", "won"), ("sales", "won_value"), ("sales", "win_rate"),
            ("marketing", "pipeline_created"), ("marketing", "stage:mql"),
        )
    }  # fmt: skip
    assert found == {
        ("sales", "won"): (1, 0, "missed"), ("sales", "won_value"): (40000, 0, "missed"),
        ("sales", "win_rate"): (0.5, 0, "missed"),
        ("marketing", "pipeline_created"): (40000, 50000, "met"),
        ("marketing", "stage:mql"): (4, 2, "missed"),
    }  # fmt: skip
    targets = {(team, metric) for team, metric, *_ in days["2026-02-28"][0]}
    assert {metric for _, metric in targets} >= set(TARGET_METRICS) - {"won_opportunities"}


def test_both_are_to_reach_the_most_that_one_of_them_promised(days: Any) -> None:
    assert against(days, "2026-03-31", "both", "won_value", MARCH) == (60000, 50000, "missed")
    assert against(days, "2026-03-31", "sales", "won_value", MARCH) == (40000, 50000, "met")


def test_a_changed_target_applies_from_the_next_period(days: Any) -> None:
    # Version 2 is in force from 16 March on.
    assert against(days, "2026-04-02", "sales", "won", MARCH) == (1, 1, "met")
    assert against(days, "2026-04-02", "sales", "won", date(2026, 4, 1)) == (3, 0, "running")
    assert against(days, "2026-04-02", "marketing", "stage:sal", MARCH) == (None, 0, None)
    assert against(days, "2026-04-02", "marketing", "stage:sal", date(2026, 4, 1))[0] == 1


def test_conversion_counts_who_arrived_and_velocity_how_long_they_took(days: Any) -> None:
    assert of(days, "2026-04-02", "conversion:mql:sal", team="both")[0][2] == 1
    # One hour, and three days and one hour.
    assert of(days, "2026-04-02", "velocity:mql:sal", team="both")[0][2] == pytest.approx(
        (1 + 73) / 2 / 24
    )
    # Who entered in February and won in March is a conversion of March, which had no MQL.
    assert of(days, "2026-04-02", "velocity:mql:won", team="both") == [
        (FEBRUARY, "frozen", None, None), (MARCH, "frozen", 46, None),
        (date(2026, 4, 1), "current", None, "running"),
    ]  # fmt: skip


def test_a_stage_that_the_agreement_drops_restates_nothing(days: Any) -> None:
    before = days["2026-04-02"][0]
    rows = [row for row in days["dropped"][0] if row[1] != "more"]
    frozen = [row for row in before if row[4] == "frozen"]
    assert [row for row in rows if row[4] == "frozen"] == frozen
    dropped = {row[1] for row in before} - {row[1] for row in rows if row[4] == "current"}
    assert {"stage:sal", "conversion:mql:sal", "velocity:sal:won"} <= dropped
    kept = [row for row in rows if row[1] in dropped and row[4] != "frozen"]
    assert not [row for row in kept if row[1].split(":")[0] in ("stage", "conversion", "velocity")]


def test_the_year_before_stands_beside_the_period_before(won_only: Company) -> None:
    assert won_only.read(
        "select metric, label, unit, actual, previous_actual, year_before_actual, year_change"
        " from marts.rpt_scorecards where team = 'sales' and period_type = 'month'"
        " and period_start = '2026-03-01' and metric in ('won', 'won_value') order by 1"
    ) == [
        ("won", "Opportunities won", "count", 1, 0, 1, 0),
        ("won_value", "Won value", "currency", 50000, 0, 20000, 30000),
    ]
    assert won_only.read(
        "select cast(period_start as varchar), year_before_actual from marts.rpt_scorecards"
        " where team = 'sales' and period_type = 'quarter' and metric = 'won'"
        " and year_before_actual is not null order by 1"
    ) == [("2026-01-01", 1), ("2026-04-01", 0)]


def test_won_ones_alone_tell_no_rate(won_only: Company) -> None:
    found = {row[0] for row in won_only.read("select distinct metric from marts.rpt_scorecards")}
    assert not found & {"lost", "win_rate", "win_rate_by_value", "pipeline_velocity"}
    assert {"won", "won_value", "mean_won_value", "pipeline_created"} <= found


def test_what_stands_on_scorecards_is_what_the_agreement_tells(
    days: Any, won_only: Company
) -> None:
    known = set(scorecard_metrics(read_agreement(won_only.folder / "agreement.yml")))
    assert {(row[0], row[1]) for row in days["2026-04-02"][0]} == known


def test_what_froze_before_there_were_labels_has_them(
    tmp_path: Path, land_and_build: Callable[..., Path]
) -> None:
    """The first publications landed fewer columns; nothing that froze is ever written again."""
    company = Company(tmp_path, tmp_path / "workspace", land_and_build)
    company.write(FILES)
    first = pa.table(
        {"team": ["sales"], "metric": ["won"], "period_type": ["month"],
         "period_start": [FEBRUARY], "target": [1.0], "actual": [7.0], "attainment": [7.0],
         "n": [7], "mean_minutes": pa.nulls(1, pa.float64()),
         "median_minutes": pa.nulls(1, pa.float64()), "status": ["met"],
         "previous_actual": pa.nulls(1, pa.float64()), "change": pa.nulls(1, pa.float64()),
         "frozen_at": [FROZEN_FEBRUARY], "agreement_version": pa.array([1], pa.int32())}
    )  # fmt: skip
    draft = Manifest(
        load_id="20260301T050000000000-first", source="closings", instance="main",
        object="scorecards", kind="increment", window_end=datetime(2026, 3, 1, 5, tzinfo=UTC),
        extracted_at=datetime(2026, 3, 1, 5, tzinfo=UTC), rows_delivered=1, rows_landed=1,
        checksum="first",
    )  # fmt: skip
    with company.landing.write_load(draft) as load:
        load.write(first)
    company.look("2026-03-31")
    assert company.read(
        "select kind, label, unit, actual, year_before_actual from marts.rpt_scorecards"
        " where team = 'sales' and metric = 'won' and period_type = 'month'"
        " and period_start = '2026-02-01' order by 1"
    ) == [
        ("frozen", "Opportunities won", "count", 7, None),
        ("restated", "Opportunities won", "count", 0, None),
    ]
