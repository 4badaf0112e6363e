"""One call as the resources see it: already let in, its parameters read."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ingestion.sandbox.apis.marketo.refusal import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Call:
    """Who calls, when, and with what; `path` holds the parts of the address that vary."""

    client: str
    now: float  # seconds since 1970, of the company
    path: Mapping[str, str]
    parameters: Mapping[str, str]  # of the query, and of a form sent in its place
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> dict[str, Any]:
        """Return the object in the body. Raises Refusal 609."""
        try:
            told = json.loads(self.body)
        except ValueError:
            told = None
        if not isinstance(told, dict):
            raise Refusal("609")
        return told

    def size(self, name: str, most: int) -> int:
        """Return how many rows a page may hold. Raises Refusal 1003 for what is no number."""
        return max(1, min(self.number(name, most), most))

    def number(self, name: str, default: int) -> int:
        """Return a parameter of digits. Raises Refusal 1003."""
        told = self.parameters.get(name) or str(default)
        if not told.isdecimal():
            raise Refusal("1003", f"Invalid {name} '{told}'")
        return int(told)
