"""The fields of leads as the two describes tell them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from ingestion.sandbox.systems.columns import INSTANT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ingestion.sandbox.systems.stored import Stored

SEARCHABLE = ("id", "email", "sfdcLeadId", "sfdcContactId")
_KINDS = {"email": "email", "phone": "phone", "leadScore": "score"}
_READ_ONLY = ("id", "createdAt", "updatedAt", "sfdcLeadId", "sfdcContactId", "sfdcType")
_LENGTH = 255
_NAMES = {"email": "Email Address", "phone": "Phone Number", "company": "Company Name"}


def described(leads: Stored, fields: Sequence[str]) -> list[dict[str, Any]]:
    """Return the result of describe.json."""
    return [
        {
            "id": number,
            "displayName": _NAMES.get(field, _spoken(field)),
            "dataType": _kind(leads, field),
            **_length(leads, field),
            "rest": {"name": field, "readOnly": field in _READ_ONLY},
            "soap": {"name": field[0].upper() + field[1:], "readOnly": field in _READ_ONLY},
        }
        for number, field in enumerate(fields, start=1)
    ]


def described_2(leads: Stored, fields: Sequence[str]) -> list[dict[str, Any]]:
    """Return the result of describe2.json: one object, what it can be searched by, its fields."""
    told = [
        {
            "name": field,
            "displayName": _NAMES.get(field, _spoken(field)),
            "dataType": _kind(leads, field),
            **_length(leads, field),
            "updateable": field not in _READ_ONLY,
            "crmManaged": field.startswith("sfdc"),
        }
        for field in fields
    ]
    return [{"name": "API Lead", "searchableFields": [[one] for one in SEARCHABLE], "fields": told}]


def rest_name(display_name: str) -> str:
    """Return the REST name of a field that the activity log calls by its display name."""
    for rest, shown in _NAMES.items():
        if shown == display_name:
            return rest
    words = display_name.split()
    return words[0].lower() + "".join(words[1:])


def _spoken(field: str) -> str:
    words = re.sub(r"([A-Z])", r" \1", field)
    return words[0].upper() + words[1:]


def _kind(leads: Stored, field: str) -> str:
    if field == "id":
        return "integer"
    if field in _KINDS:
        return _KINDS[field]
    values = leads.fixed.get(field, leads.varying.get(field))
    return _KIND_OF_TYPE.get(values.type, "string") if values is not None else "string"


def _length(leads: Stored, field: str) -> dict[str, int]:
    is_text = _kind(leads, field) in {"string", "email", "phone"}
    return {"length": _LENGTH} if is_text else {}


_KIND_OF_TYPE = {
    INSTANT: "datetime",
    pa.bool_(): "boolean",
    pa.int64(): "integer",
    pa.float64(): "float",
    pa.date32(): "date",
}
