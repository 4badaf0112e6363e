"""A client of the Marketo stand-in that knows the documents, and nothing of the stand-in's code."""

from __future__ import annotations

import csv
import io
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import requests

from ingestion.sandbox.apis.faults import Faults
from ingestion.sandbox.apis.marketo import MarketoOptions, marketo_application
from ingestion.sandbox.apis.present import Present
from ingestion.sandbox.apis.service import served
from ingestion.sandbox.clock import DAY
from ingestion.sandbox.company.company import simulate
from ingestion.sandbox.mess import PROFILES
from ingestion.sandbox.settings import Settings
from ingestion.sandbox.systems import marketo
from ingestion.sandbox.systems.dialect import text_table
from ingestion.sandbox.systems.held import MAIN
from tests.ingestion.sandbox.crm_links import made_links

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ingestion.sandbox.apis.marketo.counts import Counts
    from ingestion.sandbox.systems.held import Held

PEOPLE = 1500
SETTINGS = Settings(people=PEOPLE, mess=PROFILES["usual"])
END = SETTINGS.end
MONTH = 31 * DAY
SIGN_IN = "/identity/oauth/token"
SECONDS = 20  # until a client gives up


@lru_cache(maxsize=1)
def held() -> Held:
    """An instance of everybody."""
    company = simulate(SETTINGS)
    everybody = np.ones(PEOPLE, dtype=bool)
    return marketo.hold(company, everybody, MAIN, made_links(company))


def iso(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def credentials(options: MarketoOptions, client: str | None = None) -> dict[str, str]:
    secret = options.other_clients[client] if client else options.client_secret
    return {
        "grant_type": "client_credentials",
        "client_id": client or options.client_id,
        "client_secret": secret,
    }


@dataclass
class Client:
    address: str
    options: MarketoOptions
    present: Present
    faults: Faults
    counts: Counts
    name: str | None = None
    token: str = ""

    def sign_in(self) -> None:
        told = requests.get(
            self.address + SIGN_IN, params=credentials(self.options, self.name), timeout=SECONDS
        )
        self.token = told.json()["access_token"]

    def raw(self, method: str, path: str, **rest: Any) -> requests.Response:
        if not self.token:
            self.sign_in()
        headers = {"Authorization": f"Bearer {self.token}", **rest.pop("headers", {})}
        return requests.request(
            method, self.address + path, headers=headers, timeout=SECONDS, **rest
        )

    def get(self, path: str, **parameters: Any) -> dict[str, Any]:
        answer = self.raw("GET", path, params=parameters)
        assert answer.status_code == 200
        told: dict[str, Any] = answer.json()
        return told

    def post(self, path: str, body: Any = None) -> dict[str, Any]:
        answer = self.raw("POST", path, json=body)
        assert answer.status_code == 200
        told: dict[str, Any] = answer.json()
        return told

    def refusal(self, path: str, **parameters: Any) -> str:
        return code(self.get(path, **parameters))

    # -- Bulk --------------------------------------------------------------------------------------

    def create(self, object_: str, body: dict[str, Any]) -> str:
        told = self.post(f"/bulk/v1/{object_}/export/create.json", body)
        assert told["success"], told
        id_: str = told["result"][0]["exportId"]
        return id_

    def enqueue(self, object_: str, id_: str) -> dict[str, Any]:
        return self.post(f"/bulk/v1/{object_}/export/{id_}/enqueue.json")

    def look(self, object_: str, id_: str) -> dict[str, Any]:
        told: dict[str, Any] = self.get(f"/bulk/v1/{object_}/export/{id_}/status.json")["result"][0]
        return told

    def file(self, object_: str, id_: str, **rest: Any) -> requests.Response:
        return self.raw("GET", f"/bulk/v1/{object_}/export/{id_}/file.json", **rest)

    def completed(self, object_: str, body: dict[str, Any]) -> dict[str, Any]:
        """The last status of a job that ran through."""
        id_ = self.create(object_, body)
        assert self.enqueue(object_, id_)["success"]
        for _ in range(20):
            told = self.look(object_, id_)
            if told["status"] not in {"Queued", "Processing"}:
                return told
        raise AssertionError("the job does not end")

    def extract(self, object_: str, body: dict[str, Any]) -> list[dict[str, str]]:
        job = self.completed(object_, body)
        text = self.file(object_, job["exportId"]).content.decode()
        rows = list(csv.DictReader(io.StringIO(text, newline="")))
        assert len(rows) == job["numberOfRecords"]
        return rows

    # -- Activities --------------------------------------------------------------------------------

    def since(self, moment: float) -> str:
        told = self.get("/rest/v1/activities/pagingtoken.json", sinceDatetime=iso(moment))
        token: str = told["nextPageToken"]
        return token

    def pages(self, path: str, token: str, **parameters: Any) -> Iterator[dict[str, Any]]:
        while True:
            told = self.get(path, nextPageToken=token, **parameters)
            assert told["success"], told
            yield told
            token = told["nextPageToken"]
            if not told["moreResult"]:
                return


def code(told: dict[str, Any]) -> str:
    """The one code of a refusal."""
    assert not told["success"]
    assert told["requestId"]
    (error,) = told["errors"]
    assert isinstance(error["code"], str)
    assert error["message"]
    found: str = error["code"]
    return found


@contextmanager
def stand_in(
    options: MarketoOptions | None = None,
    faults: Faults | None = None,
    *,
    at: float | None = None,
) -> Iterator[Client]:
    """A client of a stand-in that is served while the block runs; by default after the end."""
    options, faults = options or MarketoOptions(), faults or Faults()
    present = Present(END if at is None else at)
    application = marketo_application(held(), present, faults, options)
    with served(application) as address:
        yield Client(address, options, present, faults, application.state.counts)


def month(end: float = END) -> dict[str, str]:
    """The filter of the last 31 days before a moment."""
    return {"startAt": iso(end - MONTH), "endAt": iso(end)}


LEADS: dict[str, Any] = {
    "fields": ["id", "email", "updatedAt"],
    "filter": {"createdAt": month()},
}
ACTIVITIES: dict[str, Any] = {"filter": {"createdAt": month()}}
UNLIMITED = MarketoOptions(calls_per_window=None)


def stems() -> list[str]:
    return [stem for stem in held().objects if stem.startswith("activities_")]


def shown(stem: str, moment: float = END) -> list[dict[str, Any]]:
    """What the instance holds of an object, as texts."""
    rows = text_table(held().objects[stem].at(moment), held().dialect).to_pylist()
    return cast("list[dict[str, Any]]", rows)


def utc(*parts: int) -> float:
    year, month_, day, hour, minute = parts
    return datetime(year, month_, day, hour, minute, tzinfo=UTC).timestamp()
