"""A small company whose pipeline runs for real, once for all tests that only look."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from orchestration.run import run
from orchestration.workspace import Workspace, read_workspace
from tests.environment import run_environment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

MAPPING = """\
name: small_company
title: Two exports of a made-up company
as_of: 2026-03-31
source_time_zone: America/New_York
reporting_time_zone: America/New_York
outcomes: won_and_lost
files:
  - file: leads.csv
    system: marketing
    entity: persons
    load: full
    exported_at: {leads_exported_at}
    key: id
    columns:
      email: email
      status: {{column: status, map: {{Q: marketing_qualified, A: sales_accepted}}}}
      status_at: status_on
      created_at: created
      lead_source: channel
    stamps:
      status: {{marketing_qualified: qualified_on}}
  - file: deals.csv
    system: crm
    entity: opportunities
    load: full
    exported_at: {exported_at}
    key: id
    columns:
      person_id: lead
      person_source: {{value: marketing}}
      stage: {{column: stage, map: {{Won: closed_won, Lost: closed_lost, Talks: negotiation}}}}
      is_closed: {{column: stage, map: {{Won: "true", Lost: "true"}}, other: "false"}}
      is_won: {{column: stage, map: {{Won: "true"}}, other: "false"}}
      amount: amount
      currency: {{value: USD}}
      created_at: opened
      closed_at: closed
"""

CHANNELS = ("web", "event", "")
LEADS = 60


# Older than the agreement's 48 hours at the end of 31 March.
OLD = "2026-03-29"


def write_exports(
    folder: Path,
    exported_at: str = "2026-04-01",
    date_mark: str = "-",
    leads_exported_at: str | None = None,
) -> None:
    """Write the two exports: 60 leads, every third with a deal, one more deal without an id."""
    folder.mkdir(parents=True, exist_ok=True)
    day = date_mark.join(("2026", "01", "{:02}"))
    leads = [
        f"L{one},p{one}@example.com,{'A' if one % 3 == 0 else 'Q'},{day.format(one % 20 + 5)},"
        f"{day.format(one % 20 + 1)},{CHANNELS[one % 3]},{day.format(one % 20 + 2)}"
        for one in range(LEADS)
    ]
    deals = [
        f"D{one},L{one},{('Won', 'Lost', 'Talks')[one // 3 % 3]},{one * 100 + 50},"
        f"2026-02-{one % 20 + 1:02},{'' if one // 3 % 3 == 2 else f'2026-03-{one % 20 + 1:02}'}"
        for one in range(0, LEADS, 3)
    ]
    header = "id,email,status,status_on,created,channel,qualified_on"
    (folder / "leads.csv").write_text("\n".join([header, *leads]) + "\n")
    (folder / "deals.csv").write_text(
        "\n".join(["id,lead,stage,amount,opened,closed", *deals, ",L1,Won,5,,"]) + "\n"
    )
    (folder / "notes.txt").write_text("no mapping names me\n")
    (folder / "mapping.yml").write_text(
        MAPPING.format(exported_at=exported_at, leads_exported_at=leads_exported_at or exported_at)
    )


@dataclass(frozen=True)
class Ran:
    """A run that published: where, what it told, and what it left in the home folder."""

    workspace: Workspace
    summary: list[str]
    home: Path


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with exports, of which one is old, workspaces and an empty home folder."""
    root = tmp_path_factory.mktemp("pipeline")
    write_exports(root / "exports", leads_exported_at=OLD)
    (root / "home").mkdir()
    return root


def environment(root: Path) -> AbstractContextManager[None]:
    return run_environment(root / "exports", root / "workspaces", HOME=str(root / "home"))


@pytest.fixture(scope="module", autouse=True)
def _environment(settings: Path) -> Iterator[None]:
    with environment(settings):
        yield


@pytest.fixture(scope="session")
def ran(settings: Path) -> Ran:
    """The first run of the small company, through the real job."""
    with environment(settings):
        workspace = read_workspace()
        return Ran(workspace, run(workspace), settings / "home")
