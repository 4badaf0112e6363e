"""How JSON answers write moments."""

from __future__ import annotations

from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.compute as pc

from ingestion.sandbox.apis.salesforce.refusal import Refusal
from ingestion.sandbox.systems.dialect import text_table
from ingestion.sandbox.systems.salesforce.instance import DIALECT


def moment_text(moment: float) -> str:
    """Return a moment, seconds since 1970, as 2023-05-28T21:10:08.000+0000."""
    shown = datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds")
    return shown.replace("+00:00", "+0000")


def moment_texts(moments: pa.Array) -> pa.Array:
    """Return timestamps in the same form, null where there is none."""
    text = text_table(pa.table({"moment": moments}), DIALECT)["moment"].combine_chunks()
    zoned = pc.replace_substring_regex(text, "Z$", "+0000")
    return pc.if_else(moments.is_null(), None, zoned)


def moment_of(text: str) -> float:
    """Return the moment of an ISO 8601 text. Raises Refusal for other texts, and without a zone."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise Refusal(400, "INVALID_FIELD", f"{text} is not a dateTime") from error
    if moment.tzinfo is None:
        raise Refusal(400, "INVALID_FIELD", f"{text} has no zone")
    return moment.timestamp()
