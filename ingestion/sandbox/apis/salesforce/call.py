"""One request to the API, read."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from ingestion.sandbox.apis.salesforce.refusal import Refusal

if TYPE_CHECKING:
    from starlette.requests import Request

    from ingestion.sandbox.apis.salesforce.org import Org


@dataclass(frozen=True)
class Call:
    """A request, its body, and the org it is made to."""

    org: Org
    request: Request
    body: bytes

    @property
    def path(self) -> str:
        """Return the path, without what it asks for."""
        return self.request.url.path

    @property
    def site(self) -> str:
        """Return the address that was asked: scheme, host, port."""
        return str(self.request.base_url).rstrip("/")

    @property
    def version(self) -> str:
        """Return the version of the API that the path names."""
        return str(self.request.path_params["version"])

    @property
    def root(self) -> str:
        """Return the path of that version."""
        return f"/services/data/v{self.version}"

    def part(self, name: str) -> str:
        """Return a part of the path."""
        return str(self.request.path_params[name])

    def parameter(self, name: str) -> str | None:
        """Return a parameter of the address, None if it is not there."""
        value = self.request.query_params.get(name)
        return None if value is None else str(value)

    def form(self) -> dict[str, str]:
        """Return the body as the fields of a form."""
        return dict(parse_qsl(self.body.decode(errors="replace"), keep_blank_values=True))

    def document(self) -> dict[str, Any]:
        """Return the body as an object of JSON. Raises Refusal, JSON_PARSER_ERROR, for others."""
        try:
            read = json.loads(self.body)
        except ValueError as error:
            raise Refusal(400, "JSON_PARSER_ERROR", str(error)) from error
        if not isinstance(read, dict):
            raise Refusal(400, "JSON_PARSER_ERROR", "an object was expected")
        return read
