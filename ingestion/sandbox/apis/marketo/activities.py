"""The REST side of the activity log: paging tokens, pages, lead changes, deletions, types."""

from __future__ import annotations

import json
import zlib
from typing import TYPE_CHECKING, Any

from ingestion.sandbox.apis.marketo.activity_store import COLUMNS
from ingestion.sandbox.apis.marketo.lead_fields import rest_name
from ingestion.sandbox.apis.marketo.refusal import Refusal, blank
from ingestion.sandbox.apis.marketo.stamps import PLUS_ZERO, Z, moment_of
from ingestion.sandbox.apis.marketo.tokens import numbers_of, token
from ingestion.sandbox.apis.marketo.versions import json_rows
from ingestion.sandbox.systems.marketo.activity_log import (
    CHANGE_DATA_VALUE,
    DELETE_LEAD,
    NEW_LEAD,
)

if TYPE_CHECKING:
    from collections.abc import Collection

    from ingestion.sandbox.apis.faults import Faults
    from ingestion.sandbox.apis.marketo.activity_store import ActivityStore
    from ingestion.sandbox.apis.marketo.call import Call
    from ingestion.sandbox.apis.marketo.options import MarketoOptions
    from ingestion.sandbox.arrays import Numbers

PLACE = "/rest/v1/activities.json"
_KIND = "activities"
_NUMBERS = ("leadId", "campaignId", "primaryAttributeValueId")
_MOST_LEADS = 30
# Of so many pages one is half full, and one is empty, though there are more.
_HALF_OF, _EMPTY_OF = 7, 11


class Activities:
    """Pages of what the store holds. A token tells where its page begins, and what was before."""

    def __init__(self, store: ActivityStore, faults: Faults, options: MarketoOptions) -> None:
        self._store = store
        self._faults = faults
        self._options = options

    def paging_token(self, call: Call) -> dict[str, Any]:
        """Answer activities/pagingtoken.json. Raises Refusal 701, 704."""
        since = call.parameters.get("sinceDatetime")
        if not since:
            raise blank("sinceDatetime")
        position = self._store.position_at(moment_of(since))
        return {"nextPageToken": token(_KIND, position, position, 0)}

    def page(self, call: Call) -> dict[str, Any]:
        """Answer activities.json. Raises Refusal 701, 1003."""
        told = [one for one in call.parameters.get("activityTypeIds", "").split(",") if one]
        if not told:
            raise blank("activityTypeIds")
        if len(told) > self._options.most_activity_types:
            raise Refusal("1003", f"More than {self._options.most_activity_types} activityTypeIds")
        if not all(one.isdecimal() for one in told):
            raise Refusal("1003", "Invalid activityTypeIds")
        rows, following = self._page(call, {int(one) for one in told}, Z)
        return {"result": [_with_attributes(row) for row in rows], **following}

    def lead_changes(self, call: Call) -> dict[str, Any]:
        """Answer activities/leadchanges.json: new leads, and changes of the fields asked for.

        Raises Refusal 701, 1003.
        """
        fields = {one for one in call.parameters.get("fields", "").split(",") if one}
        if not fields:
            raise blank("fields")
        rows, following = self._page(call, {NEW_LEAD, CHANGE_DATA_VALUE}, self._old_form)
        changes = [_change(row) for row in rows]
        return {
            "result": [
                one for one in changes if not one["fields"] or one["fields"][0]["name"] in fields
            ],
            **following,
        }

    def deleted_leads(self, call: Call) -> dict[str, Any]:
        """Answer activities/deletedleads.json. Raises Refusal 701, 1003."""
        rows, following = self._page(call, {DELETE_LEAD}, self._old_form)
        return {"result": [_with_attributes(row) for row in rows], **following}

    def types(self, _call: Call) -> dict[str, Any]:
        """Answer activities/types.json."""
        result = [
            {
                "id": log.type.id,
                "name": log.type.name,
                "description": log.type.name,
                **(
                    {"primaryAttribute": {"name": log.type.primary, "dataType": "integer"}}
                    if log.type.primary
                    else {}
                ),
                "attributes": [{"name": one, "dataType": "string"} for one in log.attributes],
            }
            for log in self._store.logs
        ]
        return {"result": sorted(result, key=lambda one: one["id"])}

    @property
    def _old_form(self) -> str:
        return PLUS_ZERO if self._options.old_dates else Z

    def _page(
        self, call: Call, types: Collection[int], form: str
    ) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        told = call.parameters.get("nextPageToken")
        if not told:
            raise blank("nextPageToken")
        begin, first, was_empty = numbers_of(told, _KIND)
        size = call.size("batchSize", self._options.page_size)
        shown = self._store.shown(types, begin, call.now)
        if len(shown) and not was_empty and self._is_empty(begin):
            return [], {"nextPageToken": token(_KIND, begin, first, 1), "moreResult": True}
        taken = shown[: self._full(begin, size)]
        end = int(taken[-1]) + 1 if len(taken) else begin
        following = {
            "nextPageToken": token(_KIND, self._follows(taken, begin, end), first, 0),
            "moreResult": len(taken) < len(shown),
        }
        leads = {one for one in call.parameters.get("leadIds", "").split(",") if one}
        if len(leads) > _MOST_LEADS:
            raise Refusal("1003", f"More than {_MOST_LEADS} leadIds")
        rows = self._rows(taken, form)
        return [row for row in rows if not leads or str(row["leadId"]) in leads], following

    def _is_empty(self, begin: int) -> bool:
        if self._options.short_pages and self._draw("empty", begin, _EMPTY_OF):
            return True
        return self._faults.strikes("empty_page", PLACE)

    def _full(self, begin: int, size: int) -> int:
        is_half = self._options.short_pages and self._draw("half", begin, _HALF_OF)
        return max(1, size // 2) if is_half else size

    def _draw(self, noun: str, begin: int, of: int) -> bool:
        return zlib.crc32(f"{self._options.seed} {noun} {begin}".encode()) % of == 0

    def _follows(self, taken: Numbers, begin: int, end: int) -> int:
        """Where the next page begins: after this one, if nothing goes wrong."""
        if not len(taken):
            return end
        if self._faults.strikes("duplicated_page", PLACE):
            return begin
        if self._faults.strikes("overlapping_page", PLACE):
            return int(taken[len(taken) // 2])
        return end

    def _rows(self, places: Numbers, form: str) -> list[dict[str, Any]]:
        """A page's rows in the order of their dates."""
        at: dict[int, dict[str, Any]] = {}
        for log, own, order in self._store.split(places):
            rows = json_rows(log.rows(own), _NUMBERS, form)
            at.update(zip(order.tolist(), rows, strict=True))
        return [_told(at[place]) for place in range(len(at))]


def _told(row: dict[str, Any]) -> dict[str, Any]:
    """A row with the old id beside its GUID, without what is empty."""
    told = {name: row[name] for name in COLUMNS if row[name] is not None}
    return {"id": int(row["marketoGUID"]), **told, "attributes": json.loads(row["attributes"])}


def _with_attributes(row: dict[str, Any]) -> dict[str, Any]:
    listed = [{"name": name, "value": value} for name, value in row["attributes"].items()]
    return {**row, "attributes": listed}


def _change(row: dict[str, Any]) -> dict[str, Any]:
    """A row of lead changes: which field had which value before, and has now."""
    attributes = row["attributes"]
    fields = []
    if row["activityTypeId"] == CHANGE_DATA_VALUE:
        fields.append(
            {
                "id": row["primaryAttributeValueId"],
                "name": rest_name(row["primaryAttributeValue"]),
                "newValue": attributes.get("New Value"),
                "oldValue": attributes.get("Old Value"),
            }
        )
    named = {name: one for name, one in attributes.items() if name not in _VALUES}
    told = {name: one for name, one in row.items() if not name.startswith("primaryAttribute")}
    return {
        **told,
        "fields": fields,
        "attributes": [{"name": name, "value": value} for name, value in named.items()],
    }


_VALUES = ("New Value", "Old Value")
