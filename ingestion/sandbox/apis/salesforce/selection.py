"""A query that was checked against what the org shows, and its rows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.sandbox.apis.salesforce.conditions import check, comparisons, holds
from ingestion.sandbox.apis.salesforce.refusal import Refusal
from ingestion.sandbox.apis.salesforce.soql import parse
from ingestion.sandbox.apis.salesforce.tokens import located
from ingestion.sandbox.systems.columns import column

if TYPE_CHECKING:
    from ingestion.sandbox.apis.salesforce.catalog import Catalog, Entity
    from ingestion.sandbox.apis.salesforce.fields import Field
    from ingestion.sandbox.apis.salesforce.soql import Query
    from ingestion.sandbox.apis.salesforce.tokens import Token

# What only queryAll shows.
_OUT_OF_SIGHT = ("IsDeleted", "IsArchived")
_HINT = "Please reference your WSDL or the describe call for the appropriate names."


@dataclass(frozen=True)
class Selection:
    """A query of one object whose fields all exist."""

    query: Query
    entity: Entity
    fields: tuple[Field, ...]  # that it selects, in its order
    everything: bool  # queryAll: deleted and archived records too

    def rows(self, moment: float, shuffle: int | None = None) -> pa.Table:
        """Return the rows at a moment: the fields selected, then `Id` if it is not among them.

        With a shuffle, a seed, rows that no ORDER BY puts in order are in an order of its own.
        """
        rows = self._all(moment)
        kept = self._kept(rows)
        rows = rows if kept is None else rows.filter(kept)
        if self.query.order:
            rows = rows.take(self._order(rows))
        elif shuffle is not None:
            rows = rows.take(pa.array(np.random.default_rng(shuffle).permutation(len(rows))))
        rows = rows.slice(self.query.offset or 0, self.query.limit)
        names = [field.name for field in self.fields]
        return rows.select(names if "Id" in names else [*names, "Id"])

    def _all(self, moment: float) -> pa.Table:
        derived = self.entity.derived
        wanted = {"Id", *(field.name for field in self.fields), *self._compared()}
        stored = self.entity.stored
        held = {one for name in wanted for one in
                (derived[name].needs if name in derived else (name,))}  # fmt: skip
        held |= {one for one in _OUT_OF_SIGHT if one in stored.fields}
        rows = replace(stored, fields=tuple(sorted(held))).at(moment)
        for name in sorted(wanted & derived.keys()):
            rows = rows.append_column(name, derived[name].compute(rows, moment))
        return rows

    def _compared(self) -> set[str]:
        names = self.entity.by_lower_name
        tokens = [one.field for one in comparisons(self.query.where)]
        tokens += [one.field for one in self.query.order]
        return {names[token.text.lower()].name for token in tokens}

    def _kept(self, rows: pa.Table) -> pa.Array | None:
        flags = []
        if not self.everything:
            flags += [pc.invert(column(rows[one])) for one in _OUT_OF_SIGHT
                      if one in rows.column_names]  # fmt: skip
        if self.query.where is not None:
            flags.append(holds(self.query.where, rows, self.entity.by_lower_name))
        if not flags:
            return None
        kept = flags[0]
        for flag in flags[1:]:
            kept = pc.and_(kept, flag)
        return kept

    def _order(self, rows: pa.Table) -> pa.Array:
        names = self.entity.by_lower_name
        keys, plain = [], {}
        for place, one in enumerate(self.query.order):
            values = column(rows[names[one.field.text.lower()].name])
            is_words = pa.types.is_dictionary(values.type)
            plain[str(place)] = values.cast(pa.string()) if is_words else values
            direction = "descending" if one.descending else "ascending"
            keys.append((str(place), direction, "at_end" if one.nulls_last else "at_start"))
        return pc.sort_indices(pa.table(plain), sort_keys=keys)


def select(text: str, catalog: Catalog, *, everything: bool) -> Selection:
    """Check a query against what the org shows now.

    Raises Refusal: MALFORMED_QUERY, INVALID_TYPE, INVALID_FIELD.
    """
    query = parse(text)
    entity = catalog.find(query.entity.text)
    if entity is None:
        message = (
            f"sObject type '{query.entity.text}' is not supported. If you are attempting to use a "
            "custom object, be sure to append the '__c' after the entity name. " + _HINT
        )
        raise Refusal(400, "INVALID_TYPE", located(text, query.entity.at, message))
    fields = tuple(_field(query, entity, token) for token in query.fields)
    names = [field.name for field in fields]
    for place, name in enumerate(names):
        if name in names[:place]:
            message = f"duplicate field selected: {name}"
            raise Refusal(400, "INVALID_FIELD", located(text, query.fields[place].at, message))
    for comparison in comparisons(query.where):
        check(text, comparison, _field(query, entity, comparison.field))
    for sorting in query.order:
        _field(query, entity, sorting.field)
    return Selection(query, entity, fields, everything)


def _field(query: Query, entity: Entity, token: Token) -> Field:
    relation, dot, _ = token.text.partition(".")
    if dot:
        message = (
            f"Didn't understand relationship '{relation}' in field path. If you are attempting to "
            "use a custom relationship, be sure to append the '__r' after the custom relationship "
            "name. " + _HINT
        )
        raise Refusal(400, "INVALID_FIELD", located(query.text, token.at, message))
    field = entity.by_lower_name.get(token.text.lower())
    if field is None:
        message = (
            f"No such column '{token.text}' on entity '{entity.name}'. If you are attempting to "
            "use a custom field, be sure to append the '__c' after the custom field name. " + _HINT
        )
        raise Refusal(400, "INVALID_FIELD", located(query.text, token.at, message))
    return field
