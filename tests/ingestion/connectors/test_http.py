"""What all clients share: pace, patience, and what an error may say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from pyrate_limiter import Limiter, Rate
from starlette.applications import Starlette
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse
from starlette.routing import Route

from ingestion.connectors.errors import ThrottledError, UnreachableError, UnreadableAnswerError
from ingestion.connectors.http import Answer, Client, Patience
from ingestion.connectors.marketo.judge import judge as judged_as_marketo
from ingestion.connectors.marketo.login import Credentials, Login
from ingestion.sandbox.apis.marketo import MarketoOptions
from ingestion.sandbox.apis.service import served
from tests.ingestion.sandbox.apis.marketo_client import Client as MarketoClient
from tests.ingestion.sandbox.apis.marketo_client import stand_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.requests import Request

ONCE = Patience(attempts=1, connect=2, read=0.5)
NARROW = MarketoOptions(calls_per_window=10, window=0.5)


def nothing_wrong(_: Answer) -> None:
    return None


def describe(stand_in: MarketoClient, times: int, pace: Limiter | None) -> None:
    options = stand_in.options
    given = Credentials(
        url=stand_in.address, client_id=options.client_id, client_secret=options.client_secret
    )
    login = Login("marketo/main", given, ONCE)
    client = Client("marketo/main", judged_as_marketo, authority=login, patience=ONCE, pace=pace)
    for _ in range(times):
        client.request("GET", f"{stand_in.address}/rest/v1/leads/describe.json")


def test_a_client_that_keeps_its_pace_is_not_throttled() -> None:
    with stand_in(NARROW) as client:
        describe(client, 25, Limiter(Rate(8, 500)))
    with stand_in(NARROW) as client, pytest.raises(ThrottledError, match="606"):
        describe(client, 25, None)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    asked: list[str] = []

    async def third(request: Request) -> Any:
        asked.append(request.url.path)
        is_third = len(asked) % 3 == 0
        return JSONResponse({"asked": len(asked)}) if is_third else PlainTextResponse("<html>")

    async def elsewhere(_: Request) -> Any:
        return RedirectResponse("http://127.0.0.1:9/")

    routes = [Route("/third", third), Route("/elsewhere", elsewhere)]
    with served(Starlette(routes=routes)) as address:
        yield address


def test_what_is_no_json_is_asked_for_again(address: str) -> None:
    patient = Client("x/main", nothing_wrong, patience=Patience(attempts=3, first_wait=0.001))
    assert patient.request("GET", f"{address}/third").json() == {"asked": 3}
    with pytest.raises(UnreadableAnswerError, match="x/main: GET /third: the answer"):
        Client("x/main", nothing_wrong, patience=ONCE).request("GET", f"{address}/third")


def test_a_redirect_is_not_followed_with_the_session(address: str) -> None:
    with pytest.raises(UnreadableAnswerError, match="307"):
        Client("x/main", nothing_wrong, patience=ONCE).request("GET", f"{address}/elsewhere")


def test_an_error_names_the_path_and_neither_query_nor_host() -> None:
    client = Client("x/main", nothing_wrong, patience=ONCE)
    with pytest.raises(UnreachableError) as raised:
        client.request("GET", "http://127.0.0.1:9/path", fields={"q": "jane@example.com"})
    assert str(raised.value).startswith("x/main: GET /path: ")
    assert "jane" not in str(raised.value)
    assert "127.0.0.1" not in str(raised.value)
    assert raised.value.__cause__ is None
