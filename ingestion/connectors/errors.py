"""What can go wrong between here and a system: each class is one thing to do about it.

`where` is the source, `salesforce/main`, and what of it was asked. No message holds a credential,
a query string or a body.
"""

from __future__ import annotations

from ingestion.errors import TerminalError, TransientError


class UnreachableError(TransientError):
    """Nobody answered, the connection was cut, or the system said that it is not well."""


class ThrottledError(TransientError):
    """Too much at once; the same call may be made in a moment."""


class UnreadableAnswerError(TransientError):
    """What came is not what was announced: no JSON, a file that is cut, another checksum."""


class SessionExpiredError(TransientError):
    """The session ended, or never was one: logging in again tells."""


class JobFailedError(TransientError):
    """The system gave up an extraction that it had begun; it has to be asked for anew."""


class WrongCredentialsError(TerminalError):
    """The system does not let this client in."""


class MissingPermissionError(TerminalError):
    """The client is let in, and may not see this."""


class UnknownFieldError(TerminalError):
    """A field that was asked for is not there, or hidden from this client."""


class QuotaSpentError(TerminalError):
    """What the system gives in a day is used up."""


class RetiredVersionError(TerminalError):
    """The version of the API is no longer, or not yet, served."""


class RefusedError(TerminalError):
    """Any other answer that says no."""
