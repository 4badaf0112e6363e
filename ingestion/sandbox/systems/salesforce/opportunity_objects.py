"""Opportunity, its two histories, and who is attached to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from ingestion.sandbox.clock import HEADQUARTERS, ever, never, only
from ingestion.sandbox.company.opportunities import LOST, WON
from ingestion.sandbox.systems.columns import column, dates, instants
from ingestion.sandbox.systems.salesforce.campaign_objects import first_campaigns
from ingestion.sandbox.systems.salesforce.deals import (
    FORECASTS,
    PROBABILITIES,
    STAGES,
    closings,
    draw_roles,
)
from ingestion.sandbox.systems.salesforce.history import HistoryRows, history_object
from ingestion.sandbox.systems.salesforce.lead_objects import with_last_modified
from ingestion.sandbox.systems.stored import Changing, Stored, append_only, build_stored
from ingestion.sandbox.systems.words import coded, labelled

if TYPE_CHECKING:
    from ingestion.sandbox.systems.salesforce.org import Org

TYPES = ("New Customer", "Renewal", "Expansion")
_LOSS_REASONS = {
    "price": "Price",
    "competitor": "Competitor",
    "no_decision": "No decision",
    "missing_feature": "Missing feature",
    "lost_contact": "Went silent",
    "other": "Other",
}
_FIELDS = (
    "Id", "IsDeleted", "AccountId", "ContactId", "Name", "StageName", "Amount", "Probability",
    "CloseDate", "Type", "Product__c", "LeadSource", "CampaignId", "OwnerId", "IsClosed", "IsWon",
    "ForecastCategoryName", "CurrencyIsoCode", "Loss_Reason__c", "Competitor__c",
    "LastStageChangeDate", "CreatedDate", "CreatedById", "LastModifiedDate", "SystemModstamp",
)  # fmt: skip


def opportunity_objects(org: Org) -> dict[str, Stored]:
    """Return the opportunities, both histories, and the contact roles."""
    company, deals, contacts, owners = org.company, org.deals, org.contacts, org.owners
    all_deals, own, size = company.deals, deals.deal, len(deals)
    human = all_deals.human[own]
    ids = org.numbered("006", size)
    changes, place = deals.stages, np.arange(size)
    stage, closed_at = closings(deals)
    account = company.people.account[human]
    words = np.array([" renewal" * (kind == 1) + " expansion" * (kind == 2) for kind in range(3)],
                     dtype=object)  # fmt: skip
    name = company.accounts.name[account] + ", " + all_deals.product[own]
    contact = contacts.of_human[human]
    no_id = pa.nulls(size, pa.string())
    campaign = first_campaigns(company)[human]
    shown = np.where(ever(deals.close_day_shown), deals.close_day_shown, closed_at)
    reason = labelled(all_deals.reason[own], _LOSS_REASONS)
    reason[stage != LOST] = None
    creation = all_deals.created_at[own]
    first = all_deals.opening[own]

    def by_stage(first_value: pa.Array, value: pa.Array) -> Changing:
        return Changing(first_value, changes.record, changes.at, value)

    def on_closing(first_value: pa.Array, value: pa.Array) -> Changing:
        return Changing(first_value, place, closed_at, value)

    stored = build_stored(
        "Opportunity",
        tuple(field for field in _FIELDS if field != "LastModifiedDate"),
        created_at=creation,
        fixed={
            "Id": ids,
            "IsDeleted": np.zeros(size, dtype=bool),
            "AccountId": org.account_ids.take(pa.array(account, mask=~deals.has_account)),
            "ContactId": org.contact_id(np.where(deals.has_role, contact, -1)),
            "Name": name + words[all_deals.kind[own]],
            "Type": coded(all_deals.kind[own], TYPES),
            "Product__c": all_deals.product[own],
            "LeadSource": company.people.source[human],
            "CampaignId": org.campaign_id(campaign),
            "OwnerId": owners.id_of(all_deals.owner[own]),
            "CurrencyIsoCode": all_deals.currency[own],
            "CreatedDate": instants(creation),
            "CreatedById": owners.id_of(all_deals.owner[own]),
        },
        changing={
            "StageName": by_stage(coded(first, STAGES), coded(changes.new, STAGES)),
            "Probability": by_stage(
                pa.array(PROBABILITIES[first]), pa.array(PROBABILITIES[changes.new])
            ),
            "ForecastCategoryName": by_stage(
                coded(first, FORECASTS), coded(changes.new, FORECASTS)
            ),
            "IsClosed": by_stage(
                pa.array(np.zeros(size, bool)), pa.array(np.isin(changes.new, (WON, LOST)))
            ),
            "IsWon": by_stage(pa.array(np.zeros(size, bool)), pa.array(changes.new == WON)),
            "LastStageChangeDate": by_stage(instants(creation), instants(changes.at)),
            "Amount": on_closing(
                pa.array(all_deals.amount[own]), pa.array(all_deals.closed_amount[own])
            ),
            "CloseDate": on_closing(
                dates(np.floor(deals.expected_at), HEADQUARTERS),
                dates(np.floor(shown), HEADQUARTERS),
            ),
            "Loss_Reason__c": on_closing(no_id, column(reason)),
            "Competitor__c": on_closing(no_id, column(all_deals.competitor[own])),
        },
        stamp="SystemModstamp",
    )
    return {
        "opportunities": with_last_modified(stored, _FIELDS),
        "opportunity_history": _snapshots(org, ids),
        "opportunity_field_history": _field_history(org, ids),
        "opportunity_contact_roles": _roles(org),
    }


def _roles(org: Org) -> Stored:
    """Contact roles are there from the deal's creation on."""
    roles = draw_roles(org.company, org.deals, org.contacts)
    size = len(roles.deal)
    created = org.company.deals.created_at[org.deals.deal[roles.deal]]
    order = np.argsort(created, kind="stable")
    return append_only(
        "OpportunityContactRole",
        (
            "Id", "OpportunityId", "ContactId", "Role", "IsPrimary", "IsDeleted", "CreatedDate",
            "SystemModstamp",
        ),
        {
            "Id": org.numbered("00K", size),
            "OpportunityId": org.deal_id(roles.deal[order]),
            "ContactId": org.contact_id(roles.contact[order]),
            "Role": coded(
                np.where(roles.is_primary[order], 0, 1), ("Decision Maker", "Influencer")
            ),
            "IsPrimary": roles.is_primary[order],
            "IsDeleted": np.zeros(size, dtype=bool),
            "CreatedDate": instants(created[order]),
            "SystemModstamp": instants(created[order]),
        },
        created[order],
    )  # fmt: skip


def _snapshots(org: Org, ids: pa.Array) -> Stored:
    """OpportunityHistory: a row at the creation and at each change of the stage; never deleted."""
    company, deals, owners = org.company, org.deals, org.owners
    all_deals, own, size = company.deals, deals.deal, len(deals)
    changes = deals.stages
    record = np.append(np.arange(size), changes.record)
    at = np.append(all_deals.created_at[own], changes.at)
    stage = np.append(all_deals.opening[own], changes.new)
    order = np.lexsort((np.arange(len(at)), record, at))
    record, at, stage = record[order], at[order], stage[order]
    _, closed_at = closings(deals)
    is_closing = at == closed_at[record]
    amount = np.where(
        is_closing, all_deals.closed_amount[own][record], all_deals.amount[own][record]
    )
    expected = np.where(is_closing, at, np.floor(deals.expected_at)[record])
    return append_only(
        "OpportunityHistory",
        ("Id", "OpportunityId", "StageName", "Amount", "ExpectedRevenue", "CloseDate",
         "Probability", "ForecastCategory", "CurrencyIsoCode", "CreatedById", "CreatedDate",
         "SystemModstamp", "IsDeleted"),
        {
            "Id": org.numbered("008", len(at)),
            "OpportunityId": ids.take(pa.array(record)),
            "StageName": coded(stage, STAGES),
            "Amount": amount,
            "ExpectedRevenue": np.round(amount * PROBABILITIES[stage] / 100, 2),
            "CloseDate": dates(expected, HEADQUARTERS),
            "Probability": PROBABILITIES[stage],
            "ForecastCategory": coded(stage, FORECASTS),
            "CurrencyIsoCode": all_deals.currency[own][record],
            "CreatedById": owners.id_of(company.staff.covered(all_deals.owner[own][record], at)),
            "CreatedDate": instants(at),
            "SystemModstamp": instants(at),
            "IsDeleted": np.zeros(len(at), dtype=bool),
        },
        at,
    )  # fmt: skip


def _field_history(org: Org, ids: pa.Array) -> Stored:
    company, deals, owners = org.company, org.deals, org.owners
    all_deals, own = company.deals, deals.deal
    changes = deals.stages
    staff = company.staff
    by = owners.id_of(staff.covered(all_deals.owner[own][changes.record], changes.at))
    before, after = all_deals.amount[own], all_deals.closed_amount[own]
    _, closed_at = closings(deals)
    moved = np.flatnonzero(ever(only(before != after, closed_at)))
    return history_object(
        org,
        "OpportunityFieldHistory",
        "OpportunityId",
        "019",
        [
            HistoryRows(
                "StageName", "Picklist", ids.take(pa.array(changes.record)), changes.at,
                coded(changes.old, STAGES), coded(changes.new, STAGES), by, never(len(changes)),
            ),
            HistoryRows(
                "Amount", "Currency", ids.take(pa.array(moved)), closed_at[moved],
                pa.array(before[moved]), pa.array(after[moved]),
                owners.id_of(staff.covered(all_deals.owner[own][moved], closed_at[moved])),
                never(len(moved)),
            ),
        ],
    )  # fmt: skip
