"""What Marketo's answers mean: status 200 whatever happened, and a code in the body."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingestion.connectors.errors import (
    MissingPermissionError,
    QuotaSpentError,
    RefusedError,
    SessionExpiredError,
    ThrottledError,
    UnknownFieldError,
    UnreachableError,
    WrongCredentialsError,
)

if TYPE_CHECKING:
    from ingestion.connectors.http import Answer
    from ingestion.errors import FunnelError

_AGAIN = "It is tried again"
_MIDNIGHT = "Wait until midnight of the US Central zone, or ask Marketo for more"
_MEANINGS: tuple[tuple[set[str], type[FunnelError], str], ...] = (
    # 600: no token came with the request.
    ({"600", "601", "602"}, SessionExpiredError, "A new session is asked for"),
    ({"603"}, MissingPermissionError, "Give the role of the API user the permission for this"),
    ({"606", "615"}, ThrottledError, _AGAIN),
    ({"607"}, QuotaSpentError, _MIDNIGHT),
    ({"502", "604", "608", "611", "614", "713"}, UnreachableError, _AGAIN),
    ({"1006"}, UnknownFieldError, "It was deleted or hidden since it was described"),
    (
        {"1035"},
        RefusedError,
        "The subscription has no such filter: read leads in full, by createdAt",
    ),
)
_WORTH_A_RETRY = {408, 425, 429}
_QUOTED = 200  # characters of what Marketo says


class AlreadyQueuedError(RefusedError):
    """A job was queued before; what was asked is so."""


def judge(answer: Answer) -> FunnelError | None:
    """Return the error that an answer means, None for a good one."""
    if answer.status >= 500 or answer.status in _WORTH_A_RETRY:
        return UnreachableError(f"answered {answer.status}", where=answer.place, mend=_AGAIN)
    said = answer.said if isinstance(answer.said, dict) else {}
    if answer.status == 401:
        what = f"the login is refused ({said.get('error', 'no reason is told')})"
        mend = "Check the client id and the secret of the LaunchPoint service"
        return WrongCredentialsError(what, where=answer.place, mend=mend)
    if not 200 <= answer.status < 300:
        mend = "See the meaning of this status in the API"
        return RefusedError(f"answered {answer.status}", where=answer.place, mend=mend)
    if said.get("success", True):
        return None
    errors = said.get("errors") or [{}]
    return _meant(str(errors[0].get("code", "")), str(errors[0].get("message", "")), answer.place)


def _meant(code: str, message: str, place: str) -> FunnelError:
    what = f"{code}: {' '.join(message.split())[:_QUOTED]}"
    if code == "1029":
        # One code for a queue that is full, which empties, for a quota that does not, and for a
        # job whose first answer was lost.
        if "quota" in message.lower():
            return QuotaSpentError(what, where=place, mend=_MIDNIGHT)
        if "already queued" in message.lower():
            return AlreadyQueuedError(what, where=place, mend="Wait for it")
        return ThrottledError(what, where=place, mend="It is tried again when a job is done")
    for codes, error, mend in _MEANINGS:
        if code in codes:
            return error(what, where=place, mend=mend)
    return RefusedError(what, where=place, mend="See the meaning of this code in the API")
