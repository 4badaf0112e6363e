"""The client of Marketo against its stand-in: what it fetches whatever goes wrong, what it says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from ingestion.connectors.errors import (
    JobFailedError,
    MissingPermissionError,
    QuotaSpentError,
    RefusedError,
    UnreachableError,
    WrongCredentialsError,
)
from ingestion.connectors.marketo.export_job import ExportJob
from ingestion.sandbox.apis.faults import Faults
from ingestion.sandbox.apis.marketo import MarketoOptions
from tests.ingestion.connectors.marketo_instance import PASSING, instance
from tests.ingestion.sandbox.apis.marketo_client import (
    END,
    UNLIMITED,
    held,
    shown,
    stand_in,
)

if TYPE_CHECKING:
    from pathlib import Path

    from ingestion.connectors.marketo.instance import Instance

LAST = datetime.fromtimestamp(END, UTC)
MONTH = (LAST - timedelta(days=31), LAST)
FIELDS = ["id", "email", "updatedAt"]


def fetched(marketo: Instance, path: Path) -> list[bytes]:
    """The lines of last month's leads; a job that fails is asked for again."""

    def attempt() -> ExportJob:
        job = ExportJob.create(marketo, "leads", "createdAt", MONTH, fields=FIELDS)
        job.enqueue()
        return job.wait(poll=0)

    job = marketo.client.patiently(attempt)
    job.fetch(path)
    lines = path.read_bytes().splitlines()
    assert len(lines) == 1 + (job.rows or 0)
    return sorted(lines)


@pytest.fixture(scope="module")
def untroubled(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    with stand_in(UNLIMITED) as client:
        return fetched(instance(client), tmp_path_factory.mktemp("untroubled") / "leads.csv")


def test_the_file_holds_the_leads_of_the_month(untroubled: list[bytes]) -> None:
    ids = {one["id"] for one in shown("leads") if one["createdAt"] >= f"{MONTH[0]:%Y-%m-%dT%H:%M}"}
    assert {line.decode().split(",")[0] for line in untroubled} == {*ids, "id"}
    assert len(ids) > 20


@pytest.mark.parametrize("fault", PASSING)
def test_a_fault_changes_nothing_of_what_comes(
    fault: str, untroubled: list[bytes], tmp_path: Path
) -> None:
    # Tokens that end all the time cannot be told from a client without a right: one in two.
    rate = 0.5 if fault.startswith("token") else 1
    faults = Faults({fault: rate}, in_a_row=1)
    with stand_in(UNLIMITED, faults) as client:
        assert fetched(instance(client), tmp_path / "leads.csv") == untroubled
    assert faults.struck[fault]


def test_many_faults_at_once_change_nothing(untroubled: list[bytes], tmp_path: Path) -> None:
    rates = dict.fromkeys(
        ["rate_limit", "server_error", "cut", "job_failed", "truncated_file"], 0.3
    )
    for seed in range(5):
        with stand_in(UNLIMITED, Faults(rates, seed=seed)) as client:
            assert fetched(instance(client), tmp_path / f"{seed}.csv") == untroubled


def test_s09_a_file_goes_on_at_its_byte(untroubled: list[bytes], tmp_path: Path) -> None:
    path = tmp_path / "leads.csv"
    with stand_in(UNLIMITED) as client:
        whole = fetched(instance(client), path)
        path.write_bytes(path.read_bytes()[:200])
        job = ExportJob.create(instance(client), "leads", "createdAt", MONTH, fields=FIELDS)
        job.enqueue()
        done = job.wait(poll=0)
        # Another job has its rows in another order: begun anew once its checksum does not fit.
        done.fetch(path)
        again = path.read_bytes()
        path.write_bytes(again[:200])
        before = sum(client.counts.requests.values())
        done.fetch(path)
        assert sum(client.counts.requests.values()) == before + 1
    assert path.read_bytes() == again
    assert sorted(again.splitlines()) == whole == untroubled


def describe_and_export(marketo: Instance) -> None:
    marketo.lead_fields()
    ExportJob.create(marketo, "leads", "updatedAt", MONTH, fields=FIELDS).enqueue()


@pytest.mark.parametrize(
    ("faults", "options", "error"),
    [
        ({"daily_quota": 1}, {}, QuotaSpentError),
        ({"export_quota": 1}, {}, QuotaSpentError),
        ({}, {"denied": frozenset({"/rest/v1/leads/describe.json"})}, MissingPermissionError),
        ({}, {"allows_updated_at": False}, RefusedError),
    ],
)
def test_s10_what_no_patience_mends_is_said_at_once(
    faults: dict[str, float], options: dict[str, Any], error: type[Exception]
) -> None:
    given = MarketoOptions(calls_per_window=None, **options)
    with stand_in(given, Faults(faults, in_a_row=100)) as client:
        with pytest.raises(error, match="marketo/main") as raised:
            describe_and_export(instance(client))
        assert sum(client.counts.requests.values()) <= 4
    assert client.options.client_secret not in str(raised.value)


def test_wrong_credentials_are_named_and_not_shown() -> None:
    with stand_in(UNLIMITED) as client:
        marketo = instance(client, client_secret="of another instance")  # noqa: S106
        with pytest.raises(WrongCredentialsError, match="client id and the secret") as raised:
            marketo.lead_fields()
    assert "of another instance" not in str(raised.value) + repr(marketo)


def test_nobody_at_the_address_is_told_without_the_address(tmp_path: Path) -> None:
    with stand_in(UNLIMITED) as client:
        marketo = instance(client)
    with pytest.raises(UnreachableError, match="nobody answers") as raised:
        marketo.lead_fields()
    assert "127.0.0.1" not in str(raised.value)


def test_a_job_that_keeps_failing_ends_in_its_own_error(tmp_path: Path) -> None:
    with (
        stand_in(UNLIMITED, Faults({"job_failed": 1}, in_a_row=100)) as client,
        pytest.raises(JobFailedError, match="Failed"),
    ):
        fetched(instance(client), tmp_path / "leads.csv")


def test_s03_deletions_come_over_pages_that_are_short_or_empty() -> None:
    faults = Faults({"empty_page": 0.5})
    # Marketo forgets deletions after 14 days, so that there are none at the end.
    moment = held().objects["activities_delete_lead"].shown_from[0]
    with stand_in(UNLIMITED, faults, at=moment) as client:
        marketo = instance(client)
        pages = list(marketo.deletions(marketo.paging_token("2023-01-01T00:00:00Z")))
    found = {int(one["leadId"]) for page in pages for one in page.rows}
    assert found == {int(one["leadId"]) for one in shown("activities_delete_lead", moment)}
    assert found


def test_assets_end_with_a_page_that_has_none() -> None:
    with stand_in(MarketoOptions(calls_per_window=None, asset_page_size=200)) as client:
        programs = [one for page in instance(client).assets("programs") for one in page]
    assert {one["id"] for one in programs} == {int(one["id"]) for one in shown("programs")}


def test_types_of_activities_are_described_with_their_attributes() -> None:
    with stand_in(UNLIMITED) as client:
        types = {one.id: one for one in instance(client).activity_types()}
    assert "New Value" in types[13].attributes
