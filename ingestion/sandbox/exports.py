"""The company as its three systems would export it, with the usual mess in it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ingestion.sandbox.company import (
    COUNTRIES,
    END,
    INDUSTRIES,
    LOSS_REASONS,
    PRODUCTS,
    REGIONS,
    REJECTION_REASONS,
    REPS_PER_REGION,
    RETAINED_AFTER,
    SOURCES,
    Array,
    Company,
    simulate,
)

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import ArrayLike

DOMAINS = ["example.com", "example.org", "example.net"]
RESPONSES = ["Form Fill", "Content Download", "Webinar Attended", "Trade Show"]
TITLES = ["Chief Financial Officer", "IT Director", "Operations Manager", "Analyst", "Student"]
PERSONAS = ["finance_lead", "it_lead", "operations_lead", "", ""]

NO_SOURCE, NO_PHONE, PLACEHOLDER_PHONE, DUPLICATE = 0.02, 0.15, 0.04, 0.03
NO_CONTACT_ROLE, NO_ACCOUNT, PARKED = 0.08, 0.02, 0.01


@dataclass(frozen=True)
class Written:
    """Rows of each file, how many of them cannot be used, and what they are about."""

    rows: dict[str, int]
    unusable: dict[str, int]
    people: int
    opportunities: int
    won: int
    lost: int


def write_exports(folder: Path, people: int = 2000, seed: int = 7) -> Written:
    """Write the exports of a company with so many people into a new folder, all or nothing.

    The same people and seed give the same bytes. Raises FileExistsError if the folder is there.
    """
    company = simulate(people, seed)
    rng = np.random.default_rng([seed, 1])
    files = {
        **_marketing(rng, company),
        **_crm_people(rng, company),
        **_crm_deals(rng, company),
        **_billing(rng, company),
    }
    unusable = _spoil(files)
    draft = folder.with_name(folder.name + ".draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    for name, frame in files.items():
        # The account export comes from a machine in Europe.
        frame.to_csv(
            draft / name, index=False, sep=";" if name == "crm_accounts.csv" else ",",
            lineterminator="\n",
        )  # fmt: skip
    draft.rename(folder)
    deals = company.deals
    return Written(
        rows={name: len(frame) for name, frame in files.items()},
        unusable=unusable,
        people=people,
        opportunities=len(deals),
        won=int(deals["is_won"].sum()),
        lost=int((deals["closed_at"].notna() & ~deals["is_won"]).sum()),
    )


def _marketing(rng: np.random.Generator, company: Company) -> dict[str, pd.DataFrame]:
    persons = company.people[~company.people["is_sales_made"]]
    where = persons.index.to_numpy()
    qualified = persons["qualified_at"].notna()
    leads = pd.DataFrame(
        {
            "Id": 100_000 + where,
            "Email": _emails(persons),
            "First Name": _numbered("Alex", where),
            "Last Name": _numbered("Example", persons["account"]),
            "Job Title": np.array(TITLES)[where % len(TITLES)],
            "Phone": _phones(rng, where),
            "Company": _company_names(persons["account"]),
            "Country": _countries(company, persons),
            "Persona": np.array(PERSONAS)[where % len(PERSONAS)],
            "Lead Source": np.where(
                rng.random(len(where)) < NO_SOURCE, "", np.array(SOURCES)[persons["source"]]
            ),
            "Score": np.where(qualified, persons["qualified_score"], persons["score"]),
            "Created": _text(persons["first_at"]),
            "CRM Lead Id": np.where(persons["in_crm_at"].notna(), _lead_ids(where), ""),
        },
        index=persons.index,
    )
    # The same human fills in a second form with the same address, and becomes a second lead.
    twins = leads.sample(frac=DUPLICATE, random_state=int(rng.integers(1 << 31))).sort_index()
    later = persons.loc[twins.index, "first_at"] + pd.Timedelta(days=20)
    twins = twins.assign(
        Id=twins["Id"] + 800_000,
        Email=twins["Email"].str.upper(),
        Score=5,
        Created=_text(later),
    )
    twins[["Lead Source", "CRM Lead Id"]] = ["paid_search", ""]
    twins = twins[twins["Created"] < str(END)]
    changes = [
        _change(100_000 + where, 0, persons["score"], persons["first_at"]),
        _change(
            100_000 + where, persons["score"], persons["qualified_score"], persons["qualified_at"]
        ),
    ]
    scores = pd.concat(changes).dropna(subset="At").sort_values(["At", "Record"])
    responses = pd.DataFrame(
        {
            "Lead Id": 100_000 + where,
            "Type": np.array(RESPONSES)[rng.choice(4, len(where), p=[0.45, 0.3, 0.15, 0.1])],
            "At": persons["first_at"],
            "Asset": _numbered("asset-", rng.integers(1, 25, len(where))),
        }
    )
    clicks = responses.sample(frac=0.8, random_state=int(rng.integers(1 << 31))).assign(
        Type="Email Click", At=lambda one: one["At"] + pd.Timedelta(days=3)
    )
    activities = pd.concat([responses, clicks[clicks["At"] < END]]).sort_values(["At", "Lead Id"])
    return {
        "marketing_leads.csv": pd.concat([leads, twins]),
        "marketing_score_changes.csv": _identified("S", scores),
        "marketing_activities.csv": _identified("M", activities),
    }


def _crm_people(rng: np.random.Generator, company: Company) -> dict[str, pd.DataFrame]:
    everybody = company.people
    persons = everybody[everybody["in_crm_at"].notna()]
    where = persons.index.to_numpy()
    steps = [
        ("Working - Contacted", "worked_at"), ("Rejected", "rejected_at"),
        ("Nurture", "recycled_at"), ("Marketing Qualified", "returned_at"),
        ("Accepted", "accepted_at"), ("Qualified", "sales_qualified_at"),
        ("Accepted", "stepped_back_at"), ("Unqualified", "disqualified_at"),
        ("Converted", "deal_at"),
    ]  # fmt: skip
    history = pd.concat(
        pd.DataFrame({"Record": _lead_ids(where), "New": label, "At": persons[column].to_numpy()})
        for label, column in steps
    ).dropna(subset="At")
    history = history.sort_values(["Record", "At"], kind="stable")
    history["Old"] = history.groupby("Record")["New"].shift().fillna("Open - Not Contacted")
    history = history[history["New"] != history["Old"]]
    status = history.groupby("Record")["New"].last()
    ids = _lead_ids(where)
    converted = persons["deal_at"].notna().to_numpy()
    current = pd.Series(ids).map(status).fillna("Open - Not Contacted").to_numpy()
    parked = (current == "Open - Not Contacted") & (rng.random(len(ids)) < PARKED * 10)
    leads = pd.DataFrame(
        {
            "Id": ids,
            "Email": _emails(persons),
            "FirstName": _numbered("Alex", where),
            "LastName": _numbered("Example", persons["account"]),
            "Title": np.array(TITLES)[where % len(TITLES)],
            "Phone": _phones(rng, where),
            "Company": _company_names(persons["account"]),
            "Country": _countries(company, persons),
            "LeadSource": np.array(SOURCES)[persons["source"]],
            "Status": np.where(parked, "Parked", current),
            "Reason": np.where(
                persons["rejected_at"].notna() & (rng.random(len(ids)) < 0.8),
                np.array(REJECTION_REASONS)[persons["reason"]], "",
            ),
            "OwnerId": _user_ids(persons["rep"]),
            "ConvertedContactId": np.where(converted, _contact_ids(where), ""),
            "ConvertedDate": _text(persons["deal_at"], "%Y-%m-%d"),
            "ConvertedAccountId": np.where(converted, _account_ids(persons["account"]), ""),
            "ConvertedOpportunityId": pd.Series(where).map(_deal_of(company)).fillna("").to_numpy(),
            "CreatedDate": _text(persons["in_crm_at"]),
        }
    )  # fmt: skip
    met = persons[converted]
    won = company.deals[company.deals["is_won"]].set_index("person")
    kept = pd.Series(met.index).map(won["closed_at"]) + RETAINED_AFTER
    kept = kept.where(~pd.Series(met.index).map(won["is_churned"]).eq(True) & (kept < END))
    contacts = pd.DataFrame(
        {
            "Id": _contact_ids(met.index.to_numpy()),
            "Email": _emails(met),
            "FirstName": _numbered("Alex", met.index),
            "LastName": _numbered("Example", met["account"]),
            "AccountId": _account_ids(met["account"]),
            "OwnerId": _user_ids(met["rep"]),
            "Lifecycle": np.where(kept.notna(), "Retained", ""),
            "LifecycleSince": _text(kept),
            "CreatedDate": _text(met["deal_at"]),
        }
    )
    attempts = persons[persons["worked_at"].notna()]
    calls = pd.DataFrame(
        {
            "WhoId": _lead_ids(attempts.index.to_numpy()),
            "Type": np.where(rng.random(len(attempts)) < 0.6, "Call", "Email"),
            "Direction": "Outbound",
            "Completed": "true",
            "OwnerId": _user_ids(attempts["rep"]),
            "At": attempts["worked_at"],
        }
    ).sort_values(["At", "WhoId"])
    return {
        "crm_leads.csv": leads,
        "crm_contacts.csv": contacts,
        "crm_lead_history.csv": _identified("H", history[["Record", "Old", "New", "At"]]),
        "crm_activities.csv": _identified("T", calls),
    }


def _crm_deals(rng: np.random.Generator, company: Company) -> dict[str, pd.DataFrame]:
    deals, accounts = company.deals, company.accounts
    ids = _deal_ids(deals.index)
    outcome = np.where(deals["is_won"], "Closed Won", "Closed Lost")
    moves = [
        ("Qualification", deals["qualification_at"]), ("Proposal", deals["proposal_at"]),
        ("Negotiation", deals["negotiation_at"]), (outcome, deals["closed_at"]),
    ]  # fmt: skip
    history = pd.concat(
        pd.DataFrame({"Record": ids, "New": label, "At": at.to_numpy()}) for label, at in moves
    ).dropna(subset="At")
    history = history.sort_values(["Record", "At"], kind="stable")
    history["Old"] = history.groupby("Record")["New"].shift().fillna("Discovery")
    stage = pd.Series(ids).map(history.groupby("Record")["New"].last()).fillna("Discovery")
    no_account = (deals["account"] < 0) | (rng.random(len(deals)) < NO_ACCOUNT)
    lost = deals["closed_at"].notna() & ~deals["is_won"]
    opportunities = pd.DataFrame(
        {
            "Id": ids,
            "Name": _numbered("Deal ", deals.index),
            "AccountId": np.where(no_account, "", _account_ids(deals["account"])),
            "OwnerId": _user_ids(deals["rep"]),
            "StageName": stage.to_numpy(),
            "Product": np.array(PRODUCTS)[deals["product"]],
            "Amount": deals["amount"].astype(int),
            "LossReason": np.where(lost, np.array(LOSS_REASONS)[deals["loss_reason"]], ""),
            "CreatedDate": _text(deals["created_at"]),
            "CloseDate": _text(deals["closed_at"], "%m/%d/%Y"),
        }
    )
    known = deals[(deals["person"] >= 0) & (rng.random(len(deals)) >= NO_CONTACT_ROLE)]
    roles = pd.DataFrame(
        {
            "OpportunityId": _deal_ids(known.index),
            "ContactId": _contact_ids(known["person"].to_numpy()),
            "Role": "Decision Maker",
            "IsPrimary": "true",
        }
    )
    others = roles.sample(frac=0.3, random_state=int(rng.integers(1 << 31))).sort_index()
    others = others.assign(
        ContactId=rng.choice(roles["ContactId"], len(others)), Role="Influencer", IsPrimary="false"
    )
    reps = np.arange(len(REGIONS) * REPS_PER_REGION)
    return {
        "crm_accounts.csv": pd.DataFrame(
            {
                "Id": _account_ids(accounts.index),
                "Name": _company_names(accounts.index),
                "Industry": np.array(INDUSTRIES)[accounts["industry"]],
                "Employees": accounts["employees"],
                "Revenue": (accounts["employees"] * 187_500.5).map("{:.2f}".format)
                .str.replace(".", ",", regex=False),
                "Country": np.array(COUNTRIES)[accounts["country"]],
                "Created": _text(accounts["created_at"], "%d.%m.%Y"),
            }
        ),
        "crm_opportunities.csv": opportunities,
        "crm_opportunity_history.csv": _identified("P", history[["Record", "Old", "New", "At"]]),
        "crm_opportunity_contact_roles.csv": _identified("R", pd.concat([roles, others])),
        "crm_users.csv": pd.DataFrame(
            {
                "Id": _user_ids(reps),
                "Name": _numbered("Rep ", reps + 1),
                "Team": "sales",
                "Region": np.array(REGIONS)[reps // REPS_PER_REGION],
                "Active": "true",
            }
        ),
    }  # fmt: skip


def _billing(rng: np.random.Generator, company: Company) -> dict[str, pd.DataFrame]:
    won = company.deals[company.deals["is_won"] & (company.deals["account"] >= 0)]
    won = won.drop_duplicates("account")
    walk_ins = np.arange(max(len(won) // 10, 1))
    return {
        "billing_customers.csv": pd.DataFrame(
            {
                "Customer": [*_numbered("K", won["account"]), *_numbered("X", walk_ins)],
                "CRM Account": [*_account_ids(won["account"]), *[""] * len(walk_ins)],
                "Active": [
                    *np.where(won["is_churned"], "no", "yes"),
                    *np.where(rng.random(len(walk_ins)) < 0.5, "no", "yes"),
                ],
            }
        )
    }


def _spoil(files: dict[str, pd.DataFrame]) -> dict[str, int]:
    """Make some rows unusable, and let one deal be won before its first contact."""
    leads, responses = files["marketing_leads.csv"], files["marketing_activities.csv"]
    # No id; a day that no calendar has; one id for two companies.
    files["crm_leads.csv"] = pd.concat(
        [files["crm_leads.csv"], files["crm_leads.csv"].head(2).assign(Id="")]
    )
    files["marketing_activities.csv"] = pd.concat(
        [
            _stamped(responses),
            _stamped(responses.tail(1)).assign(Id="M-late", At="2025-02-30 10:00:00"),
        ]
    )
    accounts = files["crm_accounts.csv"]
    twice = accounts.tail(1).assign(Id="001Twice")
    files["crm_accounts.csv"] = pd.concat([accounts, twice, twice.assign(Name="Another name")])
    for name in ("marketing_score_changes.csv", "crm_lead_history.csv", "crm_activities.csv",
                 "crm_opportunity_history.csv"):  # fmt: skip
        files[name] = _stamped(files[name])
    _invert(files, leads)
    return {"crm_leads.csv": 2, "marketing_activities.csv": 1, "crm_accounts.csv": 2}


def _invert(files: dict[str, pd.DataFrame], leads: pd.DataFrame) -> None:
    """Date the marketing record, response and scores of one won person after the deal."""
    deals, converted = files["crm_opportunities.csv"], files["crm_leads.csv"]
    won = deals.loc[deals["StageName"] == "Closed Won", ["Id", "CloseDate"]]
    bought = converted.merge(won, left_on="ConvertedOpportunityId", right_on="Id")
    known = leads.merge(bought[["Id_x", "CloseDate"]], left_on="CRM Lead Id", right_on="Id_x")
    if known.empty:
        return
    lead = known["Id"].iloc[0]
    late = pd.to_datetime(known["CloseDate"].iloc[0], format="%m/%d/%Y") + pd.Timedelta(hours=34)
    if late >= END:
        return
    moment = str(late)
    leads.loc[leads["Id"] == lead, "Created"] = moment
    for name, key in (("marketing_activities.csv", "Lead Id"),
                      ("marketing_score_changes.csv", "Record")):  # fmt: skip
        frame = files[name]
        frame["At"] = frame["At"].where(frame[key] != lead, moment)


def _change(record: Array, old: object, new: object, at: pd.Series) -> pd.DataFrame:
    return pd.DataFrame({"Record": record, "Old": old, "New": new, "At": at.to_numpy()})


def _identified(letter: str, frame: pd.DataFrame) -> pd.DataFrame:
    ids = [f"{letter}-{number:07d}" for number in range(1, len(frame) + 1)]
    return frame.assign(Id=ids)[["Id", *frame.columns]]


def _stamped(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(At=_text(frame["At"]))


def _text(moments: pd.Series, pattern: str = "%Y-%m-%d %H:%M:%S") -> Array:
    return np.asarray(pd.Series(moments).dt.strftime(pattern).fillna(""))


def _numbered(prefix: str, numbers: ArrayLike) -> Array:
    return np.asarray(prefix + pd.Series(np.asarray(numbers)).astype(str))


def _lead_ids(where: Array) -> Array:
    return _numbered("00Q", 5_000_000 + where)


def _contact_ids(where: Array) -> Array:
    return _numbered("003", 5_000_000 + where)


def _account_ids(where: ArrayLike) -> Array:
    return _numbered("001", 5_000_000 + np.asarray(where))


def _deal_ids(where: ArrayLike) -> Array:
    return _numbered("006", 5_000_000 + np.asarray(where))


def _user_ids(reps: ArrayLike) -> Array:
    return _numbered("005", 5_000_000 + np.asarray(reps))


def _deal_of(company: Company) -> pd.Series:
    deals = company.deals[company.deals["person"] >= 0]
    return pd.Series(_deal_ids(deals.index), index=deals["person"])


def _company_names(accounts: ArrayLike) -> Array:
    return _numbered("Company ", accounts)


def _emails(persons: pd.DataFrame) -> Array:
    where = persons.index.to_numpy()
    domain = np.array(DOMAINS)[persons["account"].to_numpy() % len(DOMAINS)]
    local, company = _numbered("person", where), _numbered("@company-", persons["account"])
    return np.asarray(local + company + "." + domain)


def _countries(company: Company, persons: pd.DataFrame) -> Array:
    country = company.accounts["country"].to_numpy()[persons["account"]]
    return np.array(COUNTRIES).take(country)


def _phones(rng: np.random.Generator, where: Array) -> Array:
    draw = rng.random(len(where))
    real = _numbered("+1-555-01", 10 + where % 90)
    return np.select([draw < NO_PHONE, draw < NO_PHONE + PLACEHOLDER_PHONE], ["", "n/a"], real)
