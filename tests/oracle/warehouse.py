"""What the warehouse makes of the same histories."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

import ingestion
from ingestion.agreement import land_agreement, read_agreement
from ingestion.files import find_mapping, land_file, land_mapping
from ingestion.landing import Landing
from tests.oracle.exports import deliveries
from tests.oracle.transitions import PassRow, PersonResult, Transition

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.oracle.history import History

# The checkout whose code lands the exports, so that landing and models are of one version.
PROJECT = Path(ingestion.__file__).parents[1]
_MODELS = ("fct_stage_transitions", "fct_passes", "int_persons_resolved")


class BuildFailedError(RuntimeError):
    """dbt did not build the models; str() is what it printed."""


@dataclass(frozen=True)
class Builder:
    """Builds histories into a warehouse, each time a fresh one."""

    project: Path = PROJECT
    seed: int = 0
    loads: int = 1
    """One full delivery, or so many increments."""

    def results_of(self, packed: Sequence[tuple[str, History]]) -> dict[str, list[PersonResult]]:
        """Return the persons of each history, by its prefix; the keys of records lose it."""
        workspace = Path(tempfile.mkdtemp(prefix="oracle-"))
        try:
            self._land(packed, workspace)
            self._build(workspace)
            return _read(workspace / "dev.duckdb")
        finally:
            shutil.rmtree(workspace, ignore_errors=True)

    def _land(self, packed: Sequence[tuple[str, History]], workspace: Path) -> None:
        landing = Landing(workspace / "landing")
        for number, delivery in enumerate(deliveries(packed, self.seed, self.loads)):
            folder = workspace / f"exports-{number}"
            delivery.write(folder)
            mapping = find_mapping(folder)
            land_agreement(landing, read_agreement(folder / "agreement.yml"), date(2026, 5, 4))
            land_mapping(landing, mapping)
            for export in mapping.files:
                landed = land_file(landing, mapping, export, folder)
                assert not landed.set_aside, f"{landed.set_aside} rows of {export.file} set aside"

    def _build(self, workspace: Path) -> None:
        dbt = [str(Path(sys.executable).with_name("dbt")), "run", "--quiet", "--no-use-colors"]
        paths = ["--target-path", str(workspace / "target"), "--log-path", str(workspace / "logs")]
        ran = subprocess.run(
            [*dbt, *paths, "--select", *(f"+{model}" for model in _MODELS)],
            cwd=self.project / "dbt_project",
            env=os.environ
            | {
                "UNIFIED_FUNNEL_LANDING": str(workspace / "landing"),
                "UNIFIED_FUNNEL_DEV_WAREHOUSE": str(workspace / "dev.duckdb"),
            },
            capture_output=True,
            text=True,
            check=False,
        )
        if ran.returncode:
            raise BuildFailedError(ran.stdout + ran.stderr)


def _read(warehouse: Path) -> dict[str, list[PersonResult]]:
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        records = connection.execute(
            "select person_key, record_key from intermediate.int_persons_resolved"
        ).fetchall()
        transitions = connection.execute(
            "select person_key, pass_number, transition_number, from_stage, to_stage, kind,"
            " transition_at, precision, evidence"
            " from marts.fct_stage_transitions order by all"
        ).fetchall()
        passes = connection.execute(
            "select person_key, pass_number, started_at, ended_at, outcome, current_stage,"
            " furthest_stage from marts.fct_passes order by all"
        ).fetchall()
    records_of = defaultdict(set)
    moves, rows = defaultdict(list), defaultdict(list)
    for person, record in records:
        records_of[person].add(record)
    for person, *values in transitions:
        moves[person].append(_as_compared(Transition(*values)))
    for person, *values in passes:
        rows[person].append(PassRow(*values))
    found = defaultdict(list)
    for person, keys in records_of.items():
        prefix = min(keys).split("/")[2].split("-")[0]
        plain = frozenset(key.replace(f"/{prefix}-", "/") for key in keys)
        found[prefix].append(PersonResult(plain, tuple(moves[person]), tuple(rows[person])))
    return dict(found)


def _as_compared(one: Transition) -> Transition:
    """Blank what the rules leave open."""
    has_date = one.transition_at is not None
    return Transition(
        one.pass_number, one.transition_number, one.from_stage, one.to_stage, one.kind,
        one.transition_at,
        one.precision if has_date and one.kind != "expire" else None,
        one.evidence if has_date else None,
    )  # fmt: skip
