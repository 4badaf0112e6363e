"""How Marketo says no: HTTP 200 with a code and a message."""

from __future__ import annotations

MESSAGES = {
    "600": "Access token is empty",
    "601": "Access token invalid",
    "602": "Access token expired",
    "603": "Access denied",
    "604": "Request timed out",
    "605": "HTTP Method not supported",
    "606": "Max rate limit exceeded",
    "607": "Daily quota reached",
    "608": "API Temporarily Unavailable",
    "609": "Invalid JSON",
    "610": "Requested resource not found",
    "611": "System error",
    "615": "Concurrent access limit reached",
    "702": "No data found",
    "713": "Transient Error",
}
QUEUE_FULL = "Too many jobs in queue"
QUOTA_EXCEEDED = "Export daily quota 500MB exceeded"
ALREADY_QUEUED = "Job already queued"


class Refusal(Exception):  # noqa: N818 - an answer of the stand-in, not an error of it
    """A call that is refused with Marketo's code, a text of digits, and message."""

    def __init__(self, code: str, message: str = "") -> None:
        self.code = code
        self.message = message or MESSAGES[code]
        super().__init__(f"{code}: {self.message}")


def blank(name: str) -> Refusal:
    """Return the refusal of a call that lacks a parameter."""
    return Refusal("701", f"{name} cannot be blank")
