"""Clients that come through whatever goes wrong, and one that somebody else wrote."""

from __future__ import annotations

import csv
import hashlib
import io
from importlib import import_module
from typing import TYPE_CHECKING, Any

import duckdb
import requests

from ingestion.sandbox.apis.faults import Faults
from ingestion.sandbox.apis.marketo import FAULTS, MarketoOptions
from tests.ingestion.sandbox.apis.marketo_client import (
    ACTIVITIES,
    END,
    LEADS,
    MONTH,
    SIGN_IN,
    UNLIMITED,
    Client,
    shown,
    stand_in,
)

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

TRIES = 60
# What has another reason than a call that goes wrong, or changes the rows themselves.
CALM = {"late_commit", "schema_drift", "malformed_row", "timeout"}
PAGES = "/rest/v1/activities.json"


class UnreadyError(Exception):
    """Worth another try."""


class Patient(Client):
    """Tries again, signs in again, compares checksums; nothing more is needed."""

    def sign_in(self) -> None:
        def ask() -> None:
            try:
                super(Patient, self).sign_in()
            except KeyError as error:
                raise UnreadyError from error

        self.tried(ask)

    def get(self, path: str, **parameters: Any) -> dict[str, Any]:
        told: dict[str, Any] = self.tried(lambda: self.checked("GET", path, params=parameters))
        return told

    def post(self, path: str, body: Any = None) -> dict[str, Any]:
        told: dict[str, Any] = self.tried(lambda: self.checked("POST", path, json=body))
        return told

    def checked(self, method: str, path: str, **rest: Any) -> dict[str, Any]:
        answer = self.raw(method, path, **rest)
        if answer.status_code != 200:
            raise UnreadyError(answer.status_code)
        told: dict[str, Any] = answer.json()
        if told["success"]:
            return told
        error = told["errors"][0]
        if error["message"] == "Job already queued":
            return told | {"success": True}
        if error["code"] in {"601", "602"}:
            self.token = ""
        raise UnreadyError(error)

    def tried(self, call: Any) -> Any:
        for _ in range(TRIES):
            try:
                return call()
            except (UnreadyError, requests.RequestException):
                continue
        raise AssertionError("a patient client does not come through")

    def done(self, object_: str, body: dict[str, Any]) -> list[dict[str, str]]:
        for _ in range(TRIES):
            job = self.completed(object_, body)
            if job["status"] == "Completed":
                return self.tried(lambda done=job: self.downloaded(object_, done))
        raise AssertionError("no job comes through")

    def downloaded(self, object_: str, job: dict[str, Any]) -> list[dict[str, str]]:
        content = self.file(object_, job["exportId"]).content
        if "sha256:" + hashlib.sha256(content).hexdigest() != job["fileChecksum"]:
            self.token = ""  # it may be an error in JSON instead
            raise UnreadyError("another file")
        return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


def test_a_patient_client_loses_nothing_whatever_goes_wrong() -> None:
    rates = {name: 0.06 for name in FAULTS if name not in CALM}
    ask = {"activityTypeIds": "1,2,12,22", "batchSize": 50}
    seen = []
    for faults in (Faults(), Faults(rates)):
        with stand_in(UNLIMITED, faults) as plain:
            client = Patient(**vars(plain))
            leads = {one["id"]: one for one in client.done("leads", LEADS)}
            activities = {one["marketoGUID"]: one for one in client.done("activities", ACTIVITIES)}
            pages = client.pages(PAGES, client.since(END - MONTH), **ask)
            rows = {row["marketoGUID"]: row for page in pages for row in page["result"]}
            seen.append((leads, activities, rows))
    assert seen[0] == seen[1]
    assert sum(bool(count) for count in faults.struck.values()) > 12


def test_a_loader_that_somebody_else_wrote_reads_the_stand_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNTIME__DLTHUB_TELEMETRY", "false")
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "dlt"))
    monkeypatch.setenv("DLT_PROJECT_DIR", str(tmp_path))
    # For root it writes to /var/dlt, whatever else it is told.
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.chdir(tmp_path)
    dlt = import_module("dlt")  # it looks for its folders when it is imported
    rest_api = import_module("dlt.sources.rest_api")
    ids = [one["id"] for one in shown("leads")[:300]]
    options = MarketoOptions(calls_per_window=None)
    with stand_in(options) as client:
        pages = {
            "type": "cursor",
            "cursor_path": "nextPageToken",
            "cursor_param": "nextPageToken",
            "has_more_path": "moreResult",
        }
        auth = {
            "type": "oauth2_client_credentials",
            "access_token_url": client.address + SIGN_IN,
            "client_id": options.client_id,
            "client_secret": options.client_secret,
        }
        source = rest_api.rest_api_source(
            {
                "client": {"base_url": client.address, "auth": auth, "paginator": pages},
                "resources": [
                    {
                        "name": "leads",
                        "endpoint": {
                            "path": "/rest/v1/leads.json",
                            "data_selector": "result",
                            "params": {
                                "filterType": "id",
                                "filterValues": ",".join(ids),
                                "batchSize": 100,
                            },
                        },
                    },
                    {
                        "name": "activities",
                        "primary_key": "marketoGUID",
                        "write_disposition": "merge",
                        "endpoint": {
                            "path": PAGES,
                            "data_selector": "result",
                            "params": {
                                "nextPageToken": client.since(END - MONTH),
                                "activityTypeIds": "1,2,12",
                                "batchSize": 50,
                            },
                        },
                    },
                ],
            }
        )
        file = tmp_path / "warehouse.duckdb"
        pipeline = dlt.pipeline(
            "marketo",
            pipelines_dir=str(tmp_path / "pipelines"),
            destination=dlt.destinations.duckdb(str(file)),
            dataset_name="landed",
        )
        pipeline.run(source)
        filter_ = ACTIVITIES["filter"] | {"activityTypeIds": [1, 2, 12]}
        expected = client.extract("activities", {"filter": filter_})
    with duckdb.connect(str(file), read_only=True) as connection:
        leads = connection.execute("select id::varchar from landed.leads").fetchall()
        found = connection.execute("select marketo_guid from landed.activities").fetchall()
    assert sorted(id_ for (id_,) in leads) == sorted(ids)
    assert sorted(guid for (guid,) in found) == sorted(one["marketoGUID"] for one in expected)
