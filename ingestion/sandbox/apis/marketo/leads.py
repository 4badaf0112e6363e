"""The lead database: who is in it, found one by one or as an extract."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.sandbox.apis.marketo import lead_fields, versions
from ingestion.sandbox.apis.marketo.refusal import Refusal, blank
from ingestion.sandbox.apis.marketo.tokens import numbers_of, token

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ingestion.sandbox.apis.faults import Faults
    from ingestion.sandbox.apis.marketo.call import Call
    from ingestion.sandbox.apis.marketo.options import MarketoOptions
    from ingestion.sandbox.apis.marketo.period import Period
    from ingestion.sandbox.arrays import Moments, Numbers
    from ingestion.sandbox.systems.stored import Stored

_DEFAULT_FIELDS = ("id", "email", "updatedAt", "createdAt", "firstName", "lastName")
# The field that the fault `schema_drift` brings and takes away, and what it copies.
_DRIFTING, _ORIGIN = "marketingRegion", "country"
_DESCRIBE = "/rest/v1/leads/describe.json"
_CREATED, _UPDATED = "createdAt", "updatedAt"


class Leads:
    """Leads as they are shown at a moment.

    Two stamps are kept. `updatedAt`, the field, moves with standard fields only. The filter
    `updatedAt` goes by the last change of any field, which no field tells.
    """

    def __init__(self, stored: Stored, faults: Faults, options: MarketoOptions) -> None:
        self._stored = stored
        self._faults = faults
        self._options = options
        self._created = versions.moments(stored, _CREATED)
        self._changed = _last_changes(stored, versions.moments(stored, _UPDATED))
        self._lock = threading.Lock()
        self._has_drifted = False

    @property
    def fields(self) -> tuple[str, ...]:
        """The REST names of all fields, in the order of the describes."""
        drifting = (_DRIFTING,) if self._has_drifted else ()
        return self._stored.fields + drifting

    def check(self, fields: Sequence[str]) -> None:
        """Raise Refusal 1006 for a field that is not there."""
        for field in fields:
            if field not in self.fields:
                raise Refusal("1006", f"Field '{field}' not found")

    def describe(self, _call: Call) -> dict[str, Any]:
        """Answer leads/describe.json."""
        self._drift()
        return {"result": lead_fields.described(self._stored, self.fields)}

    def describe_2(self, _call: Call) -> dict[str, Any]:
        """Answer leads/describe2.json."""
        self._drift()
        return {"result": lead_fields.described_2(self._stored, self.fields)}

    def partitions(self, _call: Call) -> dict[str, Any]:
        """Answer leads/partitions.json: the one that each subscription has."""
        return {"result": [{"id": 1, "name": "Default", "description": "Initial system partition"}]}

    def one(self, call: Call) -> dict[str, Any]:
        """Answer lead/{id}.json. Raises Refusal 702, 1006."""
        rows = self._found("id", [call.path["id"]], self._asked_fields(call), call.now)
        if not rows and not self._options.unknown_lead_is_empty:
            raise Refusal("702")
        return {"result": rows}

    def some(self, call: Call) -> dict[str, Any]:
        """Answer leads.json. Raises Refusal 701, 1003, 1006."""
        by, values = self._filter(call)
        size = call.size("batchSize", self._options.page_size)
        told = call.parameters.get("nextPageToken")
        begin = numbers_of(told, "leads")[0] if told else 0
        found = self._found(by, values, self._asked_fields(call), call.now)
        if len(found) > self._options.most_found:
            raise Refusal("1003", "Too many results match the filter")
        more = begin + size < len(found)
        following = {"nextPageToken": token("leads", begin + size)} if more else {}
        return {"result": found[begin : begin + size], **following, "moreResult": more}

    def extract(self, fields: Sequence[str], by: str, period: Period, now: float) -> pa.Table:
        """Return the leads created or updated in a period, as shown now."""
        stamp = self._created if by == _CREATED else self._changed
        stored = self._stored
        is_shown = (stored.shown_from <= now) & (now < stored.shown_until)
        return self._taken(np.flatnonzero(is_shown & period.holds(stamp)), fields)

    def _drift(self) -> None:
        """Let a custom field appear, or go if it is there."""
        if self._faults.strikes("schema_drift", _DESCRIBE):
            with self._lock:
                self._has_drifted = not self._has_drifted

    def _filter(self, call: Call) -> tuple[str, list[str]]:
        by = call.parameters.get("filterType") or ""
        if not by:
            raise blank("filterType")
        if by not in lead_fields.SEARCHABLE:
            raise Refusal("1003", f"Invalid filterType '{by}'")
        values = [one for one in call.parameters.get("filterValues", "").split(",") if one]
        if not values:
            raise blank("filterValues")
        if len(values) > self._options.most_filter_values:
            raise Refusal("1003", f"More than {self._options.most_filter_values} filterValues")
        return by, values

    def _asked_fields(self, call: Call) -> list[str]:
        asked = [one for one in call.parameters.get("fields", "").split(",") if one]
        self.check(asked)
        # The id is in each answer, asked for or not.
        return list(dict.fromkeys(["id", *asked])) if asked else list(_DEFAULT_FIELDS)

    def _found(
        self, by: str, values: list[str], fields: list[str], now: float
    ) -> list[dict[str, Any]]:
        stored = self._stored
        is_shown = (stored.shown_from <= now) & (now < stored.shown_until)
        shown = np.flatnonzero(is_shown)
        keys = versions.taken(stored, shown, [by])[by].cast(pa.string())
        wanted = pc.is_in(pc.utf8_lower(keys), pa.array([one.lower() for one in values]))
        table = self._taken(shown[wanted.to_numpy(zero_copy_only=False)], fields)
        rows = versions.json_rows(table, whole_numbers=("id", "acquisitionProgramId"))
        if self._options.omits_nulls:
            return [{name: one for name, one in row.items() if one is not None} for row in rows]
        return rows

    def _taken(self, places: Numbers, fields: Sequence[str]) -> pa.Table:
        origins = [_ORIGIN if field == _DRIFTING else field for field in fields]
        table = versions.taken(self._stored, places, list(dict.fromkeys(origins)))
        return pa.table(
            {field: table[origin] for field, origin in zip(fields, origins, strict=True)}
        )


def _last_changes(stored: Stored, updated: Moments) -> Moments:
    """When each version's last change of any field was.

    A version is shown from its change on, or late. Where `updatedAt` moved, it tells the change
    itself; so does it of a record's first version.
    """
    moved = np.ones(len(updated), dtype=bool)
    moved[1:] = (np.diff(stored.record) != 0) | (np.diff(updated) != 0)
    return np.where(moved, np.fmax(updated, versions.moments(stored, _CREATED)), stored.shown_from)
