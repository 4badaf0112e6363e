"""Words, literals and signs of SOQL."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, TypeAlias

from ingestion.sandbox.apis.salesforce.refusal import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

Value: TypeAlias = str | float | bool | date | datetime | None

_PATTERN = re.compile(
    r"""
    (?P<space>\s+)
  | (?P<datetime>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d))
  | (?P<date>\d{4}-\d\d-\d\d(?![\dT]))
  | (?P<number>[+-]?\d+(?:\.\d+)?(?![\w.-]))
  | (?P<text>'(?:[^'\\]|\\.)*')
  | (?P<word>[A-Za-z]\w*(?:\.[A-Za-z]\w*)*)
  | (?P<sign><=|>=|!=|<>|[=<>(),:])
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}


@dataclass(frozen=True)
class Token:
    """One word, literal or sign: its kind, its text, where it begins in the query."""

    kind: str
    text: str
    at: int

    @property
    def value(self) -> Value:
        """Return what a literal stands for; moments are in UTC and tell no zone."""
        return _VALUES[self.kind](self.text)


def tokens_of(query: str) -> list[Token]:
    """Return the tokens of a query, the last one empty: its end.

    Raises Refusal, MALFORMED_QUERY, for what is no token.
    """
    found, at = [], 0
    while at < len(query):
        match = _PATTERN.match(query, at)
        if match is None:
            raise malformed(query, at, f"unexpected token: '{query[at]}'")
        if match.lastgroup and match.lastgroup != "space":
            found.append(Token(match.lastgroup, match.group(), at))
        at = match.end()
    return [*found, Token("end", "", len(query))]


def malformed(query: str, at: int, message: str) -> Refusal:
    """Return the refusal of a query that is no SOQL, or not here."""
    return Refusal(400, "MALFORMED_QUERY", located(query, at, message))


def located(query: str, at: int, message: str) -> str:
    """Return a message as Salesforce writes it, below the line of the query and its place."""
    row = query.count("\n", 0, at)
    begin = query.rfind("\n", 0, at) + 1
    line = query[begin:].split("\n", 1)[0]
    caret = " " * (at - begin) + "^"
    return f"\n{line}\n{caret}\nERROR at Row:{row + 1}:Column:{at - begin + 1}\n{message}"


def _text(text: str) -> str:
    return re.sub(
        r"\\(.)", lambda found: _ESCAPES.get(found.group(1), found.group(1)), text[1:-1], flags=re.S
    )


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None)


_VALUES: dict[str, Callable[[str], Value]] = {
    "text": _text,
    "datetime": _moment,
    "date": date.fromisoformat,
    "number": float,
    "word": lambda text: {"true": True, "false": False, "null": None}[text.lower()],
}
