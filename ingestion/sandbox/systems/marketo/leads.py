"""Leads as the bulk extract has them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.sandbox.chance import some, stream
from ingestion.sandbox.clock import ever, only
from ingestion.sandbox.systems.columns import column, instants
from ingestion.sandbox.systems.firmographics import firmographics
from ingestion.sandbox.systems.logged import lags
from ingestion.sandbox.systems.marketo.assets import program_ids
from ingestion.sandbox.systems.prospects import first_campaigns
from ingestion.sandbox.systems.stored import Changing, Stored, build_stored
from ingestion.sandbox.systems.words import coded, said

if TYPE_CHECKING:
    from ingestion.sandbox.arrays import Flags, Moments, Numbers
    from ingestion.sandbox.company.company import Company
    from ingestion.sandbox.systems.columns import Values
    from ingestion.sandbox.systems.held import CrmLinks
    from ingestion.sandbox.systems.prospects import Prospects

_FIELDS = (
    "id", "email", "firstName", "lastName", "title", "company", "industry", "numberOfEmployees",
    "annualRevenue", "phone", "country", "leadSource", "buyerRole",
    "leadScore", "sfdcLeadId", "sfdcContactId", "sfdcType", "acquisitionProgramId",
    "createdAt", "updatedAt",
)  # fmt: skip
_CUSTOM_FIELDS = ("faxOptIn", "legacyId")  # that no mapping names


@dataclass(frozen=True)
class FieldChanges:
    """Changes of one field of leads: one entry per change in every array."""

    lead: Numbers
    at: Moments
    old: Values
    new: Values


@dataclass(frozen=True)
class CrmIds:
    """Ids that the sync with the CRM brings, sorted by lead and time."""

    lead: Numbers
    at: Moments
    lead_id: pa.Array
    contact_id: pa.Array
    is_first: Flags  # the lead id is new to the record
    is_conversion: Flags  # the same lead id as before: now it has a contact


def crm_ids(prospects: Prospects, links: CrmLinks) -> CrmIds:
    """Return what the sync writes to the first record of each human; doubles stay without ids."""
    lead = prospects.of_human[links.human]
    kept = np.flatnonzero(lead >= 0)
    lead, places = lead[kept], pa.array(kept)
    lead_id, contact_id = links.lead_id.take(places), links.contact_id.take(places)
    same = np.zeros(len(lead), dtype=bool)
    repeats = pc.equal(lead_id[1:], lead_id[:-1]).fill_null(fill_value=False)
    same[1:] = (lead[1:] == lead[:-1]) & repeats.to_numpy(zero_copy_only=False)
    has_lead = lead_id.is_valid().to_numpy(zero_copy_only=False)
    return CrmIds(
        lead=lead,
        at=np.maximum(links.at[kept], prospects.created_at[lead]),
        lead_id=lead_id,
        contact_id=contact_id,
        is_first=has_lead & ~same,
        is_conversion=same & contact_id.is_valid().to_numpy(zero_copy_only=False),
    )


def email_changes(company: Company, prospects: Prospects) -> FieldChanges:
    """Return the new addresses; nobody tells them to a double."""
    people, human = company.people, prospects.human
    lead = _told(prospects, people.email_changes_at)
    return FieldChanges(
        lead=lead,
        at=people.email_changes_at[human[lead]],
        old=prospects.email[lead],
        new=people.new_email[human[lead]],
    )


def phone_changes(company: Company, prospects: Prospects) -> FieldChanges:
    """Return the phones that are corrected; nobody corrects them on a double."""
    people, human = company.people, prospects.human
    lead = _told(prospects, people.phone_told_at)
    return FieldChanges(
        lead=lead,
        at=people.phone_told_at[human[lead]],
        old=people.phone[human[lead]],
        new=people.phone_known[human[lead]],
    )


def score_changes(company: Company, prospects: Prospects) -> FieldChanges:
    """Return the scores of the first record of each human; a double keeps 0."""
    scores = company.scores
    lead = prospects.of_human[scores.human]
    kept = np.flatnonzero(lead >= 0)
    return FieldChanges(lead[kept], scores.at[kept], scores.old[kept], scores.new[kept])


def lead_object(company: Company, prospects: Prospects, ids: pa.Array, crm: CrmIds) -> Stored:
    """Return the leads: gone when they are deleted, or merged into another.

    `updatedAt` moves with standard fields only: what the sync with the CRM writes leaves it.
    """
    people, human, size = company.people, prospects.human, len(prospects)
    email, phone = email_changes(company, prospects), phone_changes(company, prospects)
    score = score_changes(company, prospects)
    known = ~prospects.is_double
    # What somebody told before they came back as a new record is on it from the start.
    first_email = np.where(
        known & (people.email_changes_at[human] <= prospects.created_at),
        people.new_email[human],
        prospects.email,
    )
    first_phone = np.where(
        known & (people.phone_told_at[human] <= prospects.created_at),
        people.phone_known[human],
        people.phone[human],
    )
    updated = [np.concatenate([one.lead for one in (email, phone, score)]),
               np.concatenate([one.at for one in (email, phone, score)])]  # fmt: skip
    nothing = pa.nulls(size, pa.string())
    has_contact = crm.contact_id.is_valid()
    kind = pc.if_else(has_contact, "Contact", pc.if_else(crm.lead_id.is_valid(), "Lead", None))
    program = first_campaigns(company)[human]
    account, told = people.account[human], firmographics(company, human)
    custom = _CUSTOM_FIELDS if company.settings.mess.custom_field else ()
    return build_stored(
        "Lead",
        _FIELDS + custom,
        created_at=prospects.created_at,
        fixed={
            "id": ids,
            "firstName": people.first_name[human],
            "lastName": people.last_name[human],
            "title": people.title[human],
            "company": company.accounts.name[account],
            "industry": told.industry,
            "numberOfEmployees": told.employees,
            "annualRevenue": told.revenue,
            "country": company.accounts.country[account],
            "leadSource": people.source[human],
            "buyerRole": said(people.role[human]),
            "acquisitionProgramId": coded(program, program_ids(company), program >= 0),
            "createdAt": instants(prospects.created_at),
            "faxOptIn": some(stream(company.settings.seed, "marketo custom fields"), size, 0.1),
            "legacyId": pa.array(np.arange(size) + 90_000).cast(pa.string()),
        },
        changing={
            "email": Changing(first_email.astype(object), email.lead, email.at, email.new),
            "phone": Changing(first_phone.astype(object), phone.lead, phone.at, phone.new),
            "leadScore": Changing(np.zeros(size, np.int64), score.lead, score.at, score.new),
            "sfdcLeadId": Changing(nothing, crm.lead, crm.at, crm.lead_id),
            "sfdcContactId": Changing(nothing, crm.lead, crm.at, crm.contact_id),
            "sfdcType": Changing(nothing, crm.lead, crm.at, column(kind)),
            "updatedAt": Changing(
                instants(prospects.created_at), updated[0], updated[1], instants(updated[1])
            ),
        },
        gone_at=np.fmin(prospects.merged_at, prospects.deleted_at),
        lag=lags(company, "marketo leads", size),
    )


def _told(prospects: Prospects, at: Moments) -> Numbers:
    """The records that somebody tells something to, while they are there."""
    told_at = only(~prospects.is_double, at[prospects.human])
    there = (told_at > prospects.created_at) & ~(told_at >= prospects.deleted_at)
    return np.flatnonzero(ever(told_at) & there)
