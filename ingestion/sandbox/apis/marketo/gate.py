"""What each call passes before a resource sees it, and what becomes of the answer."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from email.utils import formatdate
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import parse_qsl

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response, StreamingResponse

from ingestion.sandbox.apis.marketo.call import Call
from ingestion.sandbox.apis.marketo.download import cut
from ingestion.sandbox.apis.marketo.refusal import Refusal
from ingestion.sandbox.apis.marketo.stamps import quota_day

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.types import Receive, Scope, Send

    from ingestion.sandbox.apis.marketo.instance import Instance

Answer: TypeAlias = dict[str, Any] | Response

# By the name of the fault. Marketo does not count calls that end as 600 to 602, 604, 608 or 611
# against the day's quota, and there is none to count against once it is used up.
_UNCOUNTED = {
    "timeout_code": "604",
    "unavailable": "608",
    "system_error": "611",
    "daily_quota": "607",
}
_COUNTED = {"rate_limit": "606", "concurrency": "615", "transient_error": "713"}
_HTML = "<!DOCTYPE html><html><body><h1>Scheduled maintenance</h1></body></html>"
_JSON, _FORM = "application/json;charset=UTF-8", "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Resource:
    """One route: `path` as in the table of routes, and who answers.

    An open one needs no token and has no limits.
    """

    path: str
    answer: Callable[[Call], Answer]
    methods: tuple[str, ...] = ("GET",)
    is_open: bool = False


class Gate:
    """An ASGI application for one resource of an instance."""

    def __init__(self, instance: Instance, resource: Resource) -> None:
        self._instance = instance
        self._resource = resource

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        instance, resource = self._instance, self._resource
        instance.counts.request(resource.path)
        request = Request(scope, receive)
        has_room = resource.is_open or instance.limits.enter()
        try:
            response = await self._response(request, has_room=has_room)
            response.headers["Date"] = formatdate(instance.present.now(), usegmt=True)
            await response(scope, receive, send)
        finally:
            if has_room and not resource.is_open:
                instance.limits.leave()

    async def _response(self, request: Request, *, has_room: bool) -> Response:
        instance, place = self._instance, self._resource.path
        body = await request.body()
        if too_large := self._too_large(request, body):
            return too_large
        if instance.faults.strikes("timeout", place):
            await asyncio.sleep(instance.options.late_by)
        if broken := self._broken():
            return broken
        try:
            answer = await run_in_threadpool(self._answer, request, body, has_room)
        except Refusal as refusal:
            return self._refused(refusal)
        if isinstance(answer, Response):
            # A file has mishaps of its own.
            return self._perhaps_cut(answer) if self._resource.is_open else answer
        instance.counts.served(place, len(answer.get("result", ())))
        return self._json({"success": True, **answer})

    def _too_large(self, request: Request, body: bytes) -> Response | None:
        options, scope = self._instance.options, request.scope
        if len(scope["raw_path"]) + 1 + len(scope["query_string"]) > options.longest_uri:
            return PlainTextResponse("Request-URI Too Long", status_code=414)
        if len(body) > options.largest_body:
            return PlainTextResponse("Request Entity Too Large", status_code=413)
        return None

    def _broken(self) -> Response | None:
        faults, place = self._instance.faults, self._resource.path
        if faults.strikes("server_error", place):
            status = 502 if faults.struck["server_error"] % 2 else 503
            return PlainTextResponse("The upstream server failed", status_code=status)
        return HTMLResponse(_HTML) if faults.strikes("not_json", place) else None

    def _answer(self, request: Request, body: bytes, has_room: bool) -> Answer:
        resource = self._resource
        parameters = dict(parse_qsl(request.url.query, keep_blank_values=True))
        if request.headers.get("content-type", "").startswith(_FORM):
            parameters |= dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))
        client = "" if resource.is_open else self._let_in(request, has_room=has_room)
        is_read = request.method == "POST" and parameters.get("_method") == "GET"
        if ("GET" if is_read else request.method) not in resource.methods:
            raise Refusal("605")
        return resource.answer(
            Call(
                client=client,
                now=self._instance.present.now(),
                path=request.path_params,
                parameters=parameters,
                headers=request.headers,
                body=body,
            )
        )

    def _let_in(self, request: Request, *, has_room: bool) -> str:
        """Return who calls. Raises Refusal 600 to 604, 606 to 608, 611, 615, 713."""
        instance, place = self._instance, self._resource.path
        client = instance.identity.client_of(request.headers.get("authorization", ""))
        for name, code in (("token_invalid", "601"), ("token_expired", "602")):
            if instance.faults.strikes(name, place):
                instance.identity.expire(client, forget=name == "token_invalid")
                raise Refusal(code)
        self._fail(_UNCOUNTED)
        day = quota_day(instance.present.now())
        instance.limits.count(day)
        instance.counts.called(day, client)
        if not has_room:
            raise Refusal("615")
        instance.limits.pace()
        self._fail(_COUNTED)
        if place in instance.options.denied:
            raise Refusal("603")
        return client

    def _fail(self, codes: Mapping[str, str]) -> None:
        for name, code in codes.items():
            if self._instance.faults.strikes(name, self._resource.path):
                raise Refusal(code)

    def _refused(self, refusal: Refusal) -> Response:
        day = quota_day(self._instance.present.now())
        self._instance.counts.refused(day, refusal.code)
        errors = [{"code": refusal.code, "message": refusal.message}]
        return self._json({"success": False, "errors": errors})

    def _json(self, told: dict[str, Any]) -> Response:
        content = json.dumps(
            {"requestId": self._instance.request_id(), **told}, ensure_ascii=False
        ).encode()
        return self._perhaps_cut(Response(content, media_type=_JSON))

    def _perhaps_cut(self, whole: Response) -> Response:
        if not self._instance.faults.strikes("cut", self._resource.path):
            return whole
        content = bytes(whole.body)
        return StreamingResponse(
            cut(iter([content]), len(content)), whole.status_code, dict(whole.headers)
        )
