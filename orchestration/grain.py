"""What makes a row of a public table one row: read from where it is tested, never listed again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from expectations.marts import marts_suites

if TYPE_CHECKING:
    from collections.abc import Mapping


def grains(manifest: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Return the grain columns by `<schema>.<table>`.

    A table's `unique_together` or `primary_key` test of a dbt manifest says it; for the tables that
    the exit gate guards its suite does. A table that neither knows is left out.
    """
    nodes = manifest["nodes"]
    found = {f"{suite.schema}.{suite.table}": suite.looks[0].keys for suite in _suites()}
    for node in nodes.values():
        test = node.get("test_metadata")
        model = nodes.get(node.get("attached_node") or "")
        if test is None or model is None:
            continue
        if test["name"] == "unique_together":
            columns = tuple(test["kwargs"]["columns"])
        elif test["name"] == "primary_key":
            columns = (test["kwargs"]["column_name"],)
        else:
            continue
        found[f"{model['schema']}.{model['alias']}"] = columns
    return found


def _suites() -> list[Any]:
    # The keys of a suite do not depend on the agreement, which its rules are derived from.
    nothing = {"stages": pd.DataFrame({"stage": []}), "exits": pd.DataFrame({"exit": []})}
    return list(marts_suites(nothing))
