from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest

if TYPE_CHECKING:
    from tests.ingestion.sandbox.conftest import Written

REFERENCES = (
    ("marketing_activities.csv", "lead_id", "marketing_leads.csv"),
    ("marketing_score_changes.csv", "lead_id", "marketing_leads.csv"),
    ("marketing_leads.csv", "crm_lead_id", "crm_leads.csv"),
    ("crm_leads.csv", "OwnerId", "crm_users.csv"),
    ("crm_leads.csv", "ConvertedContactId", "crm_contacts.csv"),
    ("crm_leads.csv", "ConvertedAccountId", "crm_accounts.csv"),
    ("crm_leads.csv", "ConvertedOpportunityId", "crm_opportunities.csv"),
    ("crm_lead_history.csv", "LeadId", "crm_leads.csv"),
    ("crm_lead_history.csv", "CreatedById", "crm_users.csv"),
    ("crm_contacts.csv", "AccountId", "crm_accounts.csv"),
    ("crm_accounts.csv", "Owner", "crm_users.csv"),
    ("crm_opportunities.csv", "AccountId", "crm_accounts.csv"),
    ("crm_opportunities.csv", "OwnerId", "crm_users.csv"),
    ("crm_opportunity_history.csv", "OpportunityId", "crm_opportunities.csv"),
    ("crm_opportunity_contact_roles.csv", "OpportunityId", "crm_opportunities.csv"),
    ("crm_opportunity_contact_roles.csv", "ContactId", "crm_contacts.csv"),
    ("crm_activities.csv", "OwnerId", "crm_users.csv"),
    ("billing_customers.csv", "crm_account_id", "crm_accounts.csv"),
)
HISTORIES = (
    ("crm_leads.csv", "Status", "crm_lead_history.csv", "LeadId"),
    ("crm_opportunities.csv", "StageName", "crm_opportunity_history.csv", "OpportunityId"),
)


@pytest.mark.parametrize(("file", "column", "target"), REFERENCES)
def test_references_lead_somewhere(written: Written, file: str, column: str, target: str) -> None:
    given = written.files[file][column]
    known = written.usable(target).iloc[:, 0]
    assert given[given != ""].isin(known).all()


def test_activities_are_of_leads_or_contacts(written: Written) -> None:
    known = [*written.files["crm_leads.csv"]["Id"], *written.files["crm_contacts.csv"]["Id"]]
    assert written.files["crm_activities.csv"]["WhoId"].isin(known).all()


@pytest.mark.parametrize("file", ["marketing_leads.csv", "crm_leads.csv", "crm_opportunities.csv"])
def test_ids_are_unique_among_usable_rows(written: Written, file: str) -> None:
    assert written.usable(file).iloc[:, 0].is_unique


@pytest.mark.parametrize(("file", "field", "history", "record"), HISTORIES)
def test_histories_are_chains_that_end_today(
    written: Written, file: str, field: str, history: str, record: str
) -> None:
    rows = written.usable(file).set_index("Id")
    changes = written.usable(history).sort_values([record, "CreatedDate", "Id"])
    before = changes.groupby(record)["NewValue"].shift()
    assert (before.isna() | (before == changes["OldValue"])).all()
    last = changes.groupby(record).last()
    assert (rows.loc[last.index, field] == last["NewValue"]).all()
    first = changes.groupby(record)["CreatedDate"].first()
    assert (rows.loc[first.index, "CreatedDate"] < first).all()


def test_scores_are_chains_that_end_today(written: Written) -> None:
    changes = written.usable("marketing_score_changes.csv").sort_values(["lead_id", "changed_at"])
    before = changes.groupby("lead_id")["new_value"].shift()
    assert (before.isna() | (before == changes["old_value"])).all()
    last = changes.groupby("lead_id")["new_value"].last()
    leads = written.usable("marketing_leads.csv").set_index("id")
    assert (leads.loc[last.index, "score"] == last).all()


def test_everything_happens_in_two_years(written: Written) -> None:
    for file, column in (
        ("crm_leads.csv", "LastModifiedDate"),
        ("crm_lead_history.csv", "CreatedDate"),
        ("crm_opportunities.csv", "LastModifiedDate"),
        ("crm_opportunity_history.csv", "CreatedDate"),
        ("crm_activities.csv", "ActivityDate"),
        ("marketing_activities.csv", "activity_date"),
    ):
        at = written.usable(file)[column].str.replace("T", " ")
        assert at.min() >= "2024-01-01", file
        assert at.max() < "2026-01-01 05", file  # five hours: New Year's Eve in UTC


def test_reps_keep_office_hours(written: Written) -> None:
    calls = written.usable("crm_activities.csv").query("IsAutomated == '0'")
    at = pd.to_datetime(calls["ActivityDate"])
    assert (at.dt.day_of_week < 5).all()
    assert at.dt.hour.between(9, 16).all()


def test_the_funnel_is_about_what_it_says(written: Written) -> None:
    leads = written.usable("marketing_leads.csv")
    scores = written.usable("marketing_score_changes.csv")
    reached = scores.loc[scores["new_value"].astype(int) >= 60, "lead_id"].unique()
    # What began by mid-2025 has had the time to end.
    responded = leads[leads["id"].isin(scores["lead_id"]) & (leads["created_at"] < "2025-06")]
    mql = responded[responded["id"].isin(reached)]
    assert len(mql) / len(responded) == pytest.approx(0.35, abs=0.04)

    history = written.usable("crm_lead_history.csv")
    ever = history.groupby("NewValue")["LeadId"].agg(set)
    accepted = mql[mql["crm_lead_id"].isin(ever["Accepted"])]
    assert len(accepted) / len(mql) == pytest.approx(0.75, abs=0.05)
    sql = accepted[accepted["crm_lead_id"].isin(ever["Qualified"])]
    assert len(sql) / len(accepted) == pytest.approx(0.5, abs=0.06)  # with the second passes
    deals = written.usable("crm_opportunities.csv")
    stages = written.usable("crm_opportunity_history.csv")
    qualified = {
        *stages.loc[stages["NewValue"] == "Qualification", "OpportunityId"],
        *stages.loc[stages["OldValue"] == "Qualification", "OpportunityId"],
        *deals.loc[deals["StageName"] == "Qualification", "Id"],
    }
    crm = written.usable("crm_leads.csv").set_index("Id")
    opened = crm.loc[sql["crm_lead_id"], "ConvertedOpportunityId"].isin(qualified)
    assert opened.mean() == pytest.approx(0.8, abs=0.06)
    assert written.counts.won / (written.counts.won + written.counts.lost) == pytest.approx(
        0.28, abs=0.05
    )


@pytest.mark.parametrize(
    ("column", "better", "worse"),
    [("LeadSource", "Referral", "Content Syndication"), ("Product", "Starter", "Enterprise")],
)
def test_win_rates_differ(written: Written, column: str, better: str, worse: str) -> None:
    deals = written.usable("crm_opportunities.csv")
    closed = deals[(deals["IsClosed"] == "true") & (deals["Type"] == "New Customer")]
    rate = (closed["IsWon"] == "true").groupby(closed[column]).mean()
    assert rate[better] > 1.4 * rate[worse]


def test_the_special_ways_are_all_there(written: Written) -> None:
    history = written.usable("crm_lead_history.csv")
    leads = written.usable("crm_leads.csv")
    stages = written.usable("crm_opportunity_history.csv")
    moves = set(zip(history["OldValue"], history["NewValue"], strict=True))
    assert ("Recycled", "Marketing Qualified") in moves  # a second pass
    assert ("Working - Contacted", "Qualified") in moves  # skips the acceptance
    assert ("Qualified", "Working - Contacted") in moves  # a step back by sales
    assert ("Proposal/Quote", "Qualification") in set(
        zip(stages["OldValue"], stages["NewValue"], strict=True)
    )
    by_sales = ~leads["Id"].isin(written.usable("marketing_leads.csv")["crm_lead_id"])
    assert (leads.loc[by_sales, "Status"] == "Closed - Converted").any()  # mid-funnel
    assert leads.loc[leads["Status"] == "Rejected", "Reason"].ne("").mean() > 0.8
    contacts = written.usable("crm_contacts.csv").query("RetainedOn != ''")
    months = pd.to_datetime(contacts["RetainedOn"]) - pd.to_datetime(contacts["CustomerSince"])
    assert months.dt.days.between(365, 368).all()
    assert len(contacts)


def test_the_mess_is_about_what_it_says(written: Written) -> None:
    marketing = written.usable("marketing_leads.csv")
    leads = written.usable("crm_leads.csv")
    deals = written.usable("crm_opportunities.csv")
    roles = written.usable("crm_opportunity_contact_roles.csv")
    customers = written.usable("billing_customers.csv")
    new_business = deals[deals["Type"] == "New Customer"]
    shares = {
        "no phone": (marketing["phone"] == "").mean(),
        "placeholder": marketing["phone"].isin(["n/a", "-", "none", "test", "123"]).mean(),
        "no source": (marketing["lead_source"] == "").mean(),
        "duplicate": leads["Email"].str.lower().duplicated().mean(),
        "no role": (~new_business["Id"].isin(roles["OpportunityId"])).mean(),
        "no account": (deals["AccountId"] == "").mean(),
        "unknown": (customers["crm_account_id"] == "").mean(),
    }
    assert shares == pytest.approx(
        {
            "no phone": 0.06,
            "placeholder": 0.04,
            "no source": 0.02,
            "duplicate": 0.03,
            "no role": 0.06,
            "no account": 0.03,
            "unknown": 0.06,
        },
        abs=0.025,
    )
    assert (leads["Status"] == "Parked").any()
    assert customers["state"].isin(["active", "cancelled"]).all()
    assert (customers["state"] == "cancelled").any()


def test_a_won_deal_is_dated_before_the_first_contact(written: Written) -> None:
    deals = written.usable("crm_opportunities.csv").query("IsWon == 'true'")
    leads = written.usable("crm_leads.csv").set_index("ConvertedOpportunityId")["CreatedDate"]
    created = deals.set_index("Id").join(leads.rename("lead_created"), how="inner")
    early = created["CloseDate"] < created["lead_created"]
    assert 0 < early.sum() < 0.1 * len(created)


def test_nobody_is_real(written: Written) -> None:
    for file, mail, phone in (
        ("marketing_leads.csv", "email", "phone"),
        ("crm_leads.csv", "Email", "Phone"),
        ("crm_contacts.csv", "Email", "Phone"),
    ):
        rows = written.files[file]
        is_example = rows[mail].str.fullmatch(
            r"[A-Za-z0-9.]+@([A-Za-z0-9-]+\.)example\.(com|org|net)", case=False
        )
        assert is_example.all()
        assert rows[phone].str.fullmatch(r"\+1-555-01\d\d|n/a|-|none|test|123|").all()
