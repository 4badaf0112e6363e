"""From the review file to its actions, or to the list of all that is wrong with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ValidationError

from ingestion.agreement import scorecard_metrics
from ingestion.files.mapping_file import YamlError, load_yaml, problems
from ingestion.review.actions import ReviewActions
from ingestion.yaml_tree import Problem, closest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ingestion.agreement import Agreement
    from ingestion.agreement.scorecards import Metrics
    from ingestion.files.mapping_file import Lines
    from ingestion.review.actions import Action


def read_actions(path: Path, agreement: Agreement) -> ReviewActions:
    """Read a review file and check it against the scorecards of the agreement.

    Raises YamlError listing every problem, each as `<file>:<line>: what is wrong. What would be
    right`.
    """
    plain, lines = load_yaml(path)
    try:
        review = ReviewActions.model_validate(plain)
    except ValidationError as error:
        raise YamlError(problems(error, lines, ReviewActions), where=str(path)) from None
    found = problems(None, lines)
    found += [str(one) for one in sorted(set(_faults(review, lines, scorecard_metrics(agreement))))]
    if found:
        raise YamlError(found, where=str(path))
    return review


def _faults(review: ReviewActions, lines: Lines, known: Metrics) -> Iterator[Problem]:
    seen: dict[str, int] = {}
    for position, action in enumerate(review.actions):
        line = lines.at(("actions", position, "key"))
        if action.key in seen:
            what = f"action `{action.key}` stands here twice, first in line {seen[action.key]}"
            yield Problem(lines.file, line, what, "Give each action a key of its own")
        seen.setdefault(action.key, line)
        yield from _metric_faults(action, position, lines, known)


def _metric_faults(
    action: Action, position: int, lines: Lines, known: Metrics
) -> Iterator[Problem]:
    metric = action.metric
    periods = known.get((metric.team, metric.key))
    if periods is None:
        of_team = sorted(key for team, key in known if team == metric.team)
        near = closest(metric.key, of_team)
        mend = f"Did you mean `{near}`? " if near else ""
        yield Problem(
            lines.file,
            lines.at(("actions", position, "metric", "key")),
            f"`{metric.key}` stands on no scorecard of {metric.team}",
            f"{mend}Known are {', '.join(of_team) or 'none'}",
        )
    elif metric.period not in periods:
        yield Problem(
            lines.file,
            lines.at(("actions", position, "metric", "period")),
            f"`{metric.key}` has no figure by {metric.period}",
            f"It is promised by {' and '.join(periods)}",
        )
