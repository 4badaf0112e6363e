"""Logging in to Marketo: OAuth by client credentials, a token of an hour."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ingestion.connectors.errors import UnreadableAnswerError
from ingestion.connectors.http import Client
from ingestion.connectors.marketo.judge import judge
from ingestion.connectors.session import Session, Token

if TYPE_CHECKING:
    from ingestion.connectors.http import Patience

_PATH = "/identity/oauth/token"


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """Who asks for a token, and where; the secret does not show in the representation.

    `url` is the address of the instance, https://<munchkin id>.mktorest.com.
    """

    url: str
    client_id: str
    client_secret: str = field(repr=False)


class Login(Session):
    """The session of one instance; asked early, Marketo gives the same token with what is left."""

    def __init__(
        self, name: str, credentials: Credentials, patience: Patience | None = None
    ) -> None:
        super().__init__()
        self._credentials = credentials
        self._client = Client(name, judge, patience=patience)

    def _log_in(self) -> Token:
        given = self._credentials
        # As a form: in the query a secret would be in the log of every proxy.
        answer = self._client.request(
            "POST",
            given.url.rstrip("/") + _PATH,
            fields={
                "grant_type": "client_credentials",
                "client_id": given.client_id,
                "client_secret": given.client_secret,
            },
        )
        said = answer.json()
        try:
            return Token(str(said["access_token"]), float(said["expires_in"]))
        except (KeyError, TypeError, ValueError):
            raise UnreadableAnswerError(
                "the login's answer has no access_token or no expires_in",
                where=answer.place,
                mend="Check the address of the instance",
            ) from None
