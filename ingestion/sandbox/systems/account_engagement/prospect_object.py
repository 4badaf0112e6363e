"""Prospects: what is known of each now."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.sandbox.chance import some, stream
from ingestion.sandbox.clock import only
from ingestion.sandbox.systems.account_engagement.assets import campaign_ids
from ingestion.sandbox.systems.columns import instants
from ingestion.sandbox.systems.logged import lags
from ingestion.sandbox.systems.prospects import first_campaigns
from ingestion.sandbox.systems.stored import Changing, Stored, build_stored
from ingestion.sandbox.systems.words import coded, said

if TYPE_CHECKING:
    from ingestion.sandbox.arrays import Moments, Numbers
    from ingestion.sandbox.company.company import Company
    from ingestion.sandbox.systems.held import CrmLinks
    from ingestion.sandbox.systems.prospects import Prospects

_FIELDS = (
    "id", "email", "firstName", "lastName", "jobTitle", "company", "phone", "country", "source",
    "Buyer_Role", "campaignId", "score", "grade", "salesforceId", "isDeleted", "createdAt",
    "updatedAt",
)  # fmt: skip
_CUSTOM_FIELDS = ("Fax_Opt_In", "Legacy_Id")  # that no mapping names
# How well somebody fits the profile, best first: from this fit on, in comparison to 1.
_GRADES = {"A": 1.5, "B": 1.1, "C": 0.8, "D": 0.5, "F": 0.0}


def prospect_object(
    company: Company, prospects: Prospects, ids: pa.Array, links: CrmLinks
) -> Stored:
    """Return the prospects. A deleted or merged one stays, in the recycle bin.

    `salesforceId` is the lead's, from the conversion on the contact's; doubles have none.
    """
    people, scores = company.people, company.scores
    human, size = prospects.human, len(prospects)
    place, account = np.arange(size), people.account[prospects.human]
    campaign = first_campaigns(company)[human]
    grade = np.argmax(people.fit[human][:, None] >= np.array([*_GRADES.values()]), axis=1)
    scored = np.flatnonzero(prospects.of_human[scores.human] >= 0)
    linked = np.flatnonzero(prospects.of_human[links.human] >= 0)
    crm_id = pc.coalesce(links.contact_id, links.lead_id).take(pa.array(linked))
    email = np.where(prospects.is_double, prospects.email, people.email[human]).astype(object)

    def told(at: Moments) -> Moments:
        """Nobody tells a double what changed."""
        return only(~prospects.is_double, at[human])

    return build_stored(
        "Prospect",
        _FIELDS + (_CUSTOM_FIELDS if company.settings.mess.custom_field else ()),
        created_at=prospects.created_at,
        fixed={
            "id": ids,
            "firstName": people.first_name[human],
            "lastName": people.last_name[human],
            "jobTitle": people.title[human],
            "company": company.accounts.name[account],
            "country": company.accounts.country[account],
            "source": people.source[human],
            "Buyer_Role": said(people.role[human]),
            "campaignId": coded(campaign, campaign_ids(company), campaign >= 0),
            "grade": coded(grade, [*_GRADES]),
            "createdAt": instants(prospects.created_at),
            "Fax_Opt_In": some(
                stream(company.settings.seed, "account_engagement custom fields"), size, 0.1
            ),
            "Legacy_Id": pa.array(place + 90_000).cast(pa.string()),
        },
        changing={
            "email": Changing(email, place, told(people.email_changes_at), people.new_email[human]),
            "phone": Changing(
                people.phone[human], place, told(people.phone_told_at), people.phone_known[human]
            ),
            "score": Changing(
                np.zeros(size, np.int64),
                prospects.of_human[scores.human[scored]],
                scores.at[scored],
                scores.new[scored],
            ),
            "salesforceId": Changing(
                pa.nulls(size, pa.string()),
                prospects.of_human[links.human[linked]],
                links.at[linked],
                crm_id,
            ),
            "isDeleted": _deletions(prospects),
        },
        stamp="updatedAt",
        lag=lags(company, "account_engagement prospects", size),
    )


def _deletions(prospects: Prospects) -> Changing:
    size = len(prospects)
    place: Numbers = np.tile(np.arange(size), 3)
    at = [prospects.deleted_at, prospects.merged_at, prospects.restored_at]
    return Changing(
        np.zeros(size, dtype=bool),
        place,
        np.concatenate(at),
        np.repeat([True, True, False], size),
    )
