from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from ingestion.sandbox.apis.marketo import MarketoOptions
from ingestion.sandbox.clock import DAY
from tests.ingestion.sandbox.apis.marketo_client import (
    END,
    MONTH,
    UNLIMITED,
    Client,
    held,
    month,
    shown,
    stand_in,
    stems,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

TYPES = "/rest/v1/activities/types.json"
PAGES = "/rest/v1/activities.json"


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with stand_in(UNLIMITED) as client:
        yield client


def test_pages_hold_what_the_extract_holds(client: Client) -> None:
    ids = ",".join(str(one) for one in (1, 2, 6, 7, 10, 11, 12, 22, 104))
    pages = list(client.pages(PAGES, client.since(END - MONTH), activityTypeIds=ids, batchSize=10))
    rows = [row for page in pages for row in page["result"]]
    filter_ = {"createdAt": month(), "activityTypeIds": [int(one) for one in ids.split(",")]}
    bulk = {one["marketoGUID"]: one for one in client.extract("activities", {"filter": filter_})}
    assert len(rows) == len(bulk)
    for row in rows:
        other = bulk[row["marketoGUID"]]
        assert row["id"] == int(other["marketoGUID"])
        assert row["activityDate"] == other["activityDate"]
        assert str(row["leadId"]) == other["leadId"]
        assert str(row.get("campaignId", "null")) == other["campaignId"]
        attributes = {one["name"]: one["value"] for one in row["attributes"]}
        assert attributes == json.loads(other["attributes"])
    dates = [row["activityDate"] for row in rows]
    assert dates == sorted(dates)
    sizes = [len(page["result"]) for page in pages if page["moreResult"]]
    assert {0, 5, 10} <= set(sizes)
    assert all(page["nextPageToken"] for page in pages)


def test_pages_can_be_as_full_as_they_may() -> None:
    with stand_in(MarketoOptions(short_pages=False)) as client:
        pages = list(
            client.pages(PAGES, client.since(END - MONTH), activityTypeIds="6,7", batchSize=50)
        )
    assert {len(page["result"]) for page in pages[:-1]} == {50}


@pytest.mark.parametrize(
    ("expected", "ask"),
    [
        ("701", {"activityTypeIds": "1"}),
        ("701", {"nextPageToken": "any"}),
        ("1003", {"nextPageToken": "any", "activityTypeIds": "1"}),
        ("1003", {"nextPageToken": "any", "activityTypeIds": "one"}),
        ("1003", {"nextPageToken": "any", "activityTypeIds": "1,2,3,6,7,8,9,10,11,12,13"}),
    ],
)
def test_pages_that_are_refused(client: Client, expected: str, ask: dict[str, str]) -> None:
    assert client.refusal(PAGES, **ask) == expected


@pytest.mark.parametrize("since", ["yesterday", "2025-01-01T00:00:00", "2025-01-01 00:00:00 08:00"])
def test_a_paging_token_wants_a_moment_with_its_zone(client: Client, since: str) -> None:
    path = "/rest/v1/activities/pagingtoken.json"
    assert client.refusal(path, sinceDatetime=since) == "704"
    assert client.refusal(path) == "701"
    assert client.get(path, sinceDatetime="2014-10-06T13:22:17-08:00")["nextPageToken"]


def test_merges_name_who_is_gone(client: Client) -> None:
    (page, *_) = client.pages(PAGES, client.since(0), activityTypeIds="32")
    ids = {one["id"] for one in shown("leads")}
    assert page["result"]
    for row in page["result"]:
        attributes = {one["name"]: one["value"] for one in row["attributes"]}
        assert attributes["Merge IDs"] not in ids
        assert row["primaryAttributeValueId"]


def test_deleted_leads_are_told_for_a_while() -> None:
    deletions = held().objects["activities_delete_lead"]
    at = float(deletions.shown_from.max())
    with stand_in(at=at) as client:
        path = "/rest/v1/activities/deletedleads.json"
        rows = [
            row for page in client.pages(path, client.since(at - DAY)) for row in page["result"]
        ]
        assert {one["activityTypeId"] for one in rows} == {37}
        assert all(one["activityDate"].endswith("+0000") for one in rows)
        client.present.advance(15 * DAY)
        (page,) = client.pages(path, client.since(at - DAY))
    assert page["result"] == []


def test_lead_changes_tell_old_and_new_values(client: Client) -> None:
    path = "/rest/v1/activities/leadchanges.json"
    assert client.refusal(path, nextPageToken=client.since(0)) == "701"
    rows = [
        row
        for page in client.pages(path, client.since(END - 90 * DAY), fields="email")
        for row in page["result"]
    ]
    changes = [row for row in rows if row["fields"]]
    assert {row["activityTypeId"] for row in rows} == {12, 13}
    assert {field["name"] for row in changes for field in row["fields"]} == {"email"}
    for row in changes:
        (field,) = row["fields"]
        assert field["newValue"] != field["oldValue"]


def test_types_name_their_attributes(client: Client) -> None:
    types = {one["id"]: one for one in client.get(TYPES)["result"]}
    assert types[32]["name"] == "Merge Leads"
    assert "Merge IDs" in {one["name"] for one in types[32]["attributes"]}
    assert len(types) == len(stems())
