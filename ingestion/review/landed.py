"""The actions of reviews as a source of the landing: what was decided is never lost again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from ingestion.files.mapping_file import YamlError
from ingestion.landing import land_reference
from ingestion.landing.reference import newest
from ingestion.yaml_tree import Problem

if TYPE_CHECKING:
    from ingestion.landing import Landing, Manifest
    from ingestion.review.actions import Action, ReviewActions

SOURCE = "review"
ACTIONS = "actions"

# One row per action, in the order of the file.
SCHEMA = pa.schema(
    {
        "action": pa.string(),
        "decided_on": pa.date32(),
        "what": pa.string(),
        "team": pa.string(),
        "owner": pa.string(),
        "due_date": pa.date32(),
        "metric_team": pa.string(),
        "metric": pa.string(),
        "period_type": pa.string(),
        "expectation": pa.string(),
        "expected_value": pa.float64(),
        "state": pa.string(),
        "done_on": pa.date32(),
    }
)


def actions_table(review: ReviewActions) -> pa.Table:
    """Return the actions as in `SCHEMA`, one row each."""
    return pa.Table.from_pylist([_row(one) for one in review.actions], schema=SCHEMA)


def check_past_actions(landing: Landing, review: ReviewActions, agreement: str, file: str) -> None:
    """Refuse a review file that forgets an action, or makes something else of what was expected.

    `agreement` is the name of the agreement whose reviews these are. Of an action that has landed
    the day of the decision, metric and expectation stay; all else may be written anew.
    Raises YamlError naming each action that changed or is missing, with what changed.
    """
    load = newest(landing, SOURCE, agreement, ACTIONS)
    if load is None:
        return
    now = {one.key: one for one in review.actions}
    found = [
        Problem(file, 1, *fault)
        for row in landing.read(load).to_pylist()
        if (fault := _changed(row, now.get(row["action"])))
    ]
    if found:
        raise YamlError([str(one) for one in found], where=file)


def land_actions(landing: Landing, review: ReviewActions, agreement: str, file: str) -> Manifest:
    """Land the actions, unless what is landed says the same; return the load in use.

    Raises YamlError as `check_past_actions` does.
    """
    check_past_actions(landing, review, agreement, file)
    return land_reference(landing, SOURCE, agreement, ACTIONS, actions_table(review))


def _row(action: Action) -> dict[str, Any]:
    return {
        "action": action.key,
        "what": action.what,
        "team": action.team,
        "owner": action.owner,
        "due_date": action.due,
        "state": action.state,
        "done_on": action.done_on,
        **action.promise,
    }


def _changed(row: dict[str, Any], action: Action | None) -> tuple[str, str] | None:
    since = f"action `{row['action']}` was decided on {row['decided_on']}"
    if action is None:
        return f"{since} and is missing", "Put it back; one that is given up has `state: dropped`"
    changed = [
        f"{name} {row[name]} → {value}"
        for name, value in action.promise.items()
        if row[name] != value
    ]
    if not changed:
        return None
    mend = "Put that back, and give what is expected now a key of its own"
    return f"{since} and was changed: {'; '.join(changed)}", mend
