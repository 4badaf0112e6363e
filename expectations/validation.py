"""Runs a suite over frames and says what failed, apart from what could not be evaluated."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd

    from expectations.suite import Look, Rule, Severity, Suite

KEYS_SHOWN = 20


@dataclass(frozen=True)
class Failure:
    """A rule that does not hold: how many rows break it and the keys of at most 20 of them."""

    description: str
    severity: Severity
    count: int | None
    keys: tuple[dict[str, str], ...]
    observed: str | None = None

    @property
    def text(self) -> str:
        """The rule, how many rows break it, and an example."""
        if self.count is None:
            found = f"found {self.observed}"
        else:
            example = ", ".join(f"{key} {value}" for key, value in (self.keys or ({},))[0].items())
            found = f"{self.count:,} rows" + (f", e.g. {example}" if example else "")
        return f"not so: {self.description} ({found})"


@dataclass(frozen=True)
class Verdict:
    """What a suite found. `errors` are rules that could not be evaluated: they say nothing about
    the data, and nothing may be published on them.
    """

    suite: str
    rules: int
    rows: int
    failures: tuple[Failure, ...] = ()
    errors: tuple[str, ...] = ()

    @property
    def is_passed(self) -> bool:
        """Whether every rule was evaluated and holds."""
        return not self.failures and not self.errors

    @property
    def is_blocking(self) -> bool:
        """Whether this must stop the publication."""
        return bool(self.errors) or any(one.severity == "critical" for one in self.failures)


@dataclass
class _Found:
    failures: list[Failure] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


def validate(suite: Suite, fetch: Callable[[str], pd.DataFrame]) -> Verdict:
    """Evaluate every rule of a suite over the frames that `fetch` returns for its queries.

    Raises nothing of its own: what cannot be read or evaluated is in `errors`.
    """
    found = _Found()
    rows = 0
    for position, look in enumerate(suite.looks):
        try:
            frame = fetch(look.query)
        except Exception as error:  # whatever the store raises: the look could not be taken
            found.errors.append(f"the columns could not be read: {error}")
            continue
        if position == 0:
            rows = len(frame)
        _validate_look(f"{suite.name}_{position}", look, frame, found)
    return Verdict(
        suite=suite.name,
        rules=sum(len(look.rules) for look in suite.looks),
        rows=rows,
        failures=tuple(found.failures),
        errors=tuple(found.errors),
    )


def _validate_look(name: str, look: Look, frame: pd.DataFrame, found: _Found) -> None:
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    # Importing Great Expectations takes 2 to 4 s: only a run pays for it.
    import great_expectations as gx  # noqa: PLC0415
    from great_expectations.data_context.types.base import ProgressBarsConfig  # noqa: PLC0415

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    batch = (
        context.data_sources.add_pandas(name)
        .add_dataframe_asset(name)
        .add_batch_definition_whole_dataframe(name)
        .get_batch(batch_parameters={"dataframe": frame})
    )
    suite = gx.ExpectationSuite(
        name=name,
        expectations=[
            getattr(gx.expectations, rule.expectation)(
                **rule.arguments,
                severity=rule.severity,
                description=rule.description,
                meta={"rule": position},
            )
            for position, rule in enumerate(look.rules)
        ],
    )
    outcome = batch.validate(
        suite,
        result_format={
            "result_format": "SUMMARY",
            "unexpected_index_column_names": list(look.keys),
            "partial_unexpected_count": KEYS_SHOWN,
        },
    )
    results: list[dict[str, Any]] = [one.to_json_dict() for one in outcome.results]
    results.sort(key=lambda one: one["expectation_config"]["meta"]["rule"])
    for result in results:
        if result["success"]:
            continue
        rule = look.rules[result["expectation_config"]["meta"]["rule"]]
        _record(rule, look.keys, result, found)


def _record(rule: Rule, keys: tuple[str, ...], result: Mapping[str, Any], found: _Found) -> None:
    if message := _raised(result["exception_info"]):
        found.errors.append(f"{rule.description}: {message}")
        return
    details = result["result"]
    found.failures.append(
        Failure(
            description=rule.description,
            severity=rule.severity,
            count=details.get("unexpected_count"),
            keys=tuple(
                {key: str(row[key]) for key in keys if key in row}
                for row in (details.get("partial_unexpected_index_list") or [])[:KEYS_SHOWN]
            ),
            observed=None
            if details.get("observed_value") is None
            else str(details["observed_value"]),
        )
    )


def _raised(info: Mapping[str, Any]) -> str | None:
    """Message of an exception, which Great Expectations keeps flat or under the metric's id."""
    if "raised_exception" in info:
        return str(info["exception_message"]) if info["raised_exception"] else None
    for one in info.values():
        if one["raised_exception"]:
            return str(one["exception_message"])
    return None
