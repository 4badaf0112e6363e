"""One business unit of Account Engagement: all its objects."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ingestion.sandbox.clock import HEADQUARTERS
from ingestion.sandbox.company.campaigns import MARKETING
from ingestion.sandbox.systems.account_engagement.assets import LOOSE, asset_objects
from ingestion.sandbox.systems.account_engagement.lifecycles import (
    Qualified,
    lifecycle_objects,
    see_qualified,
)
from ingestion.sandbox.systems.account_engagement.prospect_object import prospect_object
from ingestion.sandbox.systems.account_engagement.visitor_activities import (
    visitor_activity_object,
)
from ingestion.sandbox.systems.dialect import Dialect
from ingestion.sandbox.systems.held import (
    EMEA,
    INQUIRY,
    MAIN,
    MQL,
    Evidence,
    Held,
    Naming,
    Records,
)
from ingestion.sandbox.systems.identifiers import numeric
from ingestion.sandbox.systems.inventory import STEM, content_inventory
from ingestion.sandbox.systems.prospects import draw_prospects, inquiries

if TYPE_CHECKING:
    from ingestion.sandbox.arrays import Flags
    from ingestion.sandbox.company.company import Company
    from ingestion.sandbox.systems.held import CrmLinks
    from ingestion.sandbox.systems.prospects import Prospects

# Time zone of the account, and how far its ids begin after those of the other one: they collide.
_ACCOUNTS = {MAIN: (HEADQUARTERS, 0), EMEA: ("Europe/Berlin", 50)}
_FIRST_PROSPECT, _FIRST_ACTIVITY, _FIRST_MOVE = 20_000_001, 500_000_001, 6_000_001


def hold(company: Company, members: Flags, instance: str, links: CrmLinks) -> Held:
    """Return what a business unit holds of its members.

    `members` has a flag per human. Raises KeyError for an instance that the company has not.
    """
    zone, shift = _ACCOUNTS[instance]
    prospects = draw_prospects(company, members, "account_engagement", keeps_ids=True)
    ids = numeric(np.arange(len(prospects)), _FIRST_PROSPECT + shift)
    qualified = see_qualified(company, prospects)
    inventory = content_inventory(company, company.contents.team == MARKETING, LOOSE)
    return Held(
        system="account_engagement",
        instance=instance,
        dialect=Dialect(null="", instant="offset", zone=zone),
        objects={
            "prospects": prospect_object(company, prospects, ids, links),
            "visitor_activities": visitor_activity_object(
                company, prospects, ids, _FIRST_ACTIVITY + shift
            ),
            **lifecycle_objects(company, prospects, ids, qualified, _FIRST_MOVE + shift),
            **asset_objects(company),
            STEM: inventory.stored,
        },
        records=Records(
            object=np.full(len(prospects), "prospects", dtype=object),
            record_id=ids,
            human=prospects.human,
            created_at=prospects.created_at,
        ),
        evidence=_evidence(company, prospects, qualified),
        listed=inventory.listed,
        touched={"visitor_activities": Naming("details", "createdAt", MARKETING)},
    )


def _evidence(company: Company, prospects: Prospects, qualified: Qualified) -> Evidence:
    """First responses and moves into "Marketing Qualified": both are kept for ever."""
    responded = inquiries(company, prospects)
    sizes = [len(responded), len(qualified.round)]
    return Evidence(
        round=np.append(responded, qualified.round),
        stage=np.repeat(np.array([INQUIRY, MQL], dtype=object), sizes),
        at=np.append(company.rounds.begins_at[responded], qualified.at),
        shown_until=np.full(sum(sizes), np.inf),
    )
