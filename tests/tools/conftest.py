"""A tiny company, landed twice, built and published once: what the tools of analysts look at."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pytest

from ingestion.agreement import land_agreement, read_agreement
from ingestion.files import find_mapping, land_file, land_mapping
from ingestion.landing import Landing
from orchestration.dbt_build import build
from orchestration.dbt_manifest import TARGET, dbt_environment
from orchestration.gate import handoff_findings
from orchestration.publication import publish
from orchestration.workspace import PROJECT, Workspace, read_workspace
from tests.environment import run_environment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MAPPING = """\
name: tiny
title: A dozen rows
as_of: 2025-12-31
source_time_zone: America/New_York
reporting_time_zone: America/New_York
outcomes: won_and_lost
files:
  - {{file: leads.csv, system: salesforce, entity: persons, load: full, exported_at: {exported_at},
     key: id, columns: {{email: email, status: status, created_at: created, lead_source: channel,
       owner_id: owner, account_id: account}}}}
  - {{file: prospects.csv, system: marketo, entity: persons, load: full,
     exported_at: {exported_at}, key: id, columns: {{email: email, created_at: created,
       linked_id: lead, linked_source: {{value: salesforce}}}}}}
  - {{file: history.csv, system: salesforce, entity: field_changes, load: full,
     exported_at: {exported_at}, key: id, columns: {{record_entity: {{value: persons}},
       changed_record_id: lead, field: field, old_value: old, new_value: new, changed_at: at}}}}
  - {{file: scores.csv, system: marketo, entity: field_changes, load: full,
     exported_at: {exported_at}, key: id, columns: {{record_entity: {{value: persons}},
       changed_record_id: prospect, field: {{value: score}}, old_value: old, new_value: new,
       changed_at: at}}}}
  - {{file: responses.csv, system: marketo, entity: activities, load: full,
     exported_at: {exported_at}, key: id,
     columns: {{person_id: prospect, activity_type: type, occurred_at: at}}}}
  - {{file: deals.csv, system: salesforce, entity: opportunities, load: full,
     exported_at: {exported_at}, key: id, columns: {{person_id: lead, account_id: account,
       owner_id: owner, stage: stage, is_closed: closed, is_won: won, amount: amount,
       created_at: opened, closed_at: closed_on}}}}
  - {{file: accounts.csv, system: salesforce, entity: accounts, load: full,
     exported_at: {exported_at}, key: id, columns: {{name: name, industry: industry}}}}
  - {{file: users.csv, system: salesforce, entity: owners, load: full,
     exported_at: {exported_at}, key: id, columns: {{name: name, team: team, manager: manager}}}}
"""

FILES = {
    "leads.csv": """\
id,email,status,created,channel,owner,account
ada,ada@example.com,open,2025-01-05 09:00:00,web,U1,A1
bea,bea@example.com,recycled,2025-02-01 08:00:00,event,U1,A1
cleo,cleo@example.com,marketing_qualified,2025-02-10 08:00:00,web,U2,
dan,dan@example.com,open,2025-03-01 08:00:00,web,U2,
one,team-of-two@example.com,open,2025-03-01 08:00:00,web,U2,
two,team-of-two@example.com,open,2025-03-01 08:00:00,web,U2,
""",
    "prospects.csv": """\
id,email,created,lead
P-ada,ada@example.com,2025-01-06 08:00:00,ada
P-bea,bea@example.com,2025-02-01 08:00:00,bea
P-cleo,cleo@example.com,2025-02-10 09:00:00,cleo
P-eve,eve@example.com,2025-01-10 08:00:00,
P-one,team-of-two@example.com,2025-03-01 08:00:00,one
P-two,team-of-two@example.com,2025-03-01 08:00:00,two
""",
    "history.csv": """\
id,lead,field,old,new,at
1,bea,status,open,sales_accepted,2025-02-03 10:00:00
2,bea,status,sales_accepted,recycled,2025-02-20 10:00:00
3,cleo,status,open,marketing_qualified,2025-02-10 10:00:00
4,dan,status,open,sales_qualified,2025-03-02 10:00:00
5,dan,status,sales_qualified,open,2025-03-02 10:01:00
6,ada,email,old.ada@example.com,ada@example.com,2025-01-07 10:00:00
""",
    "scores.csv": """\
id,prospect,old,new,at
1,P-ada,0,45,2025-03-02 11:00:00
2,P-bea,0,70,2025-02-01 12:00:00
3,P-bea,70,75,2025-02-02 12:00:00
4,P-cleo,0,65,2025-02-11 12:00:00
""",
    "responses.csv": """\
id,prospect,type,at
1,P-ada,form_fill,2025-01-06 10:30:00
2,P-ada,form_fill,2025-01-08 10:30:00
3,P-ada,form_fill,soon
4,P-eve,form_fill,2025-01-10 10:30:00
5,P-bea,page_visit,2025-02-04 10:30:00
""",
    "deals.csv": """\
id,lead,account,owner,stage,closed,won,amount,opened,closed_on
D1,cleo,A1,U1,proposal,false,false,1000,2025-04-01 09:00:00,
""",
    "accounts.csv": "id,name,industry\nA1,Acme,Tools\n",
    "users.csv": "id,name,team,manager\nU1,Uma,Sales,U2\nU2,Ute,Sales,\n",
}


@pytest.fixture(scope="session")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tiny") / "exports"
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text)
    return folder


@pytest.fixture(scope="session")
def workspaces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("workspaces")


@pytest.fixture(scope="module", autouse=True)
def _environment(exports: Path, workspaces: Path) -> Iterator[None]:
    with run_environment(exports, workspaces):
        yield


@pytest.fixture(scope="session")
def workspace(exports: Path, workspaces: Path) -> Workspace:
    """The workspace of the tiny company, as a run leaves it."""
    with run_environment(exports, workspaces):
        (exports / "mapping.yml").write_text(MAPPING.format(exported_at="2025-12-01"))
        found = read_workspace()
        landing = Landing(found.landing)
        land_agreement(landing, read_agreement(PROJECT / "agreement.yml"), date(2026, 1, 1))
        for exported_at in ("2025-12-01", "2026-01-01"):
            (exports / "mapping.yml").write_text(MAPPING.format(exported_at=exported_at))
            mapping = find_mapping(exports)
            land_mapping(landing, mapping)
            for export in mapping.files:
                land_file(landing, mapping, export, exports)
        build(
            "build",
            "--exclude-resource-type=unit_test",
            environment=dbt_environment(
                found, found.dbt_target, as_of=datetime(2026, 1, 1, 5, tzinfo=UTC)
            ),
            target_path=found.dbt_target,
            target=TARGET,
            told="building the tiny company",
        )
        of_gate = handoff_findings(found.warehouse)
        duckdb.sql("select 'crm/main/1#1/1' as handoff_key, 'has_recipient' as rule").write_parquet(
            str(of_gate)
        )
        publish(found.warehouse, found.published, "11111111-tiny", handoff_findings=of_gate)
        return found


@pytest.fixture(scope="session")
def copy_project(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Path]:
    """Makes copies of the project, which use the packages that this one uses."""

    def _copy() -> Path:
        folder = tmp_path_factory.mktemp("copy") / "project"
        # At the top only: dbt's own tests belong to the project.
        left_out = {".git", ".venv", "workspace", "tests", "docs"}

        def _ignored(where: str, names: list[str]) -> set[str]:
            unwanted = {"target", "logs", "__pycache__"}
            return unwanted | (left_out if Path(where) == PROJECT else set()) & set(names)

        shutil.copytree(PROJECT, folder, ignore=_ignored, symlinks=True)
        (folder / "docs").mkdir()
        environment = folder / ".venv"
        environment.mkdir()
        for name in ("bin", "lib", "pyvenv.cfg"):
            (environment / name).symlink_to(Path(sys.prefix) / name)
        # Younger than the lock: nothing has to be installed.
        (environment / ".ready").touch()
        return folder

    return _copy


@pytest.fixture(scope="session")
def make(workspace: Workspace) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Calls `make` in a copy of the project, on the workspace of the tiny company."""

    def _make(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        assert workspace.published.is_dir()
        return subprocess.run(
            ["make", "--no-print-directory", *arguments],  # noqa: S607
            cwd=project,
            env=os.environ | {"PYTHONPATH": str(project)},
            capture_output=True,
            text=True,
            check=False,
        )

    return _make
