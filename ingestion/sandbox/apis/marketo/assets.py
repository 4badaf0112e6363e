"""Assets by offset, campaigns by token, channels, tags, and lists, of which there are none."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.compute as pc

from ingestion.sandbox.apis.marketo import versions
from ingestion.sandbox.apis.marketo.refusal import Refusal
from ingestion.sandbox.apis.marketo.stamps import moment_of
from ingestion.sandbox.apis.marketo.tokens import numbers_of, token
from ingestion.sandbox.systems.marketo.assets import TAGS

if TYPE_CHECKING:
    from ingestion.sandbox.apis.marketo.call import Call
    from ingestion.sandbox.apis.marketo.options import MarketoOptions
    from ingestion.sandbox.arrays import Numbers
    from ingestion.sandbox.systems.held import Held
    from ingestion.sandbox.systems.stored import Stored

_NOTHING = {"warnings": ["No assets found for the given search criteria."]}
_FOLDERS = {"Campaigns": 21, "Library": 22, "Archive": 23, "Site": 24}
_CAMPAIGNS_NUMBERS = ("id", "programId")
# How far somebody gets in a program; the last ones are a success.
_STATUSES = {
    "Webinar": ("Not in Program", "Registered", "Attended"),
    "Tradeshow": ("Not in Program", "Visited Booth"),
}
_OTHER_STATUSES = ("Not in Program", "Downloaded")


class Assets:
    """What marketing runs, as it is shown at a moment."""

    def __init__(self, held: Held, options: MarketoOptions) -> None:
        self._programs = held.objects["programs"]
        self._campaigns = held.objects["campaigns"]
        self._emails = held.objects["emails"]
        self._pages = held.objects["landing_pages"]
        self._options = options

    def programs(self, call: Call) -> dict[str, Any]:
        """Answer asset/v1/programs.json. Raises Refusal 704, 1003."""
        size = call.size("maxReturn", self._options.asset_page_size)
        begin = call.number("offset", 0)
        stored = self._programs
        places = _shown(stored, call.now)
        # Each version was updated when it began to be shown.
        updated = stored.shown_from[places]
        if "earliestUpdatedAt" in call.parameters:
            places = places[updated >= moment_of(call.parameters["earliestUpdatedAt"])]
            updated = stored.shown_from[places]
        if "latestUpdatedAt" in call.parameters:
            places = places[updated <= moment_of(call.parameters["latestUpdatedAt"])]
        return _listed(self._program_rows(places[begin : begin + size]))

    def program(self, call: Call) -> dict[str, Any]:
        """Answer asset/v1/program/{id}.json."""
        places = _shown(self._programs, call.now)
        ids = versions.taken(self._programs, places, ["id"])["id"]
        is_it = pc.equal(ids, call.path["id"]).to_numpy(zero_copy_only=False)
        return _listed(self._program_rows(places[is_it]))

    def tag_types(self, call: Call) -> dict[str, Any]:
        """Answer asset/v1/tagTypes.json."""
        return self._page(call, [_tag_type(name) for name in TAGS])

    def emails(self, call: Call) -> dict[str, Any]:
        """Answer asset/v1/emails.json."""
        return self._page(call, [_email(row) for row in _rows(self._emails, call.now)])

    def landing_pages(self, call: Call) -> dict[str, Any]:
        """Answer asset/v1/landingPages.json."""
        return self._page(call, [_in_folder(row) for row in _rows(self._pages, call.now)])

    def channels(self, call: Call) -> dict[str, Any]:
        """Answer asset/v1/channels.json: one of each that a program has."""
        places = _shown(self._programs, call.now)
        names = versions.taken(self._programs, places, ["channel"])["channel"]
        found = sorted(pc.unique(names).to_pylist())
        return self._page(call, [_channel(name, number) for number, name in enumerate(found, 1)])

    def campaigns(self, call: Call) -> dict[str, Any]:
        """Answer campaigns.json. Raises Refusal 1003."""
        size = call.size("batchSize", self._options.page_size)
        told = call.parameters.get("nextPageToken")
        begin = numbers_of(told, "campaigns")[0] if told else 0
        places = _shown(self._campaigns, call.now)
        table = versions.taken(
            self._campaigns, places[begin : begin + size], self._campaigns.fields
        )
        more = begin + size < len(places)
        following = {"nextPageToken": token("campaigns", begin + size)} if more else {}
        return {
            "result": _without_nulls(versions.json_rows(table, _CAMPAIGNS_NUMBERS)),
            **following,
        }

    def campaign(self, call: Call) -> dict[str, Any]:
        """Answer campaigns/{id}.json. Raises Refusal 702."""
        places = _shown(self._campaigns, call.now)
        table = versions.taken(self._campaigns, places, self._campaigns.fields)
        found = table.filter(pc.equal(table["id"], call.path["id"]))
        if not found.num_rows:
            raise Refusal("702")
        return {"result": _without_nulls(versions.json_rows(found, _CAMPAIGNS_NUMBERS))}

    def lists(self, _call: Call) -> dict[str, Any]:
        """Answer lists.json."""
        return {"result": []}

    def _page(self, call: Call, rows: list[dict[str, Any]]) -> dict[str, Any]:
        size = call.size("maxReturn", self._options.asset_page_size)
        begin = call.number("offset", 0)
        return _listed(rows[begin : begin + size])

    def _program_rows(self, places: Numbers) -> list[dict[str, Any]]:
        table = versions.taken(self._programs, places, self._programs.fields)
        return [_program(row) for row in versions.json_rows(table, ("id",))]


def _shown(stored: Stored, now: float) -> Numbers:
    return np.flatnonzero((stored.shown_from <= now) & (now < stored.shown_until))


def _rows(stored: Stored, now: float) -> list[dict[str, Any]]:
    table = versions.taken(stored, _shown(stored, now), stored.fields)
    rows: list[dict[str, Any]] = versions.json_rows(table, ("id",))
    return rows


def _listed(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The result; beyond the end of a list a warning in its place, and still a success."""
    return {"result": rows} if rows else dict(_NOTHING)


def _program(row: dict[str, Any]) -> dict[str, Any]:
    tags = [{"tagType": name, "tagValue": row.pop(name)} for name in TAGS]
    return {
        **_in_folder(row),
        "description": row["description"] or "",
        "status": row["status"] or "",
        "costs": json.loads(row["costs"]),
        "tags": [one for one in tags if one["tagValue"] is not None],
    }


def _email(row: dict[str, Any]) -> dict[str, Any]:
    return {**_in_folder(row), "subject": {"type": "Text", "value": row["subject"]}}


def _in_folder(row: dict[str, Any]) -> dict[str, Any]:
    folder = row["folder"]
    place = {"type": "Folder", "value": _FOLDERS[folder], "folderName": folder}
    return {**row, "folder": place}


def _tag_type(name: str) -> dict[str, Any]:
    return {"tagType": name, "applicableProgramTypes": "program,event", "required": False}


def _channel(name: str, number: int) -> dict[str, Any]:
    statuses = _STATUSES.get(name, _OTHER_STATUSES)
    return {
        "id": number,
        "name": name,
        "applicableProgramType": "event" if name in _STATUSES else "program",
        "progressionStatuses": [
            {
                "name": status,
                "step": 10 * step,
                "success": step == len(statuses) - 1,
                "hidden": False,
            }
            for step, status in enumerate(statuses)
        ],
    }


def _without_nulls(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: one for name, one in row.items() if one is not None} for row in rows]
