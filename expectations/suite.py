"""What a suite is made of. Plain data: reading it needs no Great Expectations."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Literal

# Critical stops the publication; a warning is told and counted.
Severity = Literal["critical", "warning"]


@dataclass(frozen=True)
class Rule:
    """One expectation: the class of Great Expectations, its arguments, and what it means.

    `observed` names the column that says what was found where the rule does not hold.
    """

    expectation: str
    description: str
    severity: Severity = "critical"
    arguments: dict[str, Any] = field(default_factory=dict)
    observed: str | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the rule looks at; none if it looks at the table."""
        one = self.arguments.get("column")
        return tuple(self.arguments.get("column_list", [one] if one else []))

    @property
    def name(self) -> str:
        """The same as one word; empty if it looks at the table."""
        return "_".join(self.columns)


@dataclass(frozen=True)
class Look:
    """The columns that some rules look at: one query, the columns that name a row, the rules."""

    query: str
    keys: tuple[str, ...]
    rules: tuple[Rule, ...]


@dataclass(frozen=True)
class Suite:
    """All rules of one table; its name is `<schema>__<table>`."""

    schema: str
    table: str
    looks: tuple[Look, ...]

    @property
    def name(self) -> str:
        """Name of the suite and of its check."""
        return f"{self.schema}__{self.table}"


def is_present(column: str, description: str, severity: Severity = "critical") -> Rule:
    """Every row has a value."""
    return Rule("ExpectColumnValuesToNotBeNull", description, severity, {"column": column})


def is_unique(columns: tuple[str, ...], description: str, severity: Severity = "critical") -> Rule:
    """No two rows have the same values in these columns."""
    if len(columns) == 1:
        return Rule("ExpectColumnValuesToBeUnique", description, severity, {"column": columns[0]})
    return Rule(
        "ExpectCompoundColumnsToBeUnique", description, severity, {"column_list": list(columns)}
    )


def is_one_of(
    column: str,
    values: list[Any],
    description: str,
    severity: Severity = "critical",
    mostly: float = 1,
) -> Rule:
    """Every value that is there, or at least that share of them, is in the list."""
    return Rule(
        "ExpectColumnValuesToBeInSet",
        description,
        severity,
        {"column": column, "value_set": values, "mostly": mostly},
    )


def holds(
    column: str,
    description: str,
    severity: Severity = "critical",
    mostly: float = 1,
    observed: str | None = None,
) -> Rule:
    """A condition that the query worked out is true wherever it is not null."""
    rule = is_one_of(column, [True], description, severity, mostly)
    return replace(rule, observed=observed)


def lies_between(
    column: str,
    lowest: float | None,
    highest: float | None,
    description: str,
    severity: Severity = "critical",
) -> Rule:
    """Every value that is there lies between the two, both included; None is no bound."""
    return Rule(
        "ExpectColumnValuesToBeBetween",
        description,
        severity,
        {"column": column, "min_value": lowest, "max_value": highest},
    )


def has_rows(description: str, severity: Severity = "critical") -> Rule:
    """There is at least one row."""
    return Rule("ExpectTableRowCountToBeBetween", description, severity, {"min_value": 1})
