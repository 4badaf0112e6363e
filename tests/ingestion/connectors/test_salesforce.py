"""The client of Salesforce against its stand-in: what it fetches, and what it says if it cannot."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from ingestion.connectors.errors import (
    JobFailedError,
    MissingPermissionError,
    QuotaSpentError,
    RetiredVersionError,
    UnknownFieldError,
    UnreachableError,
    WrongCredentialsError,
)
from ingestion.connectors.salesforce.login import Credentials
from ingestion.connectors.salesforce.org import Org
from ingestion.connectors.salesforce.query_job import QueryJob
from ingestion.sandbox.apis.salesforce import Options
from tests.ingestion.connectors.salesforce_org import OPTIONS, QUICK, SECRET, org
from tests.ingestion.sandbox.apis.salesforce_client import (
    binned_at,
    company,
    frame,
    standing,
)

if TYPE_CHECKING:
    from pathlib import Path

LEADS = "SELECT Id, Email, Status, SystemModstamp FROM Lead"
PAGE = 100  # rows: leads have more than ten pages


def done(salesforce: Org, query: str = LEADS) -> QueryJob:
    """A job that is complete; one that fails is asked for again."""
    return salesforce.client.patiently(
        lambda: QueryJob.create(salesforce, query, with_deleted=True).wait(first_poll=0)
    )


def fetched(salesforce: Org, path: Path, query: str = LEADS) -> set[bytes]:
    job = done(salesforce, query)
    with path.open("wb+") as file:
        pages = list(job.pages(file, rows=PAGE))
    assert sum(one.rows for one in pages) >= (job.rows or 0)
    return set(path.read_bytes().splitlines())


@pytest.fixture(scope="module")
def untroubled(tmp_path_factory: pytest.TempPathFactory) -> set[bytes]:
    with standing(OPTIONS) as client:
        return fetched(org(client), tmp_path_factory.mktemp("untroubled") / "leads.csv")


def test_the_file_holds_every_lead_once_under_one_header(untroubled: set[bytes]) -> None:
    ids = {line.decode().split(",")[0].strip('"') for line in untroubled}
    assert ids == {*frame("Lead", company()[1]).index, "Id"}


@pytest.mark.parametrize(
    "fault",
    [
        "server_error", "edge_420", "job_failed", "job_aborted", "cut",
        "duplicated_page", "null_byte", "not_json", "clock_skew",
    ],
)  # fmt: skip
def test_a_fault_changes_nothing_of_what_comes(
    fault: str, untroubled: set[bytes], tmp_path: Path
) -> None:
    with standing(OPTIONS, **{fault: 1}) as client:
        assert fetched(org(client), tmp_path / "leads.csv") == untroubled
        assert client.org.faults.struck[fault]


def test_s09_sessions_end_during_a_download(untroubled: set[bytes], tmp_path: Path) -> None:
    with standing(Options(client_secret=SECRET, token_requests=3)) as client:
        assert fetched(org(client), tmp_path / "leads.csv") == untroubled
        assert client.org.counts.requests["token"] > 3


def test_s10_a_session_that_is_refused_at_once_is_asked_for_once_more_only() -> None:
    with standing(OPTIONS, session_expired=1) as client:
        with pytest.raises(WrongCredentialsError, match="scopes"):
            org(client).limits()
        assert client.org.faults.struck["session_expired"] == 2


def test_s09_pages_go_on_where_they_were_left(untroubled: set[bytes], tmp_path: Path) -> None:
    path = tmp_path / "leads.csv"
    with standing(OPTIONS) as client:
        job = done(org(client))
        with path.open("wb+") as file:
            pages = job.pages(file, rows=PAGE)
            first, second = next(pages), next(pages)
        assert first.rows == second.rows == PAGE
        with path.open("rb+") as file:
            file.seek(0, 2)
            rest = list(QueryJob(org(client), job.id).pages(file, second.locator, rows=PAGE))
        assert sum(one.rows for one in rest) == (job.rows or 0) - 2 * PAGE
        job.delete()
        job.delete()
    assert set(path.read_bytes().splitlines()) == untroubled


def test_the_recycle_bin_comes_too(tmp_path: Path) -> None:
    with standing(OPTIONS, binned_at()) as client:
        lines = fetched(org(client), tmp_path / "leads.csv", "SELECT Id, IsDeleted FROM Lead")
        assert org(client).count("Lead") == len(lines) - 1
    assert (
        sum(line.endswith(b'"true"') for line in lines)
        == frame("Lead", binned_at())["IsDeleted"].sum()
    )


def test_a_description_leaves_out_what_cannot_be_read_as_a_value() -> None:
    with standing(OPTIONS) as client:
        leads = org(client).describe("Lead")
        history = org(client).describe("LeadHistory")
        known = org(client).objects()
    assert {"Email", "Status", "Buyer_Role__c"} <= set(leads.fields)
    assert "Address" not in leads.fields
    assert leads.formulas
    assert not set(leads.formulas) & set(leads.fields)
    assert (leads.cursor, leads.has_recycle_bin) == ("SystemModstamp", True)
    # Histories never change: they have nothing but the moment at which they came.
    assert history.cursor == "CreatedDate"
    assert {"Lead", "Opportunity", "LeadHistory"} <= known


@lru_cache(maxsize=1)
def keys() -> tuple[str, bytes]:
    """A private key and its public one, PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return private.decode(), public


def test_an_assertion_opens_a_session() -> None:
    private, public = keys()
    options = Options(public_key=public)
    with standing(options) as client:
        given = Credentials(
            login_url=client.url,
            audience="https://login.salesforce.com",
            client_id=options.client_id,
            username=options.username,
            private_key=private,
        )
        assert Org("salesforce/main", given, patience=QUICK).limits()["DailyApiRequests"][1] > 0
    assert private not in repr(given)


def test_a_key_that_is_none_is_not_shown() -> None:
    with standing(OPTIONS) as client, pytest.raises(WrongCredentialsError, match="PEM") as raised:
        org(client, username="somebody", private_key="no key at all").limits()
    assert "no key at all" not in str(raised.value)


def test_wrong_credentials_are_named_and_not_shown() -> None:
    with (
        standing(OPTIONS) as client,
        pytest.raises(WrongCredentialsError, match="connected application") as raised,
    ):
        org(client, client_secret="of another org").limits()  # noqa: S106
    assert "of another org" not in str(raised.value)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("request_limit", QuotaSpentError),
        ("job_limit", QuotaSpentError),
        ("insufficient_access", MissingPermissionError),
        ("api_disabled", WrongCredentialsError),
    ],
)
def test_s10_what_no_patience_mends_is_said_at_once(fault: str, error: type[Exception]) -> None:
    with standing(OPTIONS, **{fault: 1}) as client:
        salesforce = org(client)
        with pytest.raises(error, match="salesforce/main"):
            QueryJob.create(salesforce, LEADS, with_deleted=True)
        assert client.org.faults.struck[fault] == 1


def test_a_field_that_went_since_it_was_described_is_named() -> None:
    with standing(OPTIONS) as client, pytest.raises(UnknownFieldError, match="Gone__c"):
        QueryJob.create(org(client), "SELECT Id, Gone__c FROM Lead", with_deleted=True)


def test_a_version_that_is_not_served_is_named_with_those_that_are() -> None:
    with standing(OPTIONS) as client:
        given = Credentials(login_url=client.url, client_id=OPTIONS.client_id, client_secret=SECRET)
        old = Org("salesforce/main", given, version="29.0", patience=QUICK)
        with pytest.raises(RetiredVersionError, match=r"67\.0"):
            old.check_version()


def test_a_job_that_keeps_failing_ends_in_its_own_error() -> None:
    with (
        standing(OPTIONS, job_failed=1) as client,
        pytest.raises(JobFailedError, match="Failed"),
    ):
        done(org(client, replace(QUICK, attempts=2)))


def test_nobody_at_the_address_is_told_without_the_address() -> None:
    with standing(OPTIONS) as client:
        salesforce = org(client)
    with pytest.raises(UnreachableError, match="nobody answers") as raised:
        salesforce.limits()
    assert "127.0.0.1" not in str(raised.value)
