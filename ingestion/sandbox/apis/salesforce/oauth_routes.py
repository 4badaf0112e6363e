"""The token endpoint."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse

from ingestion.sandbox.apis.salesforce.refusal import OAuthRefusal

if TYPE_CHECKING:
    from starlette.responses import Response

    from ingestion.sandbox.apis.salesforce.call import Call


def grant_token(call: Call) -> Response:
    """Give an access token; id and secret may come in the form or by basic authentication.

    Raises OAuthRefusal.
    """
    form = call.form() | _basic(call.request.headers.get("Authorization", ""))
    return JSONResponse(call.org.sessions.grant(form, call.site))


def _basic(authorization: str) -> dict[str, str]:
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return {}
    try:
        name, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise OAuthRefusal("invalid_client", "invalid client credentials") from error
    return {"client_id": name, "client_secret": secret}
