"""Requests that the API refuses, and how it says so."""

from __future__ import annotations

from starlette.responses import JSONResponse


class Refusal(Exception):  # noqa: N818 - not a fault of the program: an answer of the API
    """An answer other than success: HTTP status, Salesforce's error code, message."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message

    def answer(self) -> JSONResponse:
        """Return the answer: an array of one error."""
        return JSONResponse([{"message": self.message, "errorCode": self.code}], self.status)


class OAuthRefusal(Refusal):
    """A refusal of the token endpoint: always 400, and an object."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(400, error, description)

    def answer(self) -> JSONResponse:
        """Return the answer: `error` and `error_description`."""
        return JSONResponse({"error": self.code, "error_description": self.message}, self.status)


def not_found() -> Refusal:
    """Return the refusal of what is not there."""
    return Refusal(404, "NOT_FOUND", "The requested resource does not exist")
