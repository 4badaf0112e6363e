"""SOQL of one object: fields, conditions, order, limit."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias

from ingestion.sandbox.apis.salesforce.refusal import Refusal
from ingestion.sandbox.apis.salesforce.tokens import Token, located, malformed, tokens_of

_COMPARISONS = {"=", "!=", "<>", "<", "<=", ">", ">="}
_LITERALS = {"text", "datetime", "date", "number"}
_CONSTANTS = {"true", "false", "null"}
_AGGREGATES = {"avg", "count", "count_distinct", "max", "min", "sum"}
_RESERVED = {"and", "asc", "desc", "from", "group", "having", "in", "like", "limit", "not",
             "nulls", "offset", "or", "order", "select", "where"}  # fmt: skip


class Unserved(Refusal):
    """MALFORMED_QUERY for what is SOQL, but is not served by this stand-in: `what`."""

    def __init__(self, query: str, at: int, what: str) -> None:
        super().__init__(400, "MALFORMED_QUERY", located(query, at, f"{what} not served here"))
        self.what = what


@dataclass(frozen=True)
class Comparison:
    """A field compared with a literal: =, !=, <, <=, >, >=, like; or with several: in, not in."""

    field: Token
    operator: str
    values: tuple[Token, ...]


@dataclass(frozen=True)
class Combination:
    """Conditions that hold together: "and", "or", or "not" of a single one."""

    operator: str
    parts: tuple[Condition, ...]


Condition: TypeAlias = Comparison | Combination


@dataclass(frozen=True)
class Sorting:
    """One field of ORDER BY."""

    field: Token
    descending: bool
    nulls_last: bool


@dataclass(frozen=True)
class Query:
    """A query as it is written; `counts` is set for SELECT COUNT()."""

    text: str
    fields: tuple[Token, ...]
    counts: bool
    entity: Token
    where: Condition | None
    order: tuple[Sorting, ...]
    limit: int | None
    offset: int | None


def parse(text: str) -> Query:
    """Return a query.

    Raises Refusal, MALFORMED_QUERY, for what is no SOQL, and Unserved for SOQL that is not served
    here: sub-queries, GROUP BY, aggregates other than COUNT(), TYPEOF, literals such as TODAY.
    """
    return _Parser(text).query()


def object_name(text: str) -> str:
    """Return the object that a text selects from, empty if that cannot be seen."""
    words = [token for token in tokens_of(text) if token.kind in {"word", "end"}]
    places = [place for place, token in enumerate(words) if token.text.lower() == "from"]
    return words[places[0] + 1].text if places else ""


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = tokens_of(text)
        self._place = 0

    def query(self) -> Query:
        self._expect("select")
        counts, fields = self._selected()
        self._expect("from")
        entity = self._entity()
        where = self._condition() if self._takes("where") else None
        self._no_groups()
        order = self._order() if self._takes("order") else ()
        limit = self._whole() if self._takes("limit") else None
        offset = self._whole() if self._takes("offset") else None
        if self._next.kind != "end":
            raise self._unexpected()
        return Query(self._text, fields, counts, entity, where, order, limit, offset)

    @property
    def _next(self) -> Token:
        return self._tokens[self._place]

    def _word(self) -> str:
        return self._next.text.lower() if self._next.kind in {"word", "sign"} else ""

    def _takes(self, word: str) -> bool:
        if self._word() != word:
            return False
        self._place += 1
        return True

    def _expect(self, word: str) -> None:
        if not self._takes(word):
            raise self._unexpected()

    def _unexpected(self) -> Exception:
        token = self._next
        shown = token.text or "<EOF>"
        return malformed(self._text, token.at, f"unexpected token: '{shown}'")

    def _unserved(self, what: str) -> Exception:
        return Unserved(self._text, self._next.at, what)

    def _name(self) -> Token:
        token = self._next
        if token.kind != "word" or token.text.lower() in _RESERVED:
            raise self._unexpected()
        self._place += 1
        return token

    def _entity(self) -> Token:
        # Group is an object, and so no word that is reserved here.
        token = self._next
        if token.kind != "word":
            raise self._unexpected()
        self._place += 1
        return token

    def _whole(self) -> int:
        token = self._next
        if not re.fullmatch(r"\d{1,9}", token.text):
            raise self._unexpected()
        self._place += 1
        return int(token.text)

    def _selected(self) -> tuple[bool, tuple[Token, ...]]:
        if self._word() == "count" and self._text_after(1) == "(" and self._text_after(2) == ")":
            self._place += 3
            return True, ()
        fields = [self._field()]
        while self._takes(","):
            fields.append(self._field())
        return False, tuple(fields)

    def _text_after(self, steps: int) -> str:
        place = self._place + steps
        return self._tokens[place].text if place < len(self._tokens) else ""

    def _field(self) -> Token:
        word = self._word()
        if word == "(":
            raise self._unserved("Aggregate Relationships")
        if word == "typeof":
            raise self._unserved("TYPEOF clauses")
        if self._text_after(1) == "(":
            what = "Aggregate functions" if word in _AGGREGATES else f"{self._next.text}()"
            raise self._unserved(what)
        return self._name()

    def _no_groups(self) -> None:
        if self._word() in {"group", "having"}:
            raise self._unserved("GROUP BY clauses")

    def _condition(self) -> Condition:
        parts = [self._part()]
        operator = self._word()
        if operator not in {"and", "or"}:
            return parts[0]
        while self._takes(operator):
            parts.append(self._part())
        # Salesforce wants parentheses where "and" and "or" meet.
        if self._word() in {"and", "or"}:
            raise self._unexpected()
        return Combination(operator, tuple(parts))

    def _part(self) -> Condition:
        if self._takes("not"):
            return Combination("not", (self._part(),))
        if self._takes("("):
            inner = self._condition()
            self._expect(")")
            return inner
        return self._comparison()

    def _comparison(self) -> Comparison:
        field = self._name()
        negated = self._takes("not")
        if self._takes("in"):
            return Comparison(field, "not in" if negated else "in", self._literals())
        operator = self._word()
        if negated or operator not in _COMPARISONS | {"like"}:
            raise self._unexpected()
        self._place += 1
        return Comparison(field, "!=" if operator == "<>" else operator, (self._literal(),))

    def _literals(self) -> tuple[Token, ...]:
        self._expect("(")
        values = [self._literal()]
        while self._takes(","):
            values.append(self._literal())
        self._expect(")")
        return tuple(values)

    def _literal(self) -> Token:
        token = self._next
        if token.kind == "word" and token.text.lower() not in _CONSTANTS:
            raise self._unserved(token.text)
        if token.kind not in _LITERALS | {"word"}:
            raise self._unexpected()
        try:
            _ = token.value
        except (ValueError, OverflowError) as error:
            raise self._unexpected() from error
        self._place += 1
        return token

    def _order(self) -> tuple[Sorting, ...]:
        self._expect("by")
        keys = [self._sorting()]
        while self._takes(","):
            keys.append(self._sorting())
        return tuple(keys)

    def _sorting(self) -> Sorting:
        field = self._name()
        descending = self._takes("desc")
        if not descending:
            self._takes("asc")
        nulls_last = False
        if self._takes("nulls"):
            nulls_last = self._takes("last")
            if not nulls_last:
                self._expect("first")
        return Sorting(field, descending, nulls_last)
