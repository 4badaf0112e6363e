"""The benches measure what there is: each says its figures, of the smallest company."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from orchestration.workspace import PROJECT
from tests.environment import new_workspaces

if TYPE_CHECKING:
    from pathlib import Path


def test_reading_is_measured_in_every_way(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "tests.bench.ingest", "--rows", "11000", "--runs", "1"],
        cwd=PROJECT,
        env=os.environ | {"UNIFIED_FUNNEL_WORKSPACE": str(new_workspaces(tmp_path / "workspace"))},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    lines = [line for line in ran.stdout.splitlines() if line.startswith(("| Sales", "| Market"))]
    assert len(lines) == 12
    assert all(float(line.split("|")[2]) > 0 for line in lines), lines
