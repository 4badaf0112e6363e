"""What Salesforce's answers mean: a status and an array of `errorCode` and `message`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingestion.connectors.errors import (
    MissingPermissionError,
    QuotaSpentError,
    RefusedError,
    RetiredVersionError,
    SessionExpiredError,
    ThrottledError,
    UnknownFieldError,
    UnreachableError,
    WrongCredentialsError,
)

if TYPE_CHECKING:
    from ingestion.connectors.http import Answer
    from ingestion.errors import FunnelError

_SESSION = "INVALID_SESSION_ID"
# `LIMIT_EXCEEDED` is what a new job is answered when 10,000 were made in a day.
_QUOTA = {"REQUEST_LIMIT_EXCEEDED", "LIMIT_EXCEEDED"}
_BUSY = {"TXN_SECURITY_METERING_ERROR", "QUERY_TIMEOUT", "SERVER_UNAVAILABLE", "UNABLE_TO_LOCK_ROW"}
_NO_API = {"API_DISABLED_FOR_ORG", "API_CURRENTLY_DISABLED"}
_HIDDEN = {"INSUFFICIENT_ACCESS", "INSUFFICIENT_ACCESS_OR_READONLY", "INVALID_TYPE"}
_LOGIN = {"invalid_grant", "invalid_client_id", "invalid_client"}
_WORTH_A_RETRY = {408, 420, 429}
_QUOTED = 200  # characters of what Salesforce says


def judge(answer: Answer) -> FunnelError | None:
    """Return the error that an answer means, None for a good one."""
    if 200 <= answer.status < 300:
        return None
    code, message = _said(answer)
    what = f"{code or answer.status}: {message}" if message else f"answered {answer.status}"
    for codes, error, mend in _MEANINGS:
        if code in codes:
            return error(what, where=answer.place, mend=mend)
    error, mend = _of_status(answer.status)
    return error(what, where=answer.place, mend=mend)


def _of_status(status: int) -> tuple[type[FunnelError], str]:
    """The error of a status that came without a code."""
    if status in _WORTH_A_RETRY:
        return ThrottledError, _AGAIN
    if status >= 500:
        return UnreachableError, "It is tried again; https://status.salesforce.com tells of outages"
    found = {401: (SessionExpiredError, _RENEWED), 403: (MissingPermissionError, _SEE)}
    return found.get(status, (RefusedError, "See the meaning of this answer in the API"))


_AGAIN = "It is tried again"
_RENEWED = "A new session is asked for"
_SEE = "Give the user of the connected application read access, or leave it out of the mapping"
_MEANINGS: tuple[tuple[set[str], type[FunnelError], str], ...] = (
    ({_SESSION}, SessionExpiredError, _RENEWED),
    (_QUOTA, QuotaSpentError, "Wait until some of the last 24 hours' requests are over"),
    (_BUSY, ThrottledError, _AGAIN),
    (_NO_API, WrongCredentialsError, "Enable the API for this org and its user"),
    (_HIDDEN, MissingPermissionError, _SEE),
    ({"INVALID_FIELD"}, UnknownFieldError, "It was deleted or hidden since it was described"),
    (_LOGIN, WrongCredentialsError, "Check the connected application, its user and its key"),
    (
        {"UNSUPPORTED_API_VERSION", "UNKNOWN_API_VERSION"},
        RetiredVersionError,
        "Set another version of the API for this source",
    ),
)


def _said(answer: Answer) -> tuple[str, str]:
    """Code and message: of the API an array of objects, of the login one object."""
    said = answer.said
    if isinstance(said, list) and said and isinstance(said[0], dict):
        found = said[0].get("errorCode"), said[0].get("message")
    elif isinstance(said, dict):
        found = said.get("error"), said.get("error_description")
    else:
        return "", ""
    return str(found[0] or ""), " ".join(str(found[1] or "").split())[:_QUOTED]
