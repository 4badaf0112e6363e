"""The parts of a build: seconds of its engine, its reports and the rest, as dbt tells them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.bench.measure import Measure

if TYPE_CHECKING:
    from pathlib import Path

# What computes passes from signals: incremental models, and what they alone need.
ENGINE = frozenset(
    {
        "int_slips",
        "int_judged_signals",
        "int_condition_steps",
        "int_compound_signals",
        "int_person_digests",
        "int_changed_persons",
        "int_silences",
        "int_affected_persons",
        "int_signal_meanings",
        "int_stage_signals",
        "int_person_signals",
        "int_pass_signals",
        "int_pass_moves",
        "int_stage_transitions",
        "fct_stage_transitions",
        "int_passes",
        "int_stage_entries",
        "int_persons_built",
    }
)
# What only reports read, beside the reports.
FOR_REPORTS = frozenset(
    {
        "int_stages_reached",
        "int_journeys",
        "int_segment_values",
        "int_funnel_entries",
        "int_stage_movements",
    }
)
PARTS = ("engine", "reports", "the rest")


def parts(target: Path) -> dict[str, Measure]:
    """Return part -> seconds of its models, from the results of the last build in a folder.

    Models are built two at a time: the parts add up to more than the build. Its tests are in none.
    Raises ValueError if the build has no model of the engine that is named here.
    """
    results = json.loads((target / "run_results.json").read_text())["results"]
    seconds = {
        one["unique_id"].rpartition(".")[2]: float(one["execution_time"])
        for one in results
        if one["unique_id"].startswith("model.")
    }
    missing = (ENGINE | FOR_REPORTS) - seconds.keys()
    if missing:
        raise ValueError(f"the build has no {', '.join(sorted(missing))}: mend {__name__}")
    found = dict.fromkeys(PARTS, 0.0)
    for model, took in seconds.items():
        found[_part(model)] += took
    return {part: Measure(took, None, None) for part, took in found.items()}


def slowest(target: Path, count: int) -> list[tuple[str, float]]:
    """Return (model, seconds) of the slowest models of the last build, the slowest first."""
    results = json.loads((target / "run_results.json").read_text())["results"]
    models = [
        (one["unique_id"].rpartition(".")[2], float(one["execution_time"]))
        for one in results
        if one["unique_id"].startswith("model.")
    ]
    return sorted(models, key=lambda one: -one[1])[:count]


def _part(model: str) -> str:
    if model in ENGINE:
        return "engine"
    return "reports" if model.startswith("rpt_") or model in FOR_REPORTS else "the rest"
