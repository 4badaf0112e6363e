"""Metrics for tools that speak MetricFlow: the same figures as in the reports."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.warehouse.conftest import PROJECT

if TYPE_CHECKING:
    from collections.abc import Callable

    import duckdb

# Report, its column of each metric. Months in which nothing happened are in neither.
WIN_LOSS = {
    "won": "won",
    "lost": "lost",
    "win_rate": "win_rate",
    "won_value": "won_value",
    "opportunities_created": "created",
}
HANDOFFS = {
    "handoffs_made": "handoffs",
    "complete_handoffs": "complete",
    "accepted_handoffs": "accepted",
}


@pytest.fixture(scope="module")
def query(
    warehouse: duckdb.DuckDBPyConnection, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., dict[str, tuple[float | None, ...]]]:
    """Ask MetricFlow for metrics by month; the project is a copy, since it writes beside it."""
    folder = tmp_path_factory.mktemp("metrics")
    project = folder / "dbt_project"
    shutil.copytree(
        PROJECT / "dbt_project", project, ignore=shutil.ignore_patterns("target", "logs")
    )
    (path,) = warehouse.execute(
        "select path from duckdb_databases() where path is not null"
    ).fetchone() or ("",)
    copy = folder / "warehouse.duckdb"
    shutil.copy(path, copy)
    environment = os.environ | {
        "DBT_PROFILES_DIR": str(project),
        "UNIFIED_FUNNEL_DEV_WAREHOUSE": str(copy),
        "HOME": str(folder),
    }
    environment.pop("DBT_TARGET_PATH", None)

    def run(program: str, *arguments: str) -> None:
        ran = subprocess.run(
            [Path(sys.executable).with_name(program), *arguments],
            cwd=project, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert ran.returncode == 0, ran.stdout + ran.stderr

    run("dbt", "parse", "--quiet")

    def ask(*metrics: str) -> dict[str, tuple[float | None, ...]]:
        answer = folder / f"{metrics[0]}.csv"
        run("mf", "query", "--metrics", ",".join(metrics), "--group-by", "metric_time__month",
            "--csv", str(answer))  # fmt: skip
        with answer.open() as file:
            return {
                row["metric_time__month"][:10]: tuple(
                    float(row[name]) if row[name] else None for name in metrics
                )
                for row in csv.DictReader(file)
                if row["metric_time__month"]
            }

    return ask


@pytest.mark.parametrize(
    ("report", "columns"), [("rpt_win_loss", WIN_LOSS), ("rpt_handoff_acceptance", HANDOFFS)]
)
def test_a_metric_is_the_figure_of_its_report(
    warehouse: duckdb.DuckDBPyConnection,
    query: Callable[..., dict[str, tuple[float | None, ...]]],
    report: str,
    columns: dict[str, str],
) -> None:
    reported = warehouse.execute(
        f"select strftime(period_start, '%Y-%m-%d'), {', '.join(columns.values())}"
        f" from marts.{report} where period_type = 'month' and segment = 'all'"
    ).fetchall()
    expected = {
        row[0]: tuple(None if value is None else float(value) for value in row[1:])
        for row in reported
    }
    told = query(*columns)
    assert len(told) > 2
    # A month may have opportunities that are open only.
    silent = {month for month in expected.keys() - told.keys() if not any(expected[month])}
    assert told.keys() == expected.keys() - silent
    for month, figures in told.items():
        for figure, reported_figure in zip(figures, expected[month], strict=True):
            assert (figure or 0) == pytest.approx(reported_figure or 0), month
