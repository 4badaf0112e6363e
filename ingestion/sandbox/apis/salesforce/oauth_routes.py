"""The token endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import JSONResponse

if TYPE_CHECKING:
    from starlette.responses import Response

    from ingestion.sandbox.apis.salesforce.call import Call


def grant_token(call: Call) -> Response:
    """Give an access token: no refresh token, and no word on how long it is good for."""
    return JSONResponse(call.org.sessions.grant(call.form(), call.site))
