"""A client that knows nothing of the stand-in works with it as with Salesforce."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from requests.adapters import HTTPAdapter
from simple_salesforce import Salesforce
from simple_salesforce.exceptions import (
    SalesforceAuthenticationFailed,
    SalesforceExpiredSession,
    SalesforceMalformedRequest,
    SalesforceRefusedRequest,
)

from ingestion.sandbox.apis.salesforce import Options
from tests.ingestion.sandbox.apis.salesforce_client import VERSION, frame, standing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.ingestion.sandbox.apis.salesforce_client import Client

SOQL = "SELECT Id, Email, Status FROM Lead"


class ToLoopback(HTTPAdapter):
    """Brings a client that believes in https and salesforce.com alone to the stand-in."""

    def __init__(self, url: str) -> None:
        self._url = url
        super().__init__()

    def send(self, request: requests.PreparedRequest, **asked: Any) -> requests.Response:  # type: ignore[override]
        request.url = self._url + request.path_url
        return super().send(request, **asked)


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with standing() as one:
        yield one


@pytest.fixture
def salesforce(client: Client) -> Salesforce:
    return connected(client)


def connected(client: Client) -> Salesforce:
    token = client.org.sessions.issue()
    return signed_in(client, session_id=token, instance_url=client.url)


def signed_in(client: Client, **by: str) -> Salesforce:
    session = requests.Session()
    session.mount("https://", ToLoopback(client.url))
    return Salesforce(version=VERSION, session=session, **by)


def held(client: Client) -> set[str]:
    leads = frame("Lead", client.org.present.now())
    return set(leads.index[~leads.IsDeleted])


def test_it_signs_in_with_a_signed_assertion() -> None:
    key = generate_private_key(65_537, 2_048)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    by = {"consumer_key": "unified-funnel", "privatekey": private}
    with standing(Options(public_key=public)) as client:
        made = signed_in(client, username=Options.username, **by)
        assert made.query("SELECT COUNT() FROM User")["totalSize"] > 0
        with (
            pytest.warns(UserWarning, match="authorize this"),
            pytest.raises(SalesforceAuthenticationFailed, match="invalid_grant"),
        ):
            signed_in(client, username="unified-funnel", **by)


def test_it_signs_in_with_a_secret() -> None:
    by = {"consumer_key": "unified-funnel", "domain": "funnel.my"}
    with standing(Options(client_secret="secret")) as client:  # noqa: S106
        made = signed_in(client, consumer_secret="secret", **by)  # noqa: S106
        assert made.query("SELECT COUNT() FROM User")["totalSize"] > 0
        with pytest.raises(SalesforceAuthenticationFailed, match="invalid_client"):
            signed_in(client, consumer_secret="guess", **by)  # noqa: S106


def test_it_describes(salesforce: Salesforce) -> None:
    told = salesforce.describe()
    assert "Lead" in {one["name"] for one in told["sobjects"]}
    fields = {one["name"] for one in salesforce.Lead.describe()["fields"]}
    assert fields > {"Id", "SystemModstamp"}
    assert salesforce.limits()["DailyApiRequests"]["Max"] == 1_000_000
    assert salesforce.api_usage["api-usage"].total == 1_000_000


def test_it_queries(client: Client, salesforce: Salesforce) -> None:
    first = salesforce.query(SOQL, headers={"Sforce-Query-Options": "batchSize=200"})
    assert len(first["records"]) == 200
    second = salesforce.query_more(first["nextRecordsUrl"].rsplit("/", 1)[1])
    assert second["records"]
    everything = salesforce.query_all(SOQL)
    assert {one["Id"] for one in everything["records"]} == held(client)
    deleted = salesforce.query_all(SOQL, include_deleted=True)
    assert deleted["totalSize"] == len(frame("Lead", client.org.present.now()))


def test_it_queries_in_bulk(client: Client, salesforce: Salesforce) -> None:
    pages = list(salesforce.bulk2.Lead.query(SOQL, max_records=250, wait=0))
    assert len(pages) > 1
    rows = [row for page in pages for row in csv.DictReader(io.StringIO(page, newline=""))]
    assert {row["Id"] for row in rows} == held(client)
    assert len(rows) == len(held(client))


def test_it_downloads_in_bulk(client: Client, salesforce: Salesforce, tmp_path: Path) -> None:
    files = salesforce.bulk2.Lead.download(SOQL, str(tmp_path), max_records=250, wait=0)
    texts = [Path(one["file"]).read_text(encoding="utf-8") for one in files]
    rows = [row for text in texts for row in csv.DictReader(io.StringIO(text, newline=""))]
    assert {row["Id"] for row in rows} == held(client)
    assert sum(one["number_of_records"] for one in files) == len(rows)


def test_it_understands_refusals(client: Client, salesforce: Salesforce) -> None:
    with pytest.raises(SalesforceMalformedRequest, match="No such column 'Foo__c'"):
        salesforce.query("SELECT Foo__c FROM Lead")
    client.org.sessions.end(salesforce.session_id)
    with pytest.raises(SalesforceExpiredSession):
        salesforce.query(SOQL)


def test_it_understands_limits() -> None:
    with standing(request_limit=1) as client, pytest.raises(SalesforceRefusedRequest):
        connected(client).query(SOQL)
