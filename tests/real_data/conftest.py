"""Each real data set through the real job, once, into a workspace of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from tests.environment import new_workspaces

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@dataclass(frozen=True)
class Published:
    """The file that a run published, the figures it must hold, and what the run printed."""

    folder: Path
    connection: duckdb.DuckDBPyConnection
    answers: dict[str, Any]
    output: str

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(sql).fetchall()

    def row(self, sql: str) -> tuple[Any, ...]:
        (row,) = self.rows(sql)
        return row

    @property
    def report(self) -> Path:
        """Folder of the report that the run made."""
        return self.folder.parent.parent / "reports" / "current"


@pytest.fixture(scope="session")
def publish(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Published]]:
    opened: list[duckdb.DuckDBPyConnection] = []

    def _publish(data_set: str) -> Published:
        folder = Path(os.environ["REAL_DATA"]).resolve() / data_set
        ran = subprocess.run(
            [sys.executable, "-m", "orchestration.run"],
            env=os.environ
            | {
                "UNIFIED_FUNNEL_WORKSPACE": str(new_workspaces(tmp_path_factory.mktemp(data_set))),
                "UNIFIED_FUNNEL_DATA": str(folder),
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
        last = ran.stdout.splitlines()[-1]
        assert last.startswith("published: ")
        path = Path(last.removeprefix("published: "))
        opened.append(duckdb.connect(str(path / "funnel.duckdb"), read_only=True))
        answers = json.loads((folder / "answers.json").read_text())
        return Published(path, opened[-1], answers, ran.stdout)

    yield _publish
    for connection in opened:
        connection.close()


@pytest.fixture(scope="session")
def olist(publish: Callable[[str], Published]) -> Published:
    return publish("olist_funnel")


@pytest.fixture(scope="session")
def maven(publish: Callable[[str], Published]) -> Published:
    return publish("maven_crm")
