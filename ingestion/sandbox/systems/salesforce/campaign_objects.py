"""Campaign, CampaignMember, and the files that sales keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from ingestion.sandbox.clock import DAY, HEADQUARTERS, ever
from ingestion.sandbox.company.campaigns import SALES
from ingestion.sandbox.company.staff import ROLES
from ingestion.sandbox.systems.columns import dates, instants
from ingestion.sandbox.systems.held import Listed
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
        "content_versions": _files(org),
    }


def first_campaigns(company: Company) -> Numbers:
    """Return the place of the campaign that each human responded to first, -1 for none."""
    touches = company.touches
    found = np.flatnonzero(touches.campaign >= 0)
    human, first = np.unique(touches.human[found], return_index=True)
    campaign = np.full(len(company.people), -1)
    campaign[human] = touches.campaign[found[first]]
    return campaign


def listed_files(org: Org) -> Listed:
    """Return what sales' files list of its content, each with the team of who put it there."""
    contents, staff = org.company.contents, org.company.staff
    own = np.flatnonzero(contents.is_listed & (contents.team == SALES))
    owner = own % len(staff)  # nobody hands over their files when they leave
    teams = np.array(ROLES, dtype=object)[staff.role[owner]]
    teams[staff.left_at[owner] <= org.company.settings.end] = ""
    return Listed("content_versions", org.numbered("068", len(own)), own, teams)


def _files(org: Org) -> Stored:
    """What is listed of sales' own content: the versions of files that are the latest."""
    contents, staff = org.company.contents, org.company.staff
    listed = listed_files(org)
    own, size = listed.content, len(listed.content)
    changes, retires = np.arange(size), np.flatnonzero(ever(contents.retired_at[own]))
    retired_at = contents.retired_at[own[retires]]
    return build_stored(
        "ContentVersion",
        ("Id", "ContentDocumentId", "IsLatest", "Title", "FileType", "VersionNumber", "OwnerId",
         "Type__c", "Message__c", "Persona__c", "Buying_Stage__c", "Campaign__c", "Retired_On__c",
         "IsDeleted", "CreatedDate", "SystemModstamp"),
        created_at=contents.created_at[own],
        fixed={
            "Id": listed.record_id,
            "ContentDocumentId": org.numbered("069", size),
            "IsLatest": np.ones(size, dtype=bool),
            "Title": contents.name[own],
            "FileType": pa.array(["PDF"] * size),
            "OwnerId": org.owners.id_of(own % len(staff)),
            "Type__c": contents.kind[own],
            "Message__c": contents.message[own],
            "Persona__c": contents.personas()[own],
            "Buying_Stage__c": contents.buying_stages()[own],
            "Campaign__c": org.campaign_id(contents.campaign[own]),
            "IsDeleted": np.zeros(size, dtype=bool),
            "CreatedDate": instants(contents.created_at[own]),
        },
        changing={
            "VersionNumber": Changing(
                pa.array(["1"] * size),
                changes,
                contents.changed_at[own],
                pa.array(["2"] * size),
            ),
            "Retired_On__c": Changing(
                pa.nulls(size, pa.date32()), retires, retired_at, dates(retired_at, HEADQUARTERS)
            ),
        },
        stamp="SystemModstamp",
    )  # fmt: skip


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
