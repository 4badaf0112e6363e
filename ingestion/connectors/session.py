"""A session with a system: logged in to when it is needed, shared by all threads."""

from __future__ import annotations

import math
import threading
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

# A token is renewed before its end, so that no request is under way at that moment.
_BEFORE_THE_END = 60  # seconds


@dataclass(frozen=True)
class Token:
    """What proves a session; `lifetime` in seconds, inf where the system tells none."""

    text: str = field(repr=False)
    lifetime: float = math.inf


class Session(ABC):
    """The one session of a client. Each system logs in in its own way."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._token: Token | None = None
        self._until = 0.0

    def headers(self) -> Mapping[str, str]:
        """Return the header that proves the session; logs in if there is none, or it is over.

        Raises WrongCredentialsError if the login is refused.
        """
        with self._lock:
            if self._token is None or time.monotonic() > self._until:
                self._token = self._log_in()
                self._until = time.monotonic() + max(self._token.lifetime - _BEFORE_THE_END, 0)
            return {"Authorization": f"Bearer {self._token.text}"}

    def forget(self) -> None:
        """Log in anew at the next request."""
        with self._lock:
            self._token = None

    @abstractmethod
    def _log_in(self) -> Token:
        """Log in and return what the system gave."""
