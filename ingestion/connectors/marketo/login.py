"""Logging in to Marketo: OAuth by client credentials, a token of an hour."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ingestion.connectors.errors import UnreadableAnswerError
from ingestion.connectors.http import Client
from ingestion.connectors.marketo.judge import judge

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ingestion.connectors.http import Patience

_PATH = "/identity/oauth/token"
# Asked earlier, Marketo gives the same token with the time that is left of it.
_BEFORE_THE_END = 60  # seconds


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """Who asks for a token, and where; the secret does not show in the representation.

    `url` is the address of the instance, https://<munchkin id>.mktorest.com.
    """

    url: str
    client_id: str
    client_secret: str = field(repr=False)


class Login:
    """The token of one instance, shared by all threads.

    Raises WrongCredentialsError if the login is refused.
    """

    def __init__(
        self, name: str, credentials: Credentials, patience: Patience | None = None
    ) -> None:
        self._credentials = credentials
        self._client = Client(name, judge, patience=patience)
        self._lock = threading.Lock()
        self._token: str | None = None
        self._until = 0.0

    def headers(self) -> Mapping[str, str]:
        """Return the header that proves the session."""
        with self._lock:
            if self._token is None or time.monotonic() > self._until:
                self._token, lifetime = self._log_in()
                self._until = time.monotonic() + max(lifetime - _BEFORE_THE_END, 0)
            return {"Authorization": f"Bearer {self._token}"}

    def forget(self) -> None:
        """Log in anew at the next request."""
        with self._lock:
            self._token = None

    def _log_in(self) -> tuple[str, float]:
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
            return str(said["access_token"]), float(said["expires_in"])
        except (KeyError, TypeError, ValueError):
            raise UnreadableAnswerError(
                "the login's answer has no access_token or no expires_in",
                where=answer.place,
                mend="Check the address of the instance",
            ) from None
