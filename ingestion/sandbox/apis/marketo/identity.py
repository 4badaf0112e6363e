"""Access tokens for clients that know their secret."""

from __future__ import annotations

import itertools
import threading
import uuid
from dataclasses import dataclass
from hmac import compare_digest
from typing import TYPE_CHECKING, Any

from ingestion.sandbox.apis.marketo.refusal import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from ingestion.sandbox.apis.marketo.options import MarketoOptions

_SPACE = uuid.UUID("0b1d6f38-6f0c-4f5b-8d86-4f1f4f6a2a10")


@dataclass(frozen=True)
class Token:
    """An access token and until when it holds, in seconds of the identity's clock."""

    value: str
    client: str
    until: float


class Identity:
    """One token per client at a time; `clock` gives the seconds in which it ages."""

    def __init__(self, options: MarketoOptions, clock: Callable[[], float]) -> None:
        self._secrets = {options.client_id: options.client_secret, **options.other_clients}
        self._lifetime = options.token_lifetime
        self._clock = clock
        self._lock = threading.Lock()
        self._of_client: dict[str, Token] = {}
        self._all: dict[str, Token] = {}
        self._granted = itertools.count()

    def grant(self, client: str, secret: str) -> dict[str, Any] | None:
        """Return the answer to a client: the same token until it is over; None for a stranger."""
        known = self._secrets.get(client)
        if known is None or not compare_digest(known.encode(), secret.encode()):
            return None
        with self._lock:
            now = self._clock()
            held = self._of_client.get(client)
            if held is None or held.until <= now:
                value = f"{uuid.uuid5(_SPACE, f'{client} {next(self._granted)}')}:int"
                held = Token(value, client, now + self._lifetime)
                self._of_client[client] = self._all[value] = held
        return {
            "access_token": held.value,
            "token_type": "bearer",
            "expires_in": max(0, int(held.until - now)),
            "scope": f"{client}@example.com",
        }

    def client_of(self, authorization: str) -> str:
        """Return whose token a header holds. Raises Refusal 600, 601, 602."""
        scheme, _, value = authorization.partition(" ")
        if scheme.lower() != "bearer" or not value:
            raise Refusal("600")
        with self._lock:
            held = self._all.get(value)
            if held is None:
                raise Refusal("601")
            if held.until <= self._clock():
                raise Refusal("602")
        return held.client

    def expire(self, client: str, *, forget: bool) -> None:
        """End a client's token before its time; a forgotten one is invalid rather than expired."""
        with self._lock:
            held = self._of_client.pop(client, None)
            if held is None:
                return
            self._all[held.value] = Token(held.value, client, self._clock())
            if forget:
                del self._all[held.value]
