"""What happens to each request before and after it is answered: faults, sessions, limits."""

from __future__ import annotations

from email.utils import formatdate
from typing import TYPE_CHECKING

import anyio
from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, Response

from ingestion.sandbox.apis.salesforce.call import Call
from ingestion.sandbox.apis.salesforce.refusal import Refusal, not_found
from ingestion.sandbox.apis.salesforce.sessions import expired

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

    from ingestion.sandbox.apis.salesforce.org import Org

# Status, code, message of what a fault makes of any request.
_REFUSALS = {
    "api_disabled": (
        403, "API_DISABLED_FOR_ORG", "The REST API is not enabled for this Organization."
    ),
    "request_limit": (403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."),
    "metering": (
        400, "TXN_SECURITY_METERING_ERROR", "Transaction security policy evaluation was metered"
    ),
}  # fmt: skip
_SERVER_ERRORS = (
    (500, "UNKNOWN_EXCEPTION", "An unexpected error occurred."),
    (503, "SERVER_UNAVAILABLE", "The server is currently unavailable. Try again later."),
)
_HTML = (
    "<!DOCTYPE html><html><head><title>Maintenance</title></head><body>Be right back</body></html>"
)


class _Cut(Response):
    """An answer whose connection dies in the middle of its body."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send(
            {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
        )
        half = bytes(self.body)[: len(self.body) // 2]
        # The server closes the connection of an answer that never ends.
        await send({"type": "http.response.body", "body": half, "more_body": True})


def guarded(
    org: Org, route: str, handler: Callable[[Call], Response], *, is_open: bool = False
) -> Callable[[Request], Awaitable[Response]]:
    """Return the endpoint of a handler; it is counted under the route's name.

    A handler runs in a thread of its own. One that is open asks for no token and counts for no
    limit.
    """

    async def endpoint(request: Request) -> Response:
        org.counts.count_request(route)
        call = Call(org, request, await request.body())
        if org.faults.strikes("timeout", call.path):
            await anyio.sleep(org.options.late_seconds)
        answer = await run_in_threadpool(_answered, call, handler, is_open)
        answer.headers["Date"] = formatdate(org.clock(call.path), usegmt=True)
        if not is_open:
            answer.headers["Sforce-Limit-Info"] = org.limits.usage()
        if answer.body and org.faults.strikes("cut", call.path):
            cut = _Cut(bytes(answer.body), answer.status_code)
            cut.raw_headers = answer.raw_headers
            return cut
        return answer

    return endpoint


def _answered(call: Call, handler: Callable[[Call], Response], is_open: bool) -> Response:
    faults, path = call.org.faults, call.path
    if faults.strikes("edge_420", path):
        return Response("Enhance Your Calm", 420, media_type="text/plain")
    if len(str(call.request.url)) > call.org.options.longest_url:
        return Response("URI Too Long", 414, media_type="text/plain")
    try:
        if faults.strikes("server_error", path):
            raise Refusal(*_SERVER_ERRORS[faults.struck["server_error"] % 2])
        if not is_open:
            _admit(call)
        if faults.strikes("not_json", path):
            return HTMLResponse(_HTML)
        return handler(call)
    except Refusal as refusal:
        return refusal.answer()


def _admit(call: Call) -> None:
    """Raise Refusal without a valid token or a known version, and for a request too many."""
    org, path = call.org, call.path
    token = org.sessions.use(call.request.headers.get("Authorization", ""))
    if org.faults.strikes("session_expired", path):
        org.sessions.end(token)
        raise expired()
    for fault, refusal in _REFUSALS.items():
        if org.faults.strikes(fault, path):
            raise Refusal(*refusal)
    org.limits.count_request()
    _check_version(call)


def _check_version(call: Call) -> None:
    options = call.org.options
    if call.version in options.versions:
        return
    try:
        is_retired = float(call.version) <= options.last_retired
    except ValueError:
        is_retired = False
    if is_retired:
        raise Refusal(410, "UNSUPPORTED_API_VERSION", f"API version {call.version} is retired")
    raise not_found()
