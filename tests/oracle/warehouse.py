"""What the warehouse makes of the same histories."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from dataclasses import dataclass, replace
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
WAREHOUSE = "dev.duckdb"
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
            self.build(workspace)
            return _by_history(read_results(workspace / WAREHOUSE))
        finally:
            shutil.rmtree(workspace, ignore_errors=True)

    def _land(self, packed: Sequence[tuple[str, History]], workspace: Path) -> None:
        landing = Landing(workspace / "landing")
        for number, delivery in enumerate(deliveries(packed, self.seed, self.loads)):
            folder = workspace / f"exports-{number}"
            delivery.write(folder)
            set_aside = land_folder(landing, folder, date(2026, 5, 4))
            assert not set_aside, f"{set_aside} rows set aside"

    def build(self, workspace: Path) -> None:
        """Build what is compared from <workspace>/landing into <workspace>/dev.duckdb.

        Raises BuildFailedError.
        """
        dbt = [str(Path(sys.executable).with_name("dbt")), "run", "--quiet", "--no-use-colors"]
        paths = ["--target-path", str(workspace / "target"), "--log-path", str(workspace / "logs")]
        ran = subprocess.run(
            [*dbt, *paths, "--select", *(f"+{model}" for model in _MODELS)],
            cwd=self.project / "dbt_project",
            env=os.environ
            | {
                "UNIFIED_FUNNEL_LANDING": str(workspace / "landing"),
                "UNIFIED_FUNNEL_DEV_WAREHOUSE": str(workspace / WAREHOUSE),
            },
            capture_output=True,
            text=True,
            check=False,
        )
        if ran.returncode:
            raise BuildFailedError(ran.stdout + ran.stderr)


def land_folder(landing: Landing, folder: Path, day: date) -> int:
    """Land a folder of exports and the agreement that its mapping names, else the project's.

    Returns how many rows were set aside.
    """
    mapping = find_mapping(folder)
    agreement = mapping.agreement_path or PROJECT / "agreement.yml"
    land_agreement(landing, read_agreement(agreement), day)
    land_mapping(landing, mapping)
    return sum(land_file(landing, mapping, one, folder).set_aside for one in mapping.files)


def read_results(warehouse: Path) -> dict[str, PersonResult]:
    """Return what the marts show of each person, by its key; placeholder persons too."""
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
    return {
        person: PersonResult(
            frozenset(records_of.get(person) or {person}), tuple(moves[person]), tuple(rows[person])
        )
        for person in [*records_of, *sorted({*moves, *rows} - {*records_of})]
    }


def _by_history(results: dict[str, PersonResult]) -> dict[str, list[PersonResult]]:
    """Return the persons of each history by its prefix, which their keys lose."""
    found = defaultdict(list)
    for one in results.values():
        prefix = min(one.records).split("/")[2].split("-")[0]
        plain = frozenset(key.replace(f"/{prefix}-", "/") for key in one.records)
        found[prefix].append(replace(one, records=plain))
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
