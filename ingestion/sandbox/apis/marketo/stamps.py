"""Moments as Marketo writes and reads them, and the day that its quotas count by."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from ingestion.sandbox.apis.marketo.refusal import Refusal

_QUOTA_ZONE = "America/Chicago"
_WITHOUT_MILLISECONDS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:?\d\d)")
Z, PLUS_ZERO = "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S+0000"


def quota_day(moment: float) -> str:
    """Return the day in US Central, with daylight saving, as YYYY-MM-DD."""
    return datetime.fromtimestamp(moment, ZoneInfo(_QUOTA_ZONE)).date().isoformat()


def in_zone(moment: float, zone: str) -> str:
    """Return a moment as 2023-01-21T11:47:30-08:00 in an IANA zone."""
    return datetime.fromtimestamp(int(moment), ZoneInfo(zone)).isoformat()


def texts(instants: pa.ChunkedArray, form: str = Z) -> pa.ChunkedArray:
    """Return instants in one of the forms of this module, null for null."""
    return pc.strftime(instants, format=form)


def moment_of(text: str) -> float:
    """Return the moment that an ISO 8601 text with a zone names. Raises Refusal 704."""
    try:
        told = datetime.fromisoformat(text)
    except ValueError:
        told = None
    if told is None or told.tzinfo is None:
        raise Refusal("704", f"Invalid date: {text}")
    return told.astimezone(UTC).timestamp()


def whole_second(text: object) -> float:
    """Return the moment of a text without milliseconds, as bulk filters want it.

    Raises Refusal 704.
    """
    if not isinstance(text, str) or not _WITHOUT_MILLISECONDS.fullmatch(text):
        raise Refusal("704", f"Invalid date: {text}")
    return moment_of(text)
