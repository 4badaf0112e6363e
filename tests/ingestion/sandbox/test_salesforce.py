"""Salesforce as its exports show it: ids, times, histories, merges, conversions, deletions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from ingestion.sandbox.clock import DAY, ever, local_day
from ingestion.sandbox.company.company import simulate
from ingestion.sandbox.company.people import SALES_CONTACT
from ingestion.sandbox.company.staff import AMERICAS
from ingestion.sandbox.mess import with_rate
from ingestion.sandbox.settings import Settings
from ingestion.sandbox.systems import salesforce
from ingestion.sandbox.systems.dialect import text_table, write_csv
from ingestion.sandbox.systems.held import EMEA, MAIN
from ingestion.sandbox.systems.identifiers import fifteen, salesforce_id
from tests.ingestion.sandbox.companies import AWFUL, CLEAN, MORNING, USUAL, Lived, lived

if TYPE_CHECKING:
    from pathlib import Path

    from ingestion.sandbox.mess import Mess

PROFILES = pytest.mark.parametrize("mess", [CLEAN, USUAL, AWFUL], ids=["clean", "usual", "awful"])
PREFIXES = {
    "leads": "00Q",
    "lead_history": "017",
    "contacts": "003",
    "accounts": "001",
    "opportunities": "006",
    "opportunity_history": "008",
    "opportunity_field_history": "019",
    "opportunity_contact_roles": "00K",
    "tasks": "00T",
    "events": "00U",
    "email_messages": "02s",
    "campaigns": "701",
    "campaign_members": "00v",
    "content_versions": "068",
    "users": "005",
    "queues": "00G",
    "lead_statuses": "01J",
    "opportunity_stages": "01J",
    "currency_types": "01L",
    "dated_conversion_rates": "04w",
}
REFERENCES = (
    ("lead_history", "LeadId", "leads"),
    ("lead_history", "CreatedById", "users"),
    ("leads", "OwnerId", "users queues"),
    ("leads", "CreatedById", "users"),
    ("leads", "ConvertedAccountId", "accounts"),
    ("leads", "ConvertedContactId", "contacts"),
    ("leads", "ConvertedOpportunityId", "opportunities"),
    ("leads", "MasterRecordId", "leads"),
    ("contacts", "AccountId", "accounts"),
    ("contacts", "OwnerId", "users"),
    ("accounts", "ParentId", "accounts"),
    ("accounts", "OwnerId", "users"),
    ("opportunities", "AccountId", "accounts"),
    ("opportunities", "ContactId", "contacts"),
    ("opportunities", "CampaignId", "campaigns"),
    ("opportunities", "OwnerId", "users"),
    ("opportunity_history", "OpportunityId", "opportunities"),
    ("opportunity_history", "CreatedById", "users"),
    ("opportunity_field_history", "OpportunityId", "opportunities"),
    ("opportunity_field_history", "CreatedById", "users"),
    ("opportunity_contact_roles", "OpportunityId", "opportunities"),
    ("opportunity_contact_roles", "ContactId", "contacts"),
    ("tasks", "WhoId", "leads contacts"),
    ("tasks", "WhatId", "opportunities"),
    ("tasks", "OwnerId", "users"),
    ("events", "WhoId", "leads contacts"),
    ("events", "WhatId", "opportunities"),
    ("email_messages", "ActivityId", "tasks"),
    ("email_messages", "RelatedToId", "opportunities"),
    ("campaign_members", "CampaignId", "campaigns"),
    ("campaign_members", "LeadId", "leads"),
    ("campaign_members", "ContactId", "contacts"),
    ("users", "ManagerId", "users"),
)
MONTHS = 24
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z")
DAY_TEXT = re.compile(r"\d{4}-\d\d-\d\d")


def texts(one: Lived, stem: str) -> pd.DataFrame:
    """Rows as the file shows them."""
    table = one.org.objects[stem].at(one.end + MORNING)
    return text_table(table, one.org.dialect).to_pandas()


def seconds(moments: pd.Series) -> np.ndarray:
    """Moments as seconds, NaN for none."""
    found = moments.astype("datetime64[s]")
    return np.where(found.isna(), np.nan, found.astype("int64")).astype(float)


def status_changes(one: Lived) -> pd.DataFrame:
    history = one.tables["lead_history"]
    rows = history[history["Field"] == "Status"]
    return rows.sort_values(["LeadId", "CreatedDate", "Id"]).reset_index(drop=True)


# -- How values look -----------------------------------------------------------------------------


@pytest.mark.parametrize("stem", PREFIXES)
def test_ids_have_their_prefix_and_checksum_and_are_unique(stem: str) -> None:
    ids = lived(USUAL).tables[stem]["Id"]
    assert (ids.str.len() == 18).all()
    assert ids.str.startswith(PREFIXES[stem]).all()
    assert ids.is_unique
    # What Salesforce computes from the first 15 characters are the last three.
    short = fifteen(pa.array(ids))
    number = np.zeros(len(ids), dtype=np.int64)
    digits = {
        mark: place
        for place, mark in enumerate(
            "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
        )
    }
    for place in range(5, 15):
        number = number * 62 + [digits[one[place]] for one in short.to_pylist()]
    assert salesforce_id(PREFIXES[stem], number).to_pylist() == ids.to_list()


def test_every_object_is_known_by_its_prefix() -> None:
    assert lived(USUAL).org.objects.keys() == PREFIXES.keys()


def test_times_are_instants_in_utc_and_dates_have_no_time() -> None:
    one = lived(USUAL)
    instants = dates = 0
    for stem, stored in one.org.objects.items():
        rows, table = texts(one, stem), stored.at(one.end + MORNING)
        for field in table.schema:
            given = rows[field.name][rows[field.name] != ""]
            if pa.types.is_timestamp(field.type):
                assert given.map(INSTANT.fullmatch).notna().all(), (stem, field.name)
                instants += len(given)
            elif pa.types.is_date(field.type):
                assert given.map(DAY_TEXT.fullmatch).notna().all(), (stem, field.name)
                dates += len(given)
    assert instants > 10_000
    assert dates > 1_000


@pytest.mark.parametrize(
    ("stem", "field"),
    [
        ("leads", "ConvertedDate"),
        ("opportunities", "CloseDate"),
        ("opportunity_history", "CloseDate"),
        ("tasks", "ActivityDate"),
        ("campaign_members", "FirstRespondedDate"),
        ("contacts", "Customer_Since__c"),
    ],
)
def test_what_is_a_day_has_no_time(stem: str, field: str) -> None:
    given = texts(lived(USUAL), stem)[field]
    assert given[given != ""].map(DAY_TEXT.fullmatch).notna().all()
    assert (given != "").any()


def test_everything_is_quoted_and_nothing_is_two_quotes(tmp_path: Path) -> None:
    one = lived(USUAL)
    table = one.org.objects["leads"].at(one.end + MORNING)
    rows = write_csv(table, tmp_path / "leads.csv", one.org.dialect)
    lines = (tmp_path / "leads.csv").read_text(encoding="utf-8").splitlines()
    assert rows == len(lines) - 1 == table.num_rows
    assert all(line.startswith('"') and line.endswith('"') for line in lines)
    assert lines[0] == ",".join(f'"{name}"' for name in table.column_names)
    unconverted = next(line for line in lines[1:] if '"false","","",""' in line)
    assert len(unconverted.split('","')) == table.num_columns
    assert ",," not in "".join(lines)


def test_instances_share_no_ids() -> None:
    company = simulate(Settings(people=1_000, instances=2))
    americans = company.accounts.region[company.people.account] == AMERICAS
    orgs = [
        salesforce.hold(company, members, instance)
        for members, instance in ((americans, MAIN), (~americans, EMEA))
    ]
    for stem in PREFIXES:
        here, there = (
            set(org.objects[stem].at(company.settings.end).column("Id").to_pylist()) for org in orgs
        )
        assert not here & there, stem
    assert all(americans[orgs[0].records.human])
    assert not any(americans[orgs[1].records.human])
    with pytest.raises(KeyError):
        salesforce.hold(company, americans, "apac")


# -- What hangs together -------------------------------------------------------------------------


@PROFILES
@pytest.mark.parametrize(("stem", "field", "targets"), REFERENCES)
def test_references_lead_somewhere(mess: Mess, stem: str, field: str, targets: str) -> None:
    tables = lived(mess).tables
    given = tables[stem][field].dropna()
    known = {name for target in targets.split() for name in tables[target]["Id"]}
    if (stem, field) == ("leads", "MasterRecordId"):
        # The survivor may itself have left the recycle bin.
        assert given.isin(known).sum() >= 0.8 * len(given)
        return
    assert given.isin(known).all()
    assert len(given)


@PROFILES
def test_nothing_is_dated_after_the_end_or_before_its_creation(mess: Mess) -> None:
    one = lived(mess)
    for stem, stored in one.org.objects.items():
        table = stored.at(one.end + MORNING)
        for field in table.schema:
            if pa.types.is_timestamp(field.type) and field.name != "EndDateTime":
                at = seconds(one.tables[stem][field.name])
                assert not (at >= one.end).any(), (stem, field.name)
        if {"CreatedDate", "SystemModstamp"} <= set(table.column_names):
            rows = one.tables[stem]
            assert (rows["SystemModstamp"] >= rows["CreatedDate"]).all(), stem


def test_records_are_numbered_in_the_order_of_their_creation() -> None:
    for stem in ("leads", "contacts", "accounts", "opportunities", "tasks", "lead_history"):
        created = lived(USUAL).tables[stem].sort_values("Id", key=lambda ids: ids.str[5:])
        assert created["CreatedDate"].is_monotonic_increasing


@PROFILES
def test_records_tell_which_human_is_behind_them(mess: Mess) -> None:
    one = lived(mess)
    records, people = one.org.records, one.company.people
    for stem in ("leads", "contacts"):
        own = records.object == stem
        human = dict(zip(records.record_id.filter(pa.array(own)).to_pylist(), records.human[own],
                         strict=True))  # fmt: skip
        rows = one.tables[stem]
        assert set(rows["Id"]) <= human.keys()
        behind = [human[name] for name in rows["Id"]]
        assert (people.last_name[behind] == rows["LastName"]).all()
        assert (people.first_name[behind] == rows["FirstName"]).all()


# -- Histories -----------------------------------------------------------------------------------


@pytest.mark.parametrize("mess", [CLEAN, with_rate(AWFUL, "purged_history", 0)])
def test_the_history_of_a_lead_is_a_chain_that_ends_in_its_status(mess: Mess) -> None:
    one = lived(mess)
    changes = status_changes(one)
    of_lead = changes.groupby("LeadId", sort=False)
    former = of_lead["NewValue"].shift()
    assert (former.isna() | (former == changes["OldValue"])).all()
    assert (changes["OldValue"] != changes["NewValue"]).all()
    leads = one.tables["leads"].set_index("Id")
    last, first = of_lead["NewValue"].last(), of_lead["CreatedDate"].first()
    assert (leads.loc[last.index, "Status"] == last).all()
    assert (leads.loc[first.index, "CreatedDate"] < first).all()
    untouched = leads.drop(last.index)
    assert set(untouched["Status"]) <= {"New", "Open - Not Contacted"}
    # The last change is what the record was modified with, or something came after it.
    assert (seconds(leads.loc[last.index, "SystemModstamp"])
            >= seconds(of_lead["CreatedDate"].last())).all()  # fmt: skip


def test_each_lead_is_created_once() -> None:
    one = lived(CLEAN)
    history = one.tables["lead_history"]
    created = history[history["Field"] == "created"].set_index("LeadId")
    leads = one.tables["leads"].set_index("Id")
    assert created.index.is_unique
    assert set(created.index) == set(leads.index)
    assert (created["CreatedDate"] == leads.loc[created.index, "CreatedDate"]).all()
    assert (created["CreatedById"] == leads.loc[created.index, "CreatedById"]).all()
    assert created["NewValue"].isna().all()


@PROFILES
def test_a_new_owner_gives_a_row_with_the_id_and_one_with_the_name(mess: Mess) -> None:
    one = lived(mess)
    history = one.tables["lead_history"]
    moves = history[history["Field"] == "Owner"]
    by_id = moves[moves["DataType"] == "EntityId"].set_index(["LeadId", "CreatedDate"])
    by_name = moves[moves["DataType"] == "Text"].set_index(["LeadId", "CreatedDate"])
    assert len(by_id) == len(by_name) > 1_000
    assert by_id.index.is_unique
    names = pd.concat([one.tables[stem].set_index("Id")["Name"] for stem in ("users", "queues")])
    joined = by_id.join(by_name.add_suffix("_name"), how="inner")
    assert len(joined) == len(by_id)
    for value in ("OldValue", "NewValue"):
        assert (names.loc[joined[value]].to_numpy() == joined[f"{value}_name"]).all()


@PROFILES
def test_owners_in_the_history_end_in_the_owner_of_the_lead(mess: Mess) -> None:
    one = lived(mess)
    history = one.tables["lead_history"]
    moves = history[history["DataType"] == "EntityId"].sort_values(["LeadId", "CreatedDate", "Id"])
    former = moves.groupby("LeadId")["NewValue"].shift()
    assert (former.isna() | (former == moves["OldValue"])).all()
    last = moves.groupby("LeadId")["NewValue"].last()
    leads = one.tables["leads"].set_index("Id")
    assert (leads.loc[last.index, "OwnerId"] == last).all()


@PROFILES
def test_nobody_writes_after_they_left(mess: Mess) -> None:
    one = lived(mess)
    users = one.tables["users"].set_index("Id")
    gone = users[~users["IsActive"]]["SystemModstamp"]
    assert len(gone) == ever(one.company.staff.left_at).sum()
    for stem in ("lead_history", "opportunity_history", "opportunity_field_history", "tasks"):
        rows = one.tables[stem]
        left = rows["CreatedById"].map(gone.to_dict()).astype("datetime64[s]")
        assert not (rows["CreatedDate"] > left).any(), stem


@pytest.mark.parametrize("stem", ["lead_history", "opportunity_field_history"])
def test_histories_are_kept_for_two_years_where_they_are_purged(stem: str) -> None:
    kept = lived(with_rate(CLEAN, "purged_history", 1))
    moment = kept.end + MORNING
    oldest = moment - 730 * DAY
    purged, whole = (seconds(one.tables[stem]["CreatedDate"]) for one in (kept, lived(CLEAN)))
    assert purged.min() > oldest
    assert whole.min() < kept.company.settings.start + 60 * DAY
    assert len(purged) == (whole > oldest).sum()
    # A year before, what is purged by now was still there.
    earlier = kept.org.objects[stem].at(moment - 365 * DAY).to_pandas(strings_to_categorical=False)
    assert seconds(earlier["CreatedDate"]).min() < oldest


def test_snapshots_are_never_purged() -> None:
    one = lived(AWFUL)
    for stem in ("opportunity_history", "tasks", "events", "campaigns", "opportunities"):
        assert np.isinf(one.org.objects[stem].shown_until).sum() >= len(one.tables[stem])
    created = seconds(one.tables["opportunity_history"]["CreatedDate"])
    assert created.min() < one.company.settings.start + 90 * DAY


# -- Conversions ---------------------------------------------------------------------------------


@PROFILES
def test_a_conversion_is_told_by_the_lead_and_by_its_history(mess: Mess) -> None:
    one = lived(with_rate(mess, "purged_history", 0))
    leads, history = one.tables["leads"].set_index("Id"), one.tables["lead_history"]
    converted = leads[leads["IsConverted"]]
    assert len(converted) > 500
    assert (converted["Status"] == "Closed - Converted").all()
    for field in ("ConvertedDate", "ConvertedContactId", "ConvertedAccountId",
                  "ConvertedOpportunityId"):  # fmt: skip
        assert converted[field].notna().all()
        assert leads[~leads["IsConverted"]][field].isna().all()
    told = history[history["Field"] == "leadConverted"].set_index("LeadId")["CreatedDate"]
    assert told.index.is_unique
    assert set(told.index) == set(converted.index)
    # The field has the day in New York, the history the moment.
    days = local_day(seconds(told.loc[converted.index]))
    wanted = [one.toordinal() - 719_163 for one in converted["ConvertedDate"]]
    assert days.tolist() == wanted
    created = one.tables["opportunities"].set_index("Id")["CreatedDate"]
    assert (created.loc[converted["ConvertedOpportunityId"]].to_numpy()
            == told.loc[converted.index].to_numpy()).all()  # fmt: skip


def test_a_lead_may_be_converted_into_a_contact_that_was_there() -> None:
    one = lived(with_rate(CLEAN, "existing_contact", 0.4))
    leads = one.tables["leads"]
    converted = leads[leads["IsConverted"]].sort_values("CreatedDate")
    created = one.tables["contacts"].set_index("Id")["CreatedDate"]
    of_contact = created.loc[converted["ConvertedContactId"]].to_numpy()
    was_there = of_contact < converted["CreatedDate"].to_numpy()
    assert 0.3 < was_there.mean() < 0.55
    at = seconds(pd.Series(of_contact))
    told = one.tables["lead_history"]
    told = told[told["Field"] == "leadConverted"].set_index("LeadId")["CreatedDate"]
    moment = seconds(told.loc[converted["Id"]])
    first = ~converted["ConvertedContactId"].duplicated().to_numpy()
    # Else the contact begins with the conversion; at the latest with the first one.
    assert (at[~was_there & first] == moment[~was_there & first]).all()
    assert (at <= moment).all()


@PROFILES
def test_a_human_has_one_contact_and_one_open_lead(mess: Mess) -> None:
    one = lived(mess)
    assert len(np.unique(one.contacts.human)) == len(one.contacts)
    own = one.leads.human[~one.leads.is_duplicate & ~ever(one.leads.converted_at)]
    assert len(np.unique(own)) == len(own)


# -- Merges and deletions ------------------------------------------------------------------------


def test_who_is_merged_is_deleted_and_names_the_survivor() -> None:
    one = lived(with_rate(AWFUL, "purged_history", 0))
    leads = one.tables["leads"].set_index("Id")
    losers = leads[leads["MasterRecordId"].notna()]
    assert len(losers) > 100
    assert losers["IsDeleted"].all()
    assert not losers["IsConverted"].any()
    survivors = leads.loc[losers["MasterRecordId"]]
    names = ["FirstName", "LastName", "Company"]
    assert (survivors[names].to_numpy() == losers[names].to_numpy()).all()
    assert (survivors["CreatedDate"].to_numpy() < losers["SystemModstamp"].to_numpy()).all()
    # Some survivors were merged into a third: chains end at a lead that lives.
    chained = survivors[survivors["MasterRecordId"].notna()]
    assert len(chained) > 20
    ends = leads.loc[chained["MasterRecordId"]]
    assert ends["MasterRecordId"].isna().all()
    assert (chained["SystemModstamp"].to_numpy()
            > losers[survivors["MasterRecordId"].notna().to_numpy()]["SystemModstamp"].to_numpy()
            ).all()  # fmt: skip


def test_no_lead_is_merged_into_one_that_was_converted_or_deleted() -> None:
    leads = lived(AWFUL).leads
    merged = np.flatnonzero(ever(leads.merged_at))
    into, at = leads.merged_into[merged], leads.merged_at[merged]
    assert (leads.human[into] == leads.human[merged]).all()
    assert not (leads.converted_at[into] <= at).any()
    assert not (leads.deleted_at[into] <= at).any()
    assert (leads.created_at[into] < at).all()
    assert (leads.created_at[merged] < at).all()


def test_the_recycle_bin_keeps_what_was_deleted_for_15_days() -> None:
    one = lived(AWFUL)
    stored, leads = one.org.objects["leads"], one.leads
    binned = np.fmin(leads.merged_at, np.where(ever(leads.restored_at), np.nan, leads.deleted_at))
    gone = ever(binned)
    assert gone.sum() > 100
    last = np.flatnonzero(np.diff(stored.record, append=-1) != 0)
    until = np.full(len(leads), np.nan)
    until[stored.record[last]] = stored.shown_until[last]
    there = ~np.isnan(until)
    assert (until[gone & there] == binned[gone & there] + 15 * DAY).all()
    assert np.isinf(until[~gone & there]).all()
    flags = stored.varying["IsDeleted"].to_numpy(zero_copy_only=False)
    punctual = stored.shown_from[last] <= binned[stored.record[last]]
    assert flags[last][punctual].all()
    # Nothing is purged where histories are kept for ever.
    kept = lived(with_rate(AWFUL, "purged_history", 0)).org.objects["leads"]
    is_last = np.diff(kept.record, append=-1) != 0
    assert np.isinf(kept.shown_until[is_last]).all()


def test_what_was_deleted_by_mistake_comes_back() -> None:
    one = lived(with_rate(with_rate(CLEAN, "deleted_record", 0.8), "restored_record", 0.5))
    stored, leads = one.org.objects["leads"], one.leads
    back = np.flatnonzero(ever(leads.restored_at))
    assert len(back) > 50
    assert (leads.restored_at[back] < leads.deleted_at[back] + 15 * DAY).all()
    flags = stored.varying["IsDeleted"].to_numpy(zero_copy_only=False)
    for lead in back[:20]:
        own = stored.record == lead
        shown = stored.shown_from[own]
        assert not flags[own][np.searchsorted(shown, leads.deleted_at[lead]) - 1]
        assert flags[own][np.searchsorted(shown, leads.deleted_at[lead])]
        assert not flags[own][-1]


def test_what_hangs_on_a_purged_lead_goes_with_it() -> None:
    one = lived(AWFUL)
    there = set(one.tables["leads"]["Id"])
    ever_there = set(one.org.objects["leads"].fixed["Id"].to_pylist())
    assert ever_there - there
    for stem in ("lead_history", "campaign_members"):
        assert set(one.tables[stem]["LeadId"]) <= there


# -- Opportunities -------------------------------------------------------------------------------


@pytest.mark.parametrize("mess", [CLEAN, with_rate(AWFUL, "purged_history", 0)])
def test_snapshots_agree_with_the_field_history(mess: Mess) -> None:
    one = lived(mess)
    snapshots = one.tables["opportunity_history"].sort_values(["OpportunityId", "Id"])
    snapshots["Former"] = snapshots.groupby("OpportunityId")["StageName"].shift()
    moves = snapshots[snapshots["Former"].notna()]
    history = one.tables["opportunity_field_history"]
    stages = history[history["Field"] == "StageName"]
    key = ["OpportunityId", "CreatedDate", "Former", "StageName"]
    told = stages.rename(columns={"OldValue": "Former", "NewValue": "StageName"})
    assert sorted(moves[key].itertuples(index=False, name=None)) == sorted(
        told[key].itertuples(index=False, name=None)
    )
    amounts = history[history["Field"] == "Amount"].set_index("OpportunityId")
    closed = snapshots.groupby("OpportunityId")[["Amount", "CreatedDate"]].last()
    opened = snapshots.groupby("OpportunityId")["Amount"].first()
    changed = opened[opened != closed["Amount"]].index
    assert set(changed) == set(amounts.index)
    assert (amounts.loc[changed, "NewValue"].astype(float) == closed.loc[changed, "Amount"]).all()
    assert (amounts.loc[changed, "OldValue"].astype(float) == opened.loc[changed]).all()
    assert (amounts.loc[changed, "CreatedDate"] == closed.loc[changed, "CreatedDate"]).all()


@PROFILES
def test_the_last_snapshot_is_how_the_opportunity_stands(mess: Mess) -> None:
    one = lived(mess)
    deals = one.tables["opportunities"].set_index("Id")
    snapshots = one.tables["opportunity_history"].sort_values(["OpportunityId", "Id"])
    last = snapshots.groupby("OpportunityId").last().loc[deals.index]
    for field in ("StageName", "Probability", "Amount"):
        assert (last[field] == deals[field]).all(), field
    assert (last["ForecastCategory"] == deals["ForecastCategoryName"]).all()
    assert (last["CreatedDate"] == deals["LastStageChangeDate"]).all()
    first = snapshots.groupby("OpportunityId")["CreatedDate"].first().loc[deals.index]
    assert (first == deals["CreatedDate"]).all()
    closed = deals["StageName"].str.startswith("Closed")
    assert (deals["IsClosed"] == closed).all()
    assert (deals["IsWon"] == (deals["StageName"] == "Closed Won")).all()
    assert deals[deals["StageName"] != "Closed Lost"]["Loss_Reason__c"].isna().all()
    expected = snapshots["Amount"] * snapshots["Probability"] / 100
    assert (expected.round(2) - snapshots["ExpectedRevenue"]).abs().max() < 0.011


def test_a_deal_that_is_closed_tells_the_day_in_new_york() -> None:
    one = lived(CLEAN)
    deals = one.tables["opportunities"]
    closed = deals["IsClosed"].to_numpy()
    days = local_day(one.company.deals.closed_at[one.deals.deal])
    shown = np.array([day.toordinal() - 719_163 for day in deals["CloseDate"]])
    assert (shown[closed] == days[closed]).all()
    assert (shown[~closed] * DAY > seconds(deals["CreatedDate"])[~closed]).all()


@PROFILES
def test_an_opportunity_has_one_decision_maker_at_the_most(mess: Mess) -> None:
    one = lived(mess)
    roles = one.tables["opportunity_contact_roles"]
    primary = roles[roles["IsPrimary"]]
    assert primary["OpportunityId"].is_unique
    assert not roles.duplicated(["OpportunityId", "ContactId"]).any()
    deals = one.tables["opportunities"].set_index("Id")
    assert (deals.loc[primary["OpportunityId"], "ContactId"].to_numpy()
            == primary["ContactId"].to_numpy()).all()  # fmt: skip
    account = one.tables["contacts"].set_index("Id")["AccountId"]
    beside = roles[~roles["IsPrimary"]].merge(primary, on="OpportunityId", suffixes=("", "_first"))
    assert len(beside) > 50
    assert (account.loc[beside["ContactId"]].to_numpy()
            == account.loc[beside["ContactId_first"]].to_numpy()).all()  # fmt: skip


@PROFILES
def test_a_customers_life_is_stamped_on_the_contact(mess: Mess) -> None:
    one = lived(mess)
    contacts = one.tables["contacts"]
    stage = contacts["Lifecycle__c"]
    since, kept, left = (
        contacts[name].notna() for name in ("Customer_Since__c", "Retained_On__c", "Churned_On__c")
    )
    assert (stage[left] == "Churned").all()
    assert (stage[kept & ~left] == "Retained").all()
    assert (stage[since & ~kept & ~left] == "Customer").all()
    assert stage[~since].isin(["Prospect", "Opportunity"]).all()
    assert (kept & ~since).sum() == (left & ~since).sum() == 0
    days = contacts[kept]["Retained_On__c"].astype("datetime64[s]") - contacts[kept][
        "Customer_Since__c"
    ].astype("datetime64[s]")
    assert days.dt.days.between(364, 370).all()


# -- Activities ----------------------------------------------------------------------------------


@PROFILES
def test_a_planned_task_has_not_been_completed(mess: Mess) -> None:
    tasks = lived(mess).tables["tasks"]
    planned = tasks[~tasks["IsClosed"]]
    assert 20 < len(planned) < 0.1 * len(tasks)
    assert planned["CompletedDateTime"].isna().all()
    assert (planned["Status"] == "Not Started").all()
    done = tasks[tasks["IsClosed"]]
    assert (done["CompletedDateTime"] == done["CreatedDate"]).all()
    assert (done["Status"] == "Completed").all()
    assert tasks["ActivityDate"].notna().all()


def test_a_task_is_of_the_lead_until_it_is_converted_then_of_the_contact() -> None:
    one = lived(USUAL)
    tasks, leads = one.tables["tasks"], one.tables["leads"].set_index("Id")
    history = one.tables["lead_history"]
    told = history[history["Field"] == "leadConverted"].set_index("LeadId")["CreatedDate"]
    of_lead = tasks[tasks["WhoId"].str.startswith("00Q")]
    assert not (of_lead["CreatedDate"] >= of_lead["WhoId"].map(told)).any()
    assert (of_lead["CreatedDate"].to_numpy()
            >= leads.loc[of_lead["WhoId"], "CreatedDate"].to_numpy()).all()  # fmt: skip
    of_contact = tasks[tasks["WhoId"].str.startswith("003")]
    contacts = one.tables["contacts"].set_index("Id")["CreatedDate"]
    assert (of_contact["CreatedDate"].to_numpy()
            >= contacts.loc[of_contact["WhoId"]].to_numpy()).all()  # fmt: skip
    assert len(of_lead) > len(of_contact) > 100


def test_every_attempt_of_somebody_known_is_logged_once() -> None:
    one = lived(CLEAN)
    logged = len(one.tables["tasks"]) + len(one.tables["events"])
    assert logged == len(one.company.attempts)
    mails = one.tables["email_messages"]
    tasks = one.tables["tasks"].set_index("Id")
    of_mail = tasks.loc[mails["ActivityId"]]
    assert of_mail["Type"].isin(["Email", "Reply"]).all()
    assert ((of_mail["Type"] == "Reply").to_numpy() == mails["Incoming"].to_numpy()).all()
    assert (mails["FromAddress"].str.endswith("@funnel.example.com") != mails["Incoming"]).all()


def test_machines_write_in_their_own_name() -> None:
    one = lived(AWFUL)
    tasks = one.tables["tasks"]
    names = one.tables["users"].set_index("Id")["Name"]
    owner = names.loc[tasks["OwnerId"]].to_numpy()
    assert set(owner[tasks["TaskSubtype"] == "Cadence"]) == {"Sequences"}
    assert set(owner[tasks["TaskSubtype"] == "ListEmail"]) == {"Integration"}
    by_hand = tasks["TaskSubtype"].isin(["Call", "Email"]).to_numpy()
    assert not set(owner[by_hand]) & {"Sequences", "Integration"}


def test_who_responded_to_a_campaign_is_its_member_once() -> None:
    members = lived(USUAL).tables["campaign_members"]
    assert not members.duplicated(["CampaignId", "LeadId"]).any()
    assert members["HasResponded"].all()
    responded = members["FirstRespondedDate"].astype("datetime64[s]")
    campaigns = lived(USUAL).tables["campaigns"].set_index("Id").loc[members["CampaignId"]]
    starts = campaigns["StartDate"].astype("datetime64[s]").to_numpy()
    ends = campaigns["EndDate"].astype("datetime64[s]").to_numpy()
    assert ((responded >= starts) & (responded <= ends)).all()


# -- Time ----------------------------------------------------------------------------------------


def test_late_commits_are_shown_after_their_stamp() -> None:
    stored = lived(AWFUL).org.objects["leads"]
    stamp = stored.varying["SystemModstamp"].cast("int64").to_numpy()
    lag = stored.shown_from - stamp
    late = lag > 0
    assert late.any()
    assert (lag[late] >= 60).all()
    assert (lag[late] <= 3600).all()
    is_last = np.diff(stored.record, append=-1) != 0
    assert is_last[late].all()


def test_the_links_of_a_human_go_from_the_lead_to_the_contact() -> None:
    one = lived(USUAL)
    links = one.org.links
    assert links is not None
    assert (np.lexsort((links.at, links.human)) == np.arange(len(links.human))).all()
    has_contact = np.array(links.contact_id.is_valid())
    again = links.human[1:] == links.human[:-1]
    assert (again & has_contact[1:] & ~has_contact[:-1]).any()
    by_rep = one.company.people.known_by[links.human] == SALES_CONTACT
    assert not by_rep.all()


def test_members_alone_are_written() -> None:
    company = lived(USUAL).company
    members = np.arange(len(company.people)) % 2 == 0
    half = salesforce.hold(company, members, MAIN)
    assert members[half.records.human].all()
    assert half.deals is not None
    assert members[company.deals.human[half.deals.deal]].all()
    assert members[company.rounds.human[half.evidence.round]].all()
