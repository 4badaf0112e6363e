"""A made-up CRM and marketing automation, one person a case, built once by dbt alone."""

from __future__ import annotations

import csv
import os
import subprocess
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pytest

from ingestion.agreement import land_agreement, read_agreement
from ingestion.files import find_mapping, land_file, land_mapping
from ingestion.landing import Landing
from orchestration.dbt_manifest import dbt_command

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

PROJECT = Path(__file__).parents[2]

WITHOUT_TESTS = ("--exclude-resource-type", "test", "--exclude-resource-type", "unit_test")

AGREEMENT = """
name: cases
versions:
  - version: 1
    effective_from: 2024-01-01
    signed: &signed
      marketing: {by: Head of Marketing, date: 2023-12-14}
      sales: {by: Head of Sales, date: 2023-12-14}
    stages:
      - {key: inquiry, label: Inquiry, rank: 10, team: marketing, roles: [inquiry],
         entered_when: [{activity: [form_fill]}, {status: [inquiry]}]}
      - {key: mql, label: MQL, rank: 20, team: marketing, roles: [marketing_qualified],
         entered_when: [{status: [mql]}, {score: {at_least: 50}},
           {activity: [page_visit], count: 3, within_days: 14}]}
      - {key: sal, label: SAL, rank: 30, team: sales, roles: [accepted], authority: crm,
         entered_when: [{status: [sal]}]}
      - {key: sql, label: SQL, rank: 40, team: sales, roles: [sales_qualified], authority: crm,
         entered_when: [{status: [sql]}, {opportunity_stage: [discovery]}]}
      - {key: opportunity, label: Opportunity, rank: 50, team: sales, roles: [opportunity],
         authority: crm, entered_when: [{opportunity_stage: [proposal]}]}
      - {key: won, label: Won, rank: 60, team: sales, roles: [won], authority: crm,
         entered_when: [{opportunity_outcome: [won]}]}
    exits:
      - {key: recycled, label: Recycled, team: sales, left_when: [{status: [recycled]}]}
      - {key: rejected, label: Rejected, team: sales, left_when: [{status: [rejected]}]}
      - {key: lost, label: Lost, team: sales, left_when: [{opportunity_outcome: [lost]}]}
    engine: {debounce_minutes: 5, reentry_window_days: 30, expiry_days: 180}
    reporting:
      time_zone: America/New_York
      currency: USD
      minimum_sample_size: 1
      conversion_windows: [28]
      segments:
        - {key: lead_source, label: Source, field: person.lead_source}
        - {key: owner, label: Owner, field: owner.owner_key}
  - version: 2
    effective_from: 2026-04-01
    note: The threshold moves from 50 to 70.
    signed: *signed
    stages:
      - {key: inquiry, label: Inquiry, rank: 10, team: marketing, roles: [inquiry],
         entered_when: [{activity: [form_fill]}, {status: [inquiry]}]}
      - {key: mql, label: MQL, rank: 20, team: marketing, roles: [marketing_qualified],
         entered_when: [{status: [mql]}, {score: {at_least: 70}}]}
      - {key: sal, label: SAL, rank: 30, team: sales, roles: [accepted], authority: crm,
         entered_when: [{status: [sal]}]}
      - {key: sql, label: SQL, rank: 40, team: sales, roles: [sales_qualified], authority: crm,
         entered_when: [{status: [sql]}, {opportunity_stage: [discovery]}]}
      - {key: opportunity, label: Opportunity, rank: 50, team: sales, roles: [opportunity],
         authority: crm, entered_when: [{opportunity_stage: [proposal]}]}
      - {key: won, label: Won, rank: 60, team: sales, roles: [won], authority: crm,
         entered_when: [{opportunity_outcome: [won]}]}
"""

MAPPING = """
name: cases
title: One person a case
as_of: 2026-04-30
source_time_zone: America/New_York
reporting_time_zone: America/New_York
agreement: agreement.yml
outcomes: won_and_lost
files:
  - {file: leads.csv, system: crm, entity: persons, load: full, exported_at: 2026-05-01, key: id,
     columns: {email: email, lead_source: source, status: {column: status, map: &statuses {
       Inquiry: inquiry, MQL: mql, SAL: sal, SQL: sql, Recycled: recycled, Rejected: rejected,
       Open: open, Working: working}},
       status_at: status_at, converted_id: contact, converted_at: converted_at,
       created_at: created_at, linked_id: twin, linked_source: {value: marketing}}}
  - {file: prospects.csv, system: marketing, entity: persons, load: full, exported_at: 2026-05-01,
     key: id, history_start: 2026-01-15,
     columns: {email: email, lead_source: source, created_at: created_at}}
  - {file: history.csv, system: crm, entity: field_changes, load: full, exported_at: 2026-05-01,
     key: id, columns: {record_entity: {value: persons}, changed_record_id: lead,
       field: {value: status}, old_value: {column: old, map: *statuses, other: unmapped},
       new_value: {column: new, map: *statuses, other: unmapped}, changed_at: at}}
  - {file: scores.csv, system: marketing, entity: field_changes, load: full,
     exported_at: 2026-05-01, key: id, columns: {record_entity: {value: persons},
       changed_record_id: lead, field: {value: score}, old_value: old, new_value: new,
       changed_at: at}}
  - {file: responses.csv, system: marketing, entity: activities, load: full,
     exported_at: 2026-05-01, key: id,
     columns: {person_id: lead, activity_type: type, is_automated: automated, occurred_at: at}}
  - {file: deals.csv, system: crm, entity: opportunities, load: full, exported_at: 2026-05-01,
     key: id, columns: {person_id: lead, owner_id: owner, stage: {column: stage, map: &deals {
       Discovery: discovery, Proposal: proposal, Won: won, Lost: lost}},
       is_closed: {column: stage, map: {Won: "true", Lost: "true", Discovery: "false",
         Proposal: "false"}},
       is_won: {column: stage, map: {Won: "true", Lost: "false", Discovery: "false",
         Proposal: "false"}},
       amount: amount, created_at: created_at, closed_at: closed_at}}
  - {file: stages.csv, system: crm, entity: field_changes, load: full, exported_at: 2026-05-01,
     key: id, columns: {record_entity: {value: opportunities}, changed_record_id: deal,
       field: {value: stage}, old_value: {column: old, map: *deals, other: unmapped},
       new_value: {column: new, map: *deals, other: unmapped}, changed_at: at}}
  - {file: roles.csv, system: crm, entity: opportunity_persons, load: full,
     exported_at: 2026-05-01, key: id,
     columns: {opportunity_id: deal, person_id: lead, is_primary: is_primary}}
"""

COLUMNS = {
    "leads": "id email source status status_at contact converted_at created_at twin",
    "prospects": "id email source created_at",
    "history": "id lead old new at",
    "scores": "id lead old new at",
    "responses": "id lead type automated at",
    "deals": "id lead owner stage amount created_at closed_at",
    "stages": "id deal old new at",
    "roles": "id deal lead is_primary",
}


class Exports:
    """Collects rows of the made-up systems; what a row does not name is empty."""

    def __init__(self) -> None:
        self.rows: dict[str, list[dict[str, str]]] = {name: [] for name in COLUMNS}

    def add(self, file: str, **values: str) -> None:
        unknown = set(values) - set(COLUMNS[file].split())
        assert not unknown, f"{file}.csv has no column {unknown}"
        values.setdefault("id", f"{file}-{len(self.rows[file]) + 1}")
        self.rows[file].append(values)

    def lead(self, key: str, *changes: tuple[str, str, str], **values: str) -> None:
        """Add a CRM lead and the changes (old, new, at) of its status."""
        values.setdefault("status", changes[-1][1] if changes else "Open")
        self.add("leads", id=key, **values)
        for old, new, at in changes:
            self.add("history", lead=key, old=old, new=new, at=at)

    def deal(self, key: str, lead: str, *changes: tuple[str, str, str], **values: str) -> None:
        """Add a deal and the changes (old, new, at) of its stage."""
        values.setdefault("stage", changes[-1][1] if changes else "Discovery")
        self.add("deals", id=key, lead=lead, **values)
        for old, new, at in changes:
            self.add("stages", deal=key, old=old, new=new, at=at)

    def write(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        (folder / "agreement.yml").write_text(AGREEMENT)
        (folder / "mapping.yml").write_text(MAPPING)
        for name, columns in COLUMNS.items():
            with (folder / f"{name}.csv").open("w", newline="") as file:
                writer = csv.DictWriter(file, columns.split())
                writer.writeheader()
                writer.writerows(self.rows[name])


def stage_cases(exports: Exports) -> None:
    e = exports
    e.lead(
        "G01", ("Open", "Inquiry", "2026-01-05 10:00:00"), created_at="2026-01-05 09:00:00",
        source="G01",
    )  # fmt: skip
    e.deal("G01-deal", "G01", created_at="2026-01-20 10:00:00", stage="Discovery")
    e.add("stages", deal="G01-deal", old="", new="Discovery", at="2026-01-20 10:00:00")

    e.lead(
        "G02",
        ("Open", "MQL", "2026-01-05 10:00:00"),
        ("MQL", "Recycled", "2026-01-20 10:00:00"),
        ("Recycled", "MQL", "2026-03-10 10:00:00"),
        ("MQL", "SAL", "2026-03-11 10:00:00"),
        source="G02",
    )
    # The same second, delivered in either order.
    to_sal, to_sql = (("MQL", "SAL", "2026-02-01 12:00:00"), ("SAL", "SQL", "2026-02-01 12:00:00"))
    for key, order in (("G04", (to_sql, to_sal)), ("G04-in-order", (to_sal, to_sql))):
        e.lead(key, *order, created_at="2026-01-31 12:00:00", status="SQL")
    e.lead("G05", ("SAL", "SQL", "2026-02-01 00:00:00"), created_at="2026-01-01 00:00:00")
    e.lead("G09", status="Parked", created_at="2026-02-01 08:00:00")

    e.add("prospects", id="G10-A", created_at="2026-03-01 00:00:00")
    e.add("scores", lead="G10-A", old="10", new="60", at="2026-03-15 09:00:00")
    e.add("prospects", id="G10-B", created_at="2026-03-01 00:00:00")
    e.add("scores", lead="G10-B", old="10", new="60", at="2026-04-02 09:00:00")

    e.lead(
        "G14", ("Open", "MQL", "2026-01-10 15:00:00"), status="SQL", status_at="2026-01-10",
        source="G14",
    )  # fmt: skip
    e.lead("back", ("Open", "SQL", "2026-02-02 09:00:00"), ("SQL", "SAL", "2026-02-03 09:00:00"))
    e.lead("inverted", ("Open", "MQL", "2026-03-08 09:00:00"))
    e.deal("inverted-deal", "inverted", stage="Won", amount="10", closed_at="2026-03-06 19:38:55")
    e.lead("undated", status="SAL")


def identity_cases(exports: Exports) -> None:
    e = exports
    e.add("prospects", id="G15-P", email=" Ana.G15@Example.com ", created_at="2026-01-09 08:00:00")
    e.add("scores", lead="G15-P", old="0", new="55", at="2026-01-10 09:00:00")
    e.lead(
        "G15-L", ("Open", "SAL", "2026-01-12 09:00:00"), twin="G15-P", contact="G15-C",
        converted_at="2026-01-20", created_at="2026-01-11 08:00:00",
    )  # fmt: skip
    e.lead("G15-C", status="Open", created_at="2026-01-20 08:00:00")
    e.deal(
        "G15-deal", "G15-C", ("Discovery", "Proposal", "2026-01-25 09:00:00"),
        created_at="2026-01-20 08:00:00",
    )  # fmt: skip
    # Two CRM leads, each claimed by a prospect of its own, and one shared address.
    for one in ("a", "b"):
        e.add("prospects", id=f"shared-{one}", email="shared@example.com")
        e.lead(f"shared-lead-{one}", twin=f"shared-{one}")


def money_cases(exports: Exports) -> None:
    e = exports
    for n in range(1, 4):
        e.lead(f"G27-{n}", ("Open", "SAL", "2026-02-01 09:00:00"))
    e.deal("G27-won", "G27-1", stage="Won", owner="G27", amount="100000",
           created_at="2026-02-02 09:00:00", closed_at="2026-02-20")  # fmt: skip
    e.deal("G27-open", "G27-1", stage="Proposal", owner="G27", amount="100000",
           created_at="2026-02-03 09:00:00")  # fmt: skip
    for deal in ("G27-won", "G27-open"):
        for n in range(1, 4):
            e.add("roles", deal=deal, lead=f"G27-{n}", is_primary="yes" if n == 2 else "no")
    for n, (stage, amount) in enumerate([("Won", "10000")] * 3 + [("Lost", "170000")]):
        e.deal(f"G29-{n}", "", stage=stage, owner="G29", amount=amount,
               created_at="2026-02-01 09:00:00", closed_at="2026-02-11")  # fmt: skip
    e.deal("G29-winner", "", stage="Won", owner="winner", amount="1", closed_at="2026-02-11")
    e.deal("G29-opener", "", stage="Proposal", owner="opener", amount="1",
           created_at="2026-02-11 09:00:00")  # fmt: skip


def opportunity_cases(exports: Exports) -> None:
    e = exports
    # One is lost in the morning, the other one won in the afternoon.
    e.lead("both", ("Open", "SAL", "2026-01-04 09:00:00"))
    e.deal("both-lost", "both", stage="Lost", created_at="2026-01-05 09:00:00",
           closed_at="2026-02-10 10:00:00")  # fmt: skip
    e.deal("both-won", "both", stage="Won", created_at="2026-01-06 09:00:00",
           closed_at="2026-02-10 15:00:00")  # fmt: skip
    # The second one was opened before the first one was won, and nothing was heard of it.
    e.deal("early-1", "early", stage="Won", created_at="2026-01-05 09:00:00",
           closed_at="2026-01-20 09:00:00")  # fmt: skip
    e.deal("early-2", "early", stage="Won", created_at="2026-01-10 09:00:00",
           closed_at="2026-02-20 09:00:00")  # fmt: skip
    e.lead("early", status="Open")
    # A history that tells what a stage became, and not what it was.
    e.lead("untold", status="Open")
    e.deal("untold-deal", "untold", ("", "Discovery", "2026-02-01 09:00:00"),
           ("", "Proposal", "2026-02-05 09:00:00"), ("", "Discovery", "2026-02-08 09:00:00"),
           created_at="2026-02-01 09:00:00")  # fmt: skip
    # A new one after the win is a new pass; what an older one does stays in the old pass.
    e.lead("next", status="Open")
    e.deal("next-a", "next", stage="Won", created_at="2026-01-05 09:00:00",
           closed_at="2026-01-20 09:00:00")  # fmt: skip
    e.deal("next-b", "next", ("", "Discovery", "2026-01-10 09:00:00"),
           ("Discovery", "Proposal", "2026-02-05 09:00:00"),
           created_at="2026-01-10 09:00:00")  # fmt: skip
    e.deal("next-c", "next", ("", "Discovery", "2026-02-01 09:00:00"),
           created_at="2026-02-01 09:00:00")  # fmt: skip


def engine_cases(exports: Exports) -> None:
    e = exports
    e.lead("G03", status="Open", created_at="2026-02-01 09:00:00")
    e.deal("G03-deal", "G03", ("Discovery", "Proposal", "2026-02-02 10:00:00"),
           ("Proposal", "Discovery", "2026-02-02 10:02:00"),
           ("Discovery", "Proposal", "2026-02-02 10:04:00"),
           created_at="2026-02-01 09:00:00")  # fmt: skip
    e.deal("slow-deal", "slow", ("Discovery", "Proposal", "2026-02-02 10:00:00"),
           ("Proposal", "Discovery", "2026-02-02 10:05:00"),
           ("Discovery", "Proposal", "2026-02-02 10:10:00"),
           created_at="2026-02-01 09:00:00")  # fmt: skip
    e.lead("slow", status="Open", created_at="2026-02-01 09:00:00")

    e.add("prospects", id="G11", created_at="2026-02-01 08:00:00")
    for n, (old, new) in enumerate((("49", "51"), ("51", "48"), ("48", "52"))):
        e.add("scores", lead="G11", old=old, new=new, at=f"2026-02-02 {10 + n}:00:00")

    # Back on the last day of the window, and one second later.
    for key, back in (("within", "2026-02-19 10:00:00"), ("after", "2026-02-19 10:00:01")):
        e.lead(
            key, ("Open", "SAL", "2026-01-05 10:00:00"), ("SAL", "Recycled", "2026-01-20 10:00:00"),
            ("Recycled", "MQL", back),
        )  # fmt: skip
    # The status goes on saying what it said when the pass ended.
    e.lead(
        "stale", ("Open", "MQL", "2026-01-05 10:00:00"), ("MQL", "Rejected", "2026-01-06 10:00:00")
    )
    e.add("prospects", id="stale-P", created_at="2026-01-01 08:00:00")

    # The third visit within two weeks qualifies, three in sixteen days do not.
    for key, days in (("visits", (2, 9, 16)), ("rare-visits", (2, 9, 18))):
        e.add("prospects", id=key, created_at="2026-02-01 08:00:00")
        for day in days:
            e.add("responses", lead=key, type="page_visit", at=f"2026-02-{day:02} 10:00:00")

    # Silent from 1 June 2025 on; only a machine writes.
    for key, automated in (("silent", "yes"), ("alive", "no")):
        e.add("prospects", id=key, created_at="2025-05-01 08:00:00")
        e.add("scores", lead=key, old="0", new="55", at="2025-06-01 12:00:00")
        e.add("responses", lead=key, type="form_fill", at="2025-06-01 11:00:00")
        e.add(
            "responses", lead=key, type="form_fill", automated=automated, at="2025-10-01 12:00:00"
        )
        e.add("responses", lead=key, type="form_fill", at="2026-03-20 12:00:00")


def awkward_cases(exports: Exports) -> None:
    e = exports
    # Ids are unique within an entity only; here all are 1.
    e.add("prospects", id="ids", created_at="2026-01-01 08:00:00")
    e.add("responses", id="1", lead="ids", type="form_fill", at="2026-01-02 09:00:00")
    e.add("scores", id="1", lead="ids", old="0", new="55", at="2026-01-03 09:00:00")
    e.lead("same-number", status="MQL", created_at="2026-01-01 08:00:00")
    e.add("history", id="1", lead="same-number", old="Open", new="MQL", at="2026-01-05 09:00:00")
    e.add("stages", id="1", deal="no-number", old="", new="Discovery", at="2026-01-06 09:00:00")
    e.deal("no-number", "", stage="Lost", amount="NaN", closed_at="2026-02-01")
    e.deal("parked", "", stage="Parked", amount="5", created_at="2026-02-01 09:00:00")


def cohort_cases(exports: Exports) -> None:
    """G37: January 100 MQL, 10 SQL in January and 15 in February; February 50 and 5."""
    for n in range(100):
        changes = [("Open", "MQL", "2026-01-01 09:00:00")]
        if n < 25:
            changes.append(("MQL", "SQL", f"2026-{'01' if n < 10 else '02'}-20 09:00:00"))
        exports.lead(f"G37-jan-{n}", *changes, source="G37")
    for n in range(50):
        changes = [("Open", "MQL", "2026-02-27 09:00:00")]
        if n < 5:
            changes.append(("MQL", "SQL", "2026-02-28 09:00:00"))
        exports.lead(f"G37-feb-{n}", *changes, source="G37")


def censored_cases(exports: Exports) -> None:
    """G39: done after 1, 2, 3 days; 7 still open after 100."""
    entered = date(2026, 4, 30) - timedelta(days=100)
    for n in range(10):
        changes = [("Open", "MQL", f"{entered} 09:00:00")]
        if n < 3:
            changes.append(("MQL", "SQL", f"{entered + timedelta(days=n + 1)} 09:00:00"))
        exports.lead(f"G39-{n}", *changes, source="G39")


def built(
    folder: Path,
    workspace: Path,
    *,
    is_built: bool = True,
    has_tests: bool = False,
    arguments: Sequence[str] = (),
    **environment: str,
) -> Path:
    """Land a folder of exports, and build it with dbt alone.

    Without the project's own tests, unless asked for: 142 of them at 60 ms each.
    """
    landing = Landing(workspace / "landing")
    mapping = find_mapping(folder)
    land_agreement(landing, read_agreement(folder / "agreement.yml"), date(2026, 5, 1))
    land_mapping(landing, mapping)
    for export in mapping.files:
        land_file(landing, mapping, export, folder)
    warehouse = workspace / "warehouse.duckdb"
    if not is_built:
        return warehouse
    ran = subprocess.run(
        dbt_command(
            "build", "--quiet", "--no-use-colors",
            "--target-path", str(workspace / "target"), "--log-path", str(workspace / "logs"),
            *(() if has_tests else WITHOUT_TESTS), *arguments,
        ),
        cwd=PROJECT / "dbt_project",
        env=os.environ
        | {
            "UNIFIED_FUNNEL_LANDING": str(workspace / "landing"),
            "UNIFIED_FUNNEL_WAREHOUSE": str(warehouse),
        }
        | environment,
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return warehouse


@pytest.fixture(scope="session")
def land_and_build() -> Callable[..., Path]:
    return built


@pytest.fixture(scope="session")
def cases_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    exports = Exports()
    for cases in (
        stage_cases, identity_cases, money_cases, opportunity_cases, engine_cases, awkward_cases,
        cohort_cases, censored_cases,
    ):  # fmt: skip
        cases(exports)
    folder = tmp_path_factory.mktemp("cases") / "exports"
    exports.write(folder)
    return folder


@pytest.fixture(scope="session")
def build(cases_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    def _build(*, has_tests: bool = False, **environment: str) -> Path:
        workspace = tmp_path_factory.mktemp("workspace")
        return built(cases_folder, workspace, has_tests=has_tests, **environment)

    return _build


@pytest.fixture(scope="session")
def warehouse(build: Callable[..., Path]) -> Iterator[duckdb.DuckDBPyConnection]:
    """The cases as of the end of April 2026, read-only; the project's own tests hold on them."""
    with duckdb.connect(str(build(has_tests=True)), read_only=True) as connection:
        yield connection


@pytest.fixture(scope="session")
def end_of_february(build: Callable[..., Path]) -> Iterator[duckdb.DuckDBPyConnection]:
    """The same loads as of the end of February 2026, read-only."""
    path = build(UNIFIED_FUNNEL_AS_OF="2026-02-28")
    with duckdb.connect(str(path), read_only=True) as connection:
        yield connection
