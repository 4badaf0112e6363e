"""Requests to one system: paced, retried, logged in, and streamed where they are large.

urllib3: it hands on bytes as they come, which `requests` above it does no better. tenacity: waits
that double, with full jitter, so that clients who failed together do not come back together.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol, TypeVar
from urllib.parse import urlsplit

import tenacity
import urllib3

from ingestion.connectors.errors import (
    SessionExpiredError,
    UnreachableError,
    UnreadableAnswerError,
    WrongCredentialsError,
)
from ingestion.errors import FunnelError, TransientError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pyrate_limiter import Limiter

_T = TypeVar("_T")
_CHUNK = 1 << 18  # bytes that are in memory of an answer that is streamed
_CONNECTIONS = 8
_NO_CONTENT = 204


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long to wait and how often to try; seconds.

    The waits between two tries are drawn from 0 to a longest one that doubles each time.
    """

    attempts: int = 8
    first_wait: float = 1
    longest_wait: float = 120
    connect: float = 10
    read: float = 60


@dataclass(frozen=True)
class Answer:
    """A whole answer. `place` is what was asked, for messages."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    place: str

    @cached_property
    def said(self) -> Any:
        """What the body says as JSON, None if it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    @property
    def moment(self) -> datetime:
        """When it was given by the clock of who answered, aware; by ours if it does not tell."""
        told = self.headers.get("Date")
        try:
            return parsedate_to_datetime(told or "").astimezone(UTC)
        except ValueError:
            return datetime.now(UTC)

    def json(self) -> Any:
        """Return the same. Raises UnreadableAnswerError if the body is no JSON."""
        if self.said is None:
            kind = self.headers.get("Content-Type", "of no type")
            raise UnreadableAnswerError(
                f"the answer ({self.status}, {kind}) is no JSON",
                where=self.place,
                mend="If it goes on, a proxy or a maintenance page stands between",
            )
        return self.said


class Authority(Protocol):
    """Who logs in. `headers` does so when there is no session; `forget` ends the one there is."""

    def headers(self) -> Mapping[str, str]:
        """Return the headers that prove the session."""

    def forget(self) -> None:
        """Log in anew at the next request."""


class Judge(Protocol):
    """Tells what an answer of this system means: None if it is good, else the error to raise."""

    def __call__(self, answer: Answer) -> FunnelError | None:
        """Judge an answer; files that are streamed never come here."""


@dataclass(frozen=True)
class _Request:
    method: str
    url: str
    fields: Mapping[str, str] | None
    content: Any
    headers: Mapping[str, str]


class Client:
    """Requests to one system. Threads may share it.

    `name` is the source in messages: `salesforce/main`. Without `authority` nothing is proved.
    Each method raises what the judge says, UnreachableError and UnreadableAnswerError; transient
    errors only after `patience` is used up. A session that ends is renewed once for each request:
    a second refusal is a WrongCredentialsError, because systems give the same answer to a session
    that ended and to one that lacks a scope.
    """

    def __init__(
        self,
        name: str,
        judge: Judge,
        *,
        authority: Authority | None = None,
        patience: Patience | None = None,
        pace: Limiter | None = None,
    ) -> None:
        self.name = name
        self.patience = patience or Patience()
        self._judge = judge
        self._authority = authority
        self._pace = pace
        self._pool = urllib3.PoolManager(
            maxsize=_CONNECTIONS,
            block=True,
            # What is worth another try is for the judge to say; a redirect would carry the session
            # to another host.
            retries=False,
            timeout=urllib3.Timeout(connect=self.patience.connect, read=self.patience.read),
        )

    def request(
        self,
        method: str,
        url: str,
        *,
        fields: Mapping[str, str] | None = None,
        content: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Return the answer to a request: JSON, or nothing (204).

        `fields` are the request's query or form, `content` is its JSON.
        """
        asked = _Request(method, url, fields, content, headers or {})

        def send(proof: Mapping[str, str]) -> Answer:
            answer = self._whole(self._begun(asked, proof), asked)
            if (error := self._judge(answer)) is not None:
                raise error
            if answer.status != _NO_CONTENT:
                answer.json()
            return answer

        return self.patiently(lambda: self._authorised(send))

    @contextmanager
    def stream(
        self,
        url: str,
        *,
        fields: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Iterator[tuple[Mapping[str, str], Iterator[bytes]]]:
        """Give the headers of a file and its bytes, decompressed, a piece at a time.

        Nothing is retried: who has taken some of the bytes knows where to go on.
        """
        asked = _Request("GET", url, fields, None, headers or {})

        def send(proof: Mapping[str, str]) -> urllib3.BaseHTTPResponse:
            response = self._begun(asked, proof)
            if _is_file(response):
                return response
            answer = self._whole(response, asked)
            raise self._judge(answer) or UnreadableAnswerError(
                "the answer is no file", where=answer.place, mend="It is asked again"
            )

        response = self._authorised(send)
        with self._told(self._place(asked)), _closed(response):
            yield response.headers, response.stream(_CHUNK, decode_content=True)

    def patiently(self, attempt: Callable[[], _T]) -> _T:
        """Call until it succeeds or fails for good, with waits between."""
        patience = self.patience
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(TransientError),
            stop=tenacity.stop_after_attempt(patience.attempts),
            wait=tenacity.wait_random_exponential(
                multiplier=patience.first_wait, max=patience.longest_wait
            ),
            reraise=True,
        )
        return retrying(attempt)

    def _authorised(self, send: Callable[[Mapping[str, str]], _T]) -> _T:
        if self._authority is None:
            return send({})
        try:
            return send(self._authority.headers())
        except SessionExpiredError:
            self._authority.forget()
        try:
            return send(self._authority.headers())
        except SessionExpiredError as error:
            raise WrongCredentialsError(
                f"a new session is refused as well ({error.what})",
                where=error.where,
                mend="Check the scopes of the connected application and the rights of its user",
            ) from error

    def _begun(self, asked: _Request, proof: Mapping[str, str]) -> urllib3.BaseHTTPResponse:
        """Return an answer of which only status and headers are read."""
        if self._pace is not None:
            self._pace.try_acquire(self.name)
        body: dict[str, Any] = {"fields": asked.fields}
        if asked.content is not None:
            body = {"json": asked.content}
        elif asked.method == "POST":
            body["encode_multipart"] = False
        with self._told(self._place(asked)):
            return self._pool.request(
                asked.method,
                asked.url,
                headers={"Accept-Encoding": "gzip", **proof, **asked.headers},
                preload_content=False,
                redirect=False,
                **body,
            )

    def _whole(self, response: urllib3.BaseHTTPResponse, asked: _Request) -> Answer:
        place = self._place(asked)
        with self._told(place), _closed(response):
            return Answer(response.status, response.headers, response.data, place)

    def _place(self, asked: _Request) -> str:
        # Without what comes after the path: a query may hold what somebody searched for.
        return f"{self.name}: {asked.method} {urlsplit(asked.url).path}"

    @contextmanager
    def _told(self, place: str) -> Iterator[None]:
        """Raise what urllib3 found wrong as an UnreachableError, without the URL that it quotes."""
        try:
            yield
        except (urllib3.exceptions.HTTPError, OSError) as error:
            kind = _KINDS.get(type(error), "the connection broke")
            raise UnreachableError(
                f"{kind} ({type(error).__name__})",
                where=place,
                mend="It is tried again; if it goes on, check the address, the network and whether"
                " the system is up",
            ) from None


_KINDS: dict[type[Exception], str] = {
    urllib3.exceptions.ConnectTimeoutError: "nobody answers at this address",
    urllib3.exceptions.NewConnectionError: "nobody answers at this address",
    urllib3.exceptions.NameResolutionError: "there is no such host",
    urllib3.exceptions.ReadTimeoutError: "the answer did not come in time",
    urllib3.exceptions.IncompleteRead: "the answer was cut",
    urllib3.exceptions.ProtocolError: "the answer was cut",
    urllib3.exceptions.DecodeError: "the answer was cut",
}


def _is_file(response: urllib3.BaseHTTPResponse) -> bool:
    # Some systems say no with 200 and JSON.
    kind = response.headers.get("Content-Type", "")
    return 200 <= response.status < 300 and "json" not in kind and "html" not in kind


@contextmanager
def _closed(response: urllib3.BaseHTTPResponse) -> Iterator[None]:
    """Give the connection back if all was read, and close it if not."""
    try:
        yield
    except BaseException:
        response.close()
        raise
    finally:
        response.release_conn()
