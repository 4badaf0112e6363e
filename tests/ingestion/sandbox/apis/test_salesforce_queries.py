"""REST queries of the stand-in of Salesforce: batches, the recycle bin, deletions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from ingestion.sandbox.clock import DAY
from tests.ingestion.sandbox.apis.salesforce_client import (
    VERSION,
    Client,
    binned_at,
    company,
    frame,
    refused,
    standing,
    stored,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    """Of a stand-in at which nothing goes wrong and of which no test changes anything."""
    with standing() as one:
        yield one


def test_all_records_come_once_in_batches(client: Client) -> None:
    soql = "SELECT Id FROM Lead"
    first = client.query(soql, Sforce_Query_Options="batchSize=200").json()
    assert len(first["records"]) == 200
    assert not first["done"]
    assert first["nextRecordsUrl"].startswith(f"/services/data/v{VERSION}/query/01g")
    assert first["nextRecordsUrl"].endswith("-200")
    found = [one["Id"] for one in client.records(soql, batch=200)]
    assert len(found) == len(set(found)) == first["totalSize"]
    leads = frame("Lead", client.org.present.now())
    assert set(found) == set(leads.index[~leads.IsDeleted])


def test_the_next_batch_of_query_all_is_asked_of_query(client: Client) -> None:
    answer = client.query("SELECT Id FROM Lead", "queryAll", Sforce_Query_Options="batchSize=200")
    following = answer.json()["nextRecordsUrl"]
    assert "/query/" in following
    other = following.replace("/query/", "/queryAll/")
    assert client.get(following).json()["records"] == client.get(other).json()["records"]


def test_batches_have_200_to_2000_rows(client: Client) -> None:
    for asked, got in ((1, 200), (9_999, 2_000), (250, 250)):
        answer = client.query("SELECT Id FROM LeadHistory",
                              Sforce_Query_Options=f"batchSize={asked}")  # fmt: skip
        assert len(answer.json()["records"]) == got


def test_a_locator_lives_for_two_days() -> None:
    with standing() as client:
        answer = client.query("SELECT Id FROM LeadHistory").json()
        client.org.present.advance(2 * DAY - 1)
        assert client.get(answer["nextRecordsUrl"]).status_code == 200
        client.org.present.advance(1)
        refused(client.get(answer["nextRecordsUrl"]), 400, "INVALID_QUERY_LOCATOR")
        refused(client.get("query/01g000000000000AAA-20"), 400, "INVALID_QUERY_LOCATOR")


def test_records_name_their_type_and_moments_their_zone(client: Client) -> None:
    (record,) = client.records(
        "SELECT Id, CreatedDate, ConvertedDate, IsConverted, Address FROM Lead "
        "WHERE ConvertedDate != null LIMIT 1"
    )
    held = frame("Lead", client.org.present.now()).loc[record["Id"]]
    assert record.pop("attributes") == {
        "type": "Lead", "url": f"/services/data/v{VERSION}/sobjects/Lead/{record['Id']}"
    }  # fmt: skip
    assert record["CreatedDate"] == f"{held.CreatedDate.isoformat()}.000+0000"
    assert record["ConvertedDate"] == held.ConvertedDate.isoformat()
    assert record["IsConverted"] is True
    assert record["Address"]["countryCode"] == held.CountryCode


def test_count(client: Client) -> None:
    answer = client.query("SELECT COUNT() FROM User WHERE IsActive = true").json()
    users = frame("User", client.org.present.now())
    assert answer == {"totalSize": int(users.IsActive.sum()), "done": True, "records": []}


def test_only_query_all_shows_the_recycle_bin() -> None:
    moment = binned_at()
    with standing(moment=moment) as client:
        leads = frame("Lead", moment)
        assert leads.IsDeleted.any()
        soql = "SELECT Id, IsDeleted, MasterRecordId FROM Lead"
        shown = {one["Id"] for one in client.records(soql)}
        assert shown == set(leads.index[~leads.IsDeleted])
        everything = {one["Id"]: one for one in client.records(soql, "queryAll")}
        assert everything.keys() == set(leads.index)
        losers = leads.index[leads.MasterRecordId.notna()]
        for loser in losers:
            assert everything[loser]["IsDeleted"] is True
            assert everything[loser]["MasterRecordId"] == leads.MasterRecordId[loser]
        client.org.present.advance(400 * DAY)
        left = {one["Id"] for one in client.records(soql, "queryAll")}
        assert not left & set(leads.index[leads.IsDeleted & leads.MasterRecordId.notna()])


def test_which_were_deleted() -> None:
    moment = binned_at()
    with standing(moment=moment + DAY) as client:
        leads = frame("Lead", moment)
        told = client.get("sobjects/Lead/deleted/", start=_iso(moment - 3 * DAY),
                          end=_iso(moment + DAY)).json()  # fmt: skip
        by_id = {one["id"]: one["deletedDate"] for one in told["deletedRecords"]}
        newest = leads[leads.IsDeleted].SystemModstamp.idxmax()
        assert by_id[newest] == f"{leads.SystemModstamp[newest].isoformat()}.000+0000"
        for start, end in ((40, 0), (0.0001, 0)):
            answer = client.get("sobjects/Lead/deleted", start=_iso(moment - start * DAY),
                                end=_iso(moment - end * DAY))  # fmt: skip
            refused(answer, 400, "INVALID_REPLICATION_DATE")
        refused(client.get("sobjects/Lead/deleted", start="now", end=""), 400, "INVALID_FIELD")
        nothing = client.get("sobjects/LeadHistory/deleted", start="", end="")
        refused(nothing, 404, "NOT_FOUND")


def test_removed_campaign_members_are_told_though_they_are_gone() -> None:
    members = stored("CampaignMember")
    ends = members.shown_until[np.diff(members.record, append=-1) != 0]
    gone = float(ends[ends < company()[1]].max())
    with standing(moment=gone + 60) as client:
        told = client.get("sobjects/CampaignMember/deleted", start=_iso(gone - 60),
                          end=_iso(gone + 60)).json()  # fmt: skip
        ids = {one["id"] for one in told["deletedRecords"]}
        assert ids
        everything = client.records("SELECT Id FROM CampaignMember", "queryAll")
        assert not ids & {one["Id"] for one in everything}


def test_an_address_may_not_be_too_long(client: Client) -> None:
    names = ", ".join(["Id"] * 6_000)
    assert client.query(f"SELECT {names} FROM Lead").status_code == 414


def _iso(moment: float) -> str:
    return pd.Timestamp(moment, unit="s", tz="UTC").isoformat()
