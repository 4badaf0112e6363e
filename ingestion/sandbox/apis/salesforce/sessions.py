"""Access tokens: who gets one, and how long it is worth something."""

from __future__ import annotations

import hmac
import secrets
import threading
from typing import TYPE_CHECKING

from ingestion.sandbox.apis.salesforce.assertion import check_assertion
from ingestion.sandbox.apis.salesforce.refusal import OAuthRefusal, Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ingestion.sandbox.apis.salesforce.options import Options

_JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_API_SCOPES = {"api", "full"}
_OUT_OF_SCOPE = "This session is not valid for use with the specified REST API endpoint"
_SCHEMES = {"bearer", "oauth"}


class Sessions:
    """The tokens that were given, and for how many requests more each is good."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._lock = threading.Lock()
        self._left: dict[str, int | None] = {}

    def grant(self, form: Mapping[str, str], site: str) -> dict[str, str]:
        """Return what the token endpoint answers to a form; `site` is the address it was asked at.

        There is no refresh token, and no word on how long the token is good for. Raises
        OAuthRefusal.
        """
        kind = form.get("grant_type")
        if kind == _JWT_BEARER:
            check_assertion(form.get("assertion", ""), self._options, site)
        elif kind == "client_credentials":
            self._check_secret(form)
        else:
            raise OAuthRefusal("unsupported_grant_type", "grant type not supported")
        options = self._options
        return {
            "access_token": self.issue(),
            "scope": options.scope,
            "instance_url": options.instance_url or site,
            "id": f"{site}/id/{options.org_id}/{options.user_id}",
            "token_type": "Bearer",
        }

    def issue(self) -> str:
        """Return a new token, without asking for anything."""
        token = f"{self._options.org_id[:15]}!{secrets.token_urlsafe(72)}"
        with self._lock:
            self._left[token] = self._options.token_requests
        return token

    def use(self, authorization: str) -> str:
        """Count a request with an Authorization header and return its token.

        Raises Refusal, INVALID_SESSION_ID, also where the scope does not reach to the API.
        """
        scheme, _, token = authorization.partition(" ")
        with self._lock:
            if scheme.lower() not in _SCHEMES or token not in self._left:
                raise expired()
            left = self._left[token]
            if left is not None:
                self._left[token] = left - 1
                if left < 1:
                    del self._left[token]
                    raise expired()
        if not _API_SCOPES & set(self._options.scope.split()):
            raise Refusal(401, "INVALID_SESSION_ID", _OUT_OF_SCOPE)
        return token

    def end(self, token: str | None = None) -> None:
        """End the session of a token, or all of them."""
        with self._lock:
            for one in [token] if token else list(self._left):
                self._left.pop(one, None)

    def _check_secret(self, form: Mapping[str, str]) -> None:
        secret = self._options.client_secret
        if form.get("client_id") != self._options.client_id:
            raise OAuthRefusal("invalid_client_id", "client identifier invalid")
        if secret is None:
            raise OAuthRefusal("invalid_grant", "no client credentials user enabled")
        if not hmac.compare_digest(form.get("client_secret", "").encode(), secret.encode()):
            raise OAuthRefusal("invalid_client", "invalid client credentials")


def expired() -> Refusal:
    """Return the refusal of a token that is worth nothing, or is none."""
    return Refusal(401, "INVALID_SESSION_ID", "Session expired or invalid")
