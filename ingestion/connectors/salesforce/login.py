"""Logging in to Salesforce: OAuth by a signed assertion (JWT bearer) or by a client's secret.

The answer holds no time at which the session ends: it is renewed when it is refused.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import jwt

from ingestion.connectors.errors import UnreadableAnswerError, WrongCredentialsError
from ingestion.connectors.http import Client
from ingestion.connectors.salesforce.judge import judge
from ingestion.connectors.session import Session, Token

if TYPE_CHECKING:
    from ingestion.connectors.http import Patience

_PATH = "/services/oauth2/token"
_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_LIFETIME = 180  # seconds of an assertion; Salesforce takes up to 300


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """Who asks for a session, and where. Secrets do not show in the representation.

    `login_url` is https://login.salesforce.com, https://test.salesforce.com or the org's own My
    Domain, which the client's secret needs. With a `private_key` (PEM) and a `username` an
    assertion is signed for the `audience`, by default the `login_url`; else the `client_secret` is
    sent.
    """

    login_url: str
    client_id: str
    audience: str | None = None
    username: str | None = None
    private_key: str | None = field(default=None, repr=False)
    client_secret: str | None = field(default=None, repr=False)


class Login(Session):
    """The session of one org; `instance_url` is where its data lies."""

    def __init__(
        self, name: str, credentials: Credentials, patience: Patience | None = None
    ) -> None:
        super().__init__()
        self._credentials = credentials
        self._client = Client(name, judge, patience=patience)
        self._instance_url = ""

    @property
    def instance_url(self) -> str:
        """Address of the org, logged in to if it is not yet."""
        self.headers()
        return self._instance_url

    def _log_in(self) -> Token:
        answer = self._client.request(
            "POST", self._credentials.login_url.rstrip("/") + _PATH, fields=self._form()
        )
        said = answer.json()
        try:
            self._instance_url = str(said["instance_url"]).rstrip("/")
            return Token(str(said["access_token"]))
        except (KeyError, TypeError):
            raise UnreadableAnswerError(
                "the login's answer has no access_token or no instance_url",
                where=answer.place,
                mend="Check the address of the login",
            ) from None

    def _form(self) -> dict[str, str]:
        given = self._credentials
        if given.private_key is None:
            return {
                "grant_type": "client_credentials",
                "client_id": given.client_id,
                "client_secret": given.client_secret or "",
            }
        return {"grant_type": _BEARER, "assertion": self._assertion(given.private_key)}

    def _assertion(self, private_key: str) -> str:
        given = self._credentials
        claims = {
            "iss": given.client_id,
            "sub": given.username,
            "aud": (given.audience or given.login_url).rstrip("/"),
            "exp": int(time.time()) + _LIFETIME,
        }
        try:
            return jwt.encode(claims, private_key, algorithm="RS256")
        except (ValueError, TypeError, jwt.PyJWTError):
            raise WrongCredentialsError(
                "the private key cannot sign",
                where=self._client.name,
                mend="Give the whole key in PEM, -----BEGIN … and END … with it",
            ) from None
