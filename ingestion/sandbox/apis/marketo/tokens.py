"""Paging tokens: opaque to clients, a few numbers to the stand-in."""

from __future__ import annotations

import base64
import json

from ingestion.sandbox.apis.marketo.refusal import Refusal


def token(kind: str, *numbers: int) -> str:
    """Return the token of a kind of page, in capitals as Marketo's are."""
    return base64.b32encode(json.dumps([kind, *numbers]).encode()).decode()


def numbers_of(text: str, kind: str) -> list[int]:
    """Return the numbers of a token. Raises Refusal 1003 for one that is not of this kind."""
    try:
        found, *numbers = json.loads(base64.b32decode(text))
    except (ValueError, TypeError):
        found, numbers = None, []
    if found != kind:
        raise Refusal("1003", "Invalid nextPageToken")
    return [int(number) for number in numbers]
