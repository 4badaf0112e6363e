"""A plain client of the stand-in of Salesforce: it does what the documents say and nothing more."""

from __future__ import annotations

import csv
import io
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import requests

from ingestion.sandbox.apis.faults import Faults
from ingestion.sandbox.apis.present import Present
from ingestion.sandbox.apis.salesforce import Options, salesforce_application
from ingestion.sandbox.apis.service import served
from tests.ingestion.sandbox.companies import MORNING, USUAL, lived

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from ingestion.sandbox.apis.salesforce.org import Org
    from ingestion.sandbox.systems.held import Held
    from ingestion.sandbox.systems.stored import Stored

PEOPLE = 1_500
VERSION = "67.0"
ALL_LEADS = "SELECT Id, Email, Status, ConvertedDate, SystemModstamp FROM Lead"


@lru_cache(maxsize=1)
def company() -> tuple[Held, float]:
    """An org, and the morning after its last day."""
    one = lived(USUAL, PEOPLE)
    return one.org, one.end + MORNING


def stored(name: str) -> Stored:
    return next(one for one in company()[0].objects.values() if one.name == name)


def frame(name: str, moment: float) -> pd.DataFrame:
    """All that an object holds at a moment, deleted records too, by Id."""
    table = stored(name).at(moment)
    plain = [table[one] for one in table.column_names]
    plain = [one.cast("string") if "dictionary" in str(one.type) else one for one in plain]
    return table.from_arrays(plain, names=table.column_names).to_pandas().set_index("Id")


def binned_at() -> float:
    """A moment at which some leads are in the recycle bin."""
    leads = stored("Lead")
    flags = leads.varying["IsDeleted"].to_numpy(zero_copy_only=False).astype(bool)
    moments = leads.shown_from[flags]
    return float(sorted(moments)[len(moments) // 2])


class Client:
    def __init__(self, url: str, org: Org) -> None:
        self.url, self.org = url, org
        self.root = f"/services/data/v{VERSION}"
        self.session = requests.Session()
        self.sign_in(org.sessions.issue())

    def sign_in(self, token: str) -> None:
        self.session.headers["Authorization"] = f"Bearer {token}"

    def get(self, path: str, headers: dict[str, str] | None = None, **asked: Any) -> Any:
        """A path of the version, or with a slash before it of the site."""
        full = path if path.startswith("/") else f"{self.root}/{path}"
        return self.session.get(self.url + full, params=asked, headers=headers, timeout=20)

    def query(self, soql: str, path: str = "query", **headers: str) -> Any:
        return self.get(path, headers={key.replace("_", "-"): one for key, one in headers.items()},
                        q=soql)  # fmt: skip

    def records(self, soql: str, path: str = "query", batch: int = 2_000) -> list[dict[str, Any]]:
        answer = self.query(soql, path, Sforce_Query_Options=f"batchSize={batch}").json()
        found = answer["records"]
        while not answer["done"]:
            answer = self.get(answer["nextRecordsUrl"]).json()
            found += answer["records"]
        return found

    def create(self, soql: str, operation: str = "query", **more: str) -> Any:
        asked = {"operation": operation, "query": soql, **more}
        return self.session.post(f"{self.url}{self.root}/jobs/query", json=asked, timeout=20)

    def poll(self, job: str) -> dict[str, Any]:
        for _ in range(20):
            info = self.get(f"jobs/query/{job}").json()
            if info["state"] in {"JobComplete", "Failed", "Aborted"}:
                break
        return info

    def done(self, soql: str, operation: str = "query", **more: str) -> str:
        """The id of a job that is complete."""
        job = self.create(soql, operation, **more).json()["id"]
        assert self.poll(job)["state"] == "JobComplete"
        return job

    def results(self, job: str, **asked: Any) -> Any:
        return self.get(f"jobs/query/{job}/results", headers={"Accept": "text/csv"}, **asked)

    def pages(self, job: str, rows: int) -> Iterator[Any]:
        asked: dict[str, Any] = {"maxRecords": rows}
        while True:
            page = self.results(job, **asked)
            yield page
            if page.headers.get("Sforce-Locator") in {None, "", "null"}:
                return
            asked["locator"] = page.headers["Sforce-Locator"]

    def bulk(self, soql: str, operation: str = "query", rows: int = 1_000) -> list[dict[str, str]]:
        job = self.done(soql, operation)
        return [row for page in self.pages(job, rows) for row in rows_of(page)]


def refused(answer: requests.Response, status: int, code: str) -> str:
    """The message of an answer that must be an array of one error."""
    assert answer.status_code == status, answer.text
    (error,) = answer.json()
    assert error["errorCode"] == code
    return str(error["message"])


def rows_of(page: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(page.text, newline="")))


@contextmanager
def standing(
    options: Options | None = None, moment: float | None = None, **rates: float
) -> Iterator[Client]:
    """A client of a stand-in that is there while the block runs; `rates` are those of faults."""
    held, morning = company()
    application = salesforce_application(
        held, Present(moment or morning), Faults(rates), options or Options()
    )
    with served(application) as url:
        yield Client(url, application.state.org)
