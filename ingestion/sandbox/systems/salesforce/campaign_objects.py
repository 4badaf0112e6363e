"""Campaign and CampaignMember."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from ingestion.sandbox.clock import DAY, HEADQUARTERS, ever
from ingestion.sandbox.systems.columns import dates, instants
from ingestion.sandbox.systems.salesforce.leads import purges
from ingestion.sandbox.systems.stored import Changing, Stored, append_only, build_stored

if TYPE_CHECKING:
    from ingestion.sandbox.arrays import Numbers
    from ingestion.sandbox.company.company import Company
    from ingestion.sandbox.systems.salesforce.org import Org

# Planned before it begins.
_PLANNED = 20 * DAY


def campaign_objects(org: Org) -> dict[str, Stored]:
    """Return the campaigns, and who responded to them among those whom the org knows."""
    company = org.company
    campaigns = company.campaigns
    size, created = len(campaigns), campaigns.starts_at - _PLANNED
    campaign = append_only(
        "Campaign",
        ("Id", "IsDeleted", "Name", "Type", "Status", "StartDate", "EndDate", "BudgetedCost",
         "ActualCost", "IsActive", "ParentId", "CreatedDate", "SystemModstamp"),
        {
            "Id": org.numbered("701", size),
            "IsDeleted": np.zeros(size, dtype=bool),
            "Name": campaigns.name,
            "Type": campaigns.type,
            "Status": pa.array(["In Progress"] * size),
            "StartDate": dates(campaigns.starts_at, HEADQUARTERS),
            "EndDate": dates(campaigns.ends_at, HEADQUARTERS),
            "BudgetedCost": campaigns.cost,
            "ActualCost": np.round(0.9 * campaigns.cost, 2),
            "IsActive": np.ones(size, dtype=bool),
            "ParentId": pa.nulls(size, pa.string()),
            "CreatedDate": instants(np.floor(created)),
            "SystemModstamp": instants(np.floor(created)),
        },
        np.floor(created),
    )  # fmt: skip
    return {
        "campaigns": campaign,
        "campaign_members": _members(org),
    }


def first_campaigns(company: Company) -> Numbers:
    """Return the place of the campaign that each human responded to first, -1 for none."""
    touches = company.touches
    found = np.flatnonzero(touches.campaign >= 0)
    human, first = np.unique(touches.human[found], return_index=True)
    campaign = np.full(len(company.people), -1)
    campaign[human] = touches.campaign[found[first]]
    return campaign


def _members(org: Org) -> Stored:
    company, members, leads, contacts = org.company, org.members, org.leads, org.contacts
    touches, campaigns = company.touches, len(company.campaigns)
    of_human = np.full(len(company.people), -1)
    own = np.flatnonzero(~leads.is_duplicate)[::-1]
    of_human[leads.human[own]] = own  # the first one, which is written last
    responded = (touches.campaign >= 0) & members[touches.human] & (of_human[touches.human] >= 0)
    found = np.flatnonzero(responded)
    key = touches.human[found] * campaigns + touches.campaign[found]
    _, first = np.unique(key, return_index=True)
    found = found[first]
    lead = of_human[touches.human[found]]
    created = np.maximum(touches.at[found], leads.created_at[lead])
    order = np.argsort(created, kind="stable")
    found, lead, created = found[order], lead[order], created[order]
    contact = contacts.of_human[touches.human[found]]
    converted = np.flatnonzero((contact >= 0) & ever(leads.converted_at[lead]))
    size = len(found)
    return build_stored(
        "CampaignMember",
        ("Id", "IsDeleted", "CampaignId", "LeadId", "ContactId", "Status", "HasResponded",
         "FirstRespondedDate", "CreatedDate", "SystemModstamp"),
        created_at=created,
        fixed={
            "Id": org.numbered("00v", size),
            "IsDeleted": np.zeros(size, dtype=bool),
            "CampaignId": org.campaign_id(touches.campaign[found]),
            "LeadId": org.lead_id(lead),
            "Status": pa.array(["Responded"] * size),
            "HasResponded": np.ones(size, dtype=bool),
            "FirstRespondedDate": dates(touches.at[found], HEADQUARTERS),
            "CreatedDate": instants(created),
        },
        changing={
            "ContactId": Changing(
                pa.nulls(size, pa.string()),
                converted,
                leads.converted_at[lead[converted]],
                org.contact_id(contact[converted]),
            )
        },
        stamp="SystemModstamp",
        gone_at=purges(company, leads)[lead],
    )  # fmt: skip
