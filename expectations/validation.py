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

_COUNTS = (
    "element_count", "missing_count", "missing_percent", "unexpected_count", "unexpected_percent",
    "unexpected_percent_total", "unexpected_percent_nonmissing", "observed_value",
)  # fmt: skip


@dataclass(frozen=True)
class Failure:
    """A rule that does not hold: how many rows break it and the keys of at most 20 of them.

    `rows` are all of them, if they were asked for: the key columns as text, and `observed`.
    """

    description: str
    severity: Severity
    count: int | None
    keys: tuple[dict[str, str], ...]
    observed: str | None = None
    rule: str = ""
    rows: pd.DataFrame | None = field(default=None, repr=False, compare=False)

    @property
    def text(self) -> str:
        """The rule, how many rows break it, and an example."""
        if self.count is None:
            found = f"found {self.observed}"
        else:
            example = key_text(self.keys[0]) if self.keys else ""
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
    # As Great Expectations gave them, without a value of a row: what its pages are made of.
    results: tuple[Any, ...] = field(default=(), repr=False, compare=False)

    @property
    def is_passed(self) -> bool:
        """Whether every rule was evaluated and holds."""
        return not self.failures and not self.errors

    @property
    def is_blocking(self) -> bool:
        """Whether this must stop the publication."""
        return bool(self.errors) or any(one.severity == "critical" for one in self.failures)


def key_text(key: Mapping[str, str]) -> str:
    """Return the key of a row as people read it."""
    return ", ".join(f"{name} {value}" for name, value in key.items())


@dataclass
class _Found:
    failures: list[Failure] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    results: list[Any] = field(default_factory=list)


def validate(
    suite: Suite, fetch: Callable[[str], pd.DataFrame], *, has_all_rows: bool = False
) -> Verdict:
    """Evaluate every rule of a suite over the frames that `fetch` returns for its queries.

    With `has_all_rows` each failure has all the rows that break it, and not the first few only.
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
        _validate_look(f"{suite.name}_{position}", look, frame, found, has_all_rows=has_all_rows)
    return Verdict(
        suite=suite.name,
        rules=sum(len(look.rules) for look in suite.looks),
        rows=rows,
        failures=tuple(found.failures),
        errors=tuple(found.errors),
        results=tuple(found.results),
    )


def findings(verdict: Verdict, keys: tuple[str, ...]) -> pd.DataFrame:
    """Return one row per broken rule and row: `keys`, rule, severity, description, observed.

    All text. What the verdict has no rows of is left out: it was not asked for them, or the rule is
    one about the whole table.
    """
    import pandas as pd  # noqa: PLC0415  # slow, and only a run needs it

    columns = [*keys, "rule", "severity", "description", "observed"]
    found = [
        one.rows.assign(rule=one.rule, severity=one.severity, description=one.description)
        for one in verdict.failures
        if one.rows is not None
    ]
    if not found:
        return pd.DataFrame(columns=columns, dtype="str")
    return pd.concat(found, ignore_index=True)[columns]


def _validate_look(
    name: str, look: Look, frame: pd.DataFrame, found: _Found, *, has_all_rows: bool
) -> None:
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    # Importing Great Expectations takes 2 to 4 s: only a run pays for it.
    import great_expectations as gx  # noqa: PLC0415
    from great_expectations.data_context.types.base import ProgressBarsConfig  # noqa: PLC0415

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    # Rows are told by their place: to look up the keys of 200,000 broken ones, Great Expectations
    # takes 12 s, and where the keys are not unique they name no row.
    frame = frame.reset_index(drop=True)
    batch = (
        context.data_sources.add_pandas(name)
        .add_dataframe_asset(name)
        .add_batch_definition_whole_dataframe(name)
        # It hashes the whole frame, twice: of a million hand-offs the texts alone took 4 s.
        .get_batch(batch_parameters={"dataframe": frame[_looked_at(look, frame)]})
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
            # Over frames COMPLETE is complete; over SQL it would end at 200 rows.
            "result_format": "COMPLETE" if has_all_rows else "SUMMARY",
            "partial_unexpected_count": KEYS_SHOWN,
        },
    )
    for result in sorted(outcome.results, key=_position):
        rule = look.rules[_position(result)]
        keys: tuple[dict[str, str], ...] = ()
        if not result.success:
            keys = _record(rule, look.keys, result, frame, found)
        found.results.append(_without_values(result, keys))


def _position(result: Any) -> int:
    """Place of a result's rule in its look."""
    position: int = result.expectation_config.meta["rule"]
    return position


def _looked_at(look: Look, frame: pd.DataFrame) -> list[str]:
    """Columns that the rules read, in the frame's order; all of them if they read none."""
    read = {column for rule in look.rules for column in rule.columns}
    return [column for column in frame.columns if column in read] or list(frame.columns)


def _record(
    rule: Rule,
    names: tuple[str, ...],
    result: Any,
    frame: pd.DataFrame,
    found: _Found,
) -> tuple[dict[str, str], ...]:
    """Tell a failure from an error, and return the keys of the rows that are shown."""
    if message := _raised(result.exception_info):
        found.errors.append(f"{rule.description}: {message}")
        return ()
    details = result.result
    shown = (details.get("partial_unexpected_index_list") or [])[:KEYS_SHOWN]
    keys = tuple({name: str(frame.at[place, name]) for name in names} for place in shown)
    found.failures.append(
        Failure(
            description=rule.description,
            severity=rule.severity,
            count=details.get("unexpected_count"),
            keys=keys,
            observed=None
            if details.get("observed_value") is None
            else str(details["observed_value"]),
            rule=rule.name,
            rows=_rows(rule, names, details.get("unexpected_index_list"), frame),
        )
    )
    return keys


def _rows(
    rule: Rule,
    names: tuple[str, ...],
    broken: list[int] | None,
    frame: pd.DataFrame,
) -> pd.DataFrame | None:
    if broken is None:
        return None
    rows = frame.iloc[broken]
    observed = rows[rule.observed] if rule.observed else None
    return rows[list(names)].assign(observed=observed).astype("str").reset_index(drop=True)


def _without_values(result: Any, keys: tuple[dict[str, str], ...]) -> Any:
    """Leave of a result what a page may show: counts, and keys where values were."""
    result.result = {name: result.result[name] for name in _COUNTS if name in result.result}
    if keys:
        result.result["partial_unexpected_list"] = [key_text(one) for one in keys]
    if _raised(result.exception_info):
        # What it says may quote a value.
        result.exception_info = {
            "raised_exception": True,
            "exception_message": "the log of the run says what",
            "exception_traceback": "",
        }
    return result


def _raised(info: Mapping[str, Any]) -> str | None:
    """Message of an exception, which Great Expectations keeps flat or under the metric's id."""
    if "raised_exception" in info:
        return str(info["exception_message"]) if info["raised_exception"] else None
    for one in info.values():
        if one["raised_exception"]:
            return str(one["exception_message"])
    return None
