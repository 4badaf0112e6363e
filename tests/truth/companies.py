"""Simulated companies, and the pipeline run on their exports."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ingestion.agreement import land_agreement, read_agreement
from ingestion.files import find_mapping, land_file, land_mapping
from ingestion.landing import Landing
from ingestion.sandbox.mess import PROFILES
from ingestion.sandbox.settings import Settings
from ingestion.sandbox.written import EXPORTS, TRUTH, write_company
from orchestration.dbt_manifest import dbt_command
from tests.environment import new_workspaces

if TYPE_CHECKING:
    from ingestion.sandbox.mess import Profile
    from ingestion.sandbox.settings import SetUp

PROJECT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Company:
    """A company on disk: its folder of exports (or of daily folders), its truth, its workspace."""

    name: str
    folder: Path

    @property
    def exports(self) -> Path:
        """Folder of the exports."""
        return self.folder / EXPORTS

    @property
    def truth(self) -> Path:
        """Folder of the truth."""
        return self.folder / TRUTH

    @property
    def workspace(self) -> Path:
        """Folder of the data set in the workspace that the pipeline runs in."""
        return self.folder / "workspace" / self.name

    @property
    def warehouse(self) -> Path:
        """What the pipeline built."""
        return self.workspace / "warehouse.duckdb"


class RunFailedError(Exception):
    """The pipeline did not publish; the text is what it said."""


def write(
    root: Path,
    name: str,
    *,
    mess: Profile,
    set_up: SetUp = "salesforce_marketo",
    people: int = 2000,
    seed: int = 7,
    daily_from: date | None = None,
) -> Company:
    """Write a company anew below a folder; its data set has the same name."""
    company = Company(name, root / name)
    shutil.rmtree(company.folder, ignore_errors=True)
    company.folder.mkdir(parents=True)
    settings = Settings(people=people, seed=seed, set_up=set_up, mess=PROFILES[mess])
    write_company(company.folder, settings, name=name, daily_from=daily_from)
    return company


def run(company: Company, exports: Path | None = None) -> str:
    """Run the pipeline on a company's exports, by default its only ones; return its summary.

    Raises RunFailedError if it did not publish.
    """
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("UNIFIED_FUNNEL_")
    }
    environment["UNIFIED_FUNNEL_DATA"] = str(exports or company.exports)
    environment["UNIFIED_FUNNEL_WORKSPACE"] = str(new_workspaces(company.folder / "workspace"))
    ran = subprocess.run(
        [sys.executable, "-m", "orchestration.run"],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode:
        raise RunFailedError(ran.stdout + ran.stderr)
    return ran.stdout


def land(company: Company, folder: Path, agreement: Path | None = None) -> None:
    """Land the exports of a folder of the company's, under its mapping's agreement or another."""
    landing = Landing(company.workspace / "landing")
    mapping = find_mapping(folder)
    agreement = agreement or mapping.agreement_path or PROJECT / "agreement.yml"
    land_agreement(landing, read_agreement(agreement), datetime.now(UTC).date())
    land_mapping(landing, mapping)
    for export in mapping.files:
        land_file(landing, mapping, export, folder)


def build(company: Company, *models: str) -> Path:
    """Land a company's exports, build and test these models by dbt alone; return the warehouse.

    Raises RunFailedError where dbt fails.
    """
    land(company, company.exports)
    ran = subprocess.run(
        dbt_command(
            "build", "--quiet", "--no-use-colors", "--exclude-resource-type", "unit_test",
            "--target-path", str(company.workspace / "target"),
            "--log-path", str(company.workspace / "logs"), "--select", *models,
        ),
        cwd=PROJECT / "dbt_project",
        env=os.environ
        | {
            "UNIFIED_FUNNEL_LANDING": str(company.workspace / "landing"),
            "UNIFIED_FUNNEL_WAREHOUSE": str(company.warehouse),
        },
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    if ran.returncode:
        raise RunFailedError(ran.stdout + ran.stderr)
    return company.warehouse


def feed(company: Company) -> None:
    """Land a company's daily exports in the order of their days, and run on the last one."""
    *before, last = sorted(company.exports.iterdir())
    for day in before:
        land(company, day)
    run(company, last)
