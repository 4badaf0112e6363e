"""One Marketo instance: all its objects."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ingestion.sandbox.company.campaigns import MARKETING
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
from ingestion.sandbox.systems.marketo.activity_log import (
    CHANGE_SCORE,
    FILL_OUT_FORM,
    activity_objects,
    kept_for,
)
from ingestion.sandbox.systems.marketo.assets import asset_objects, listed_programs
from ingestion.sandbox.systems.marketo.leads import crm_ids, lead_object
from ingestion.sandbox.systems.marketo.record_entries import record_entries
from ingestion.sandbox.systems.marketo.touch_entries import touch_entries
from ingestion.sandbox.systems.prospects import draw_prospects, inquiries, qualifications

if TYPE_CHECKING:
    import pyarrow as pa

    from ingestion.sandbox.arrays import Flags
    from ingestion.sandbox.company.company import Company
    from ingestion.sandbox.systems.held import CrmLinks
    from ingestion.sandbox.systems.prospects import Prospects

# The first lead and the first activity. Ids of two instances collide, as they really do.
_FIRST = {MAIN: (100_001, 783_000_001), EMEA: (100_051, 783_000_501)}
DIALECT = Dialect(null="null", instant="seconds_z")
_NAMING_CONTENT = tuple(
    f"activities_{type_}"
    for type_ in (
        "fill_out_form", "change_status_in_progression", "send_email", "open_email", "click_email",
    )
)  # fmt: skip


def hold(company: Company, members: Flags, instance: str, links: CrmLinks) -> Held:
    """Return what an instance holds of its members.

    `members` has a flag per human. Raises KeyError for an instance that the company has not.
    """
    first_lead, first_guid = _FIRST[instance]
    # Nothing can be restored; who is imported once more is a new lead.
    prospects = draw_prospects(company, members, "marketo", keeps_ids=False)
    ids = numeric(np.arange(len(prospects)), first_lead)
    crm = crm_ids(prospects, links)
    entries = [
        *touch_entries(company, prospects),
        *record_entries(company, prospects, ids, crm),
    ]
    return Held(
        system="marketo",
        instance=instance,
        dialect=DIALECT,
        objects={
            "leads": lead_object(company, prospects, ids, crm),
            **activity_objects(company, prospects, ids, entries, first_guid),
            **asset_objects(company),
        },
        records=_records(prospects, ids),
        evidence=_evidence(company, prospects),
        listed=listed_programs(company),
        touched={
            stem: Naming("primaryAttributeValue", "activityDate", MARKETING)
            for stem in _NAMING_CONTENT
        },
    )


def _records(prospects: Prospects, ids: pa.Array) -> Records:
    return Records(
        object=np.full(len(prospects), "leads", dtype=object),
        record_id=ids,
        human=prospects.human,
        created_at=prospects.created_at,
    )


def _evidence(company: Company, prospects: Prospects) -> Evidence:
    """First responses as long as the log keeps them, score changes for 90 days."""
    responded = inquiries(company, prospects)
    qualified, qualified_at = qualifications(company, prospects)
    human, begins_at = company.rounds.human[responded], company.rounds.begins_at[responded]
    deleted_at = prospects.deleted_at[prospects.of_human[human]]
    # Forms and programs are kept for the same time.
    shown_until = np.fmin(begins_at + kept_for(company, FILL_OUT_FORM), deleted_at)
    return Evidence(
        round=np.append(responded, qualified),
        stage=np.repeat(np.array([INQUIRY, MQL], dtype=object), [len(responded), len(qualified)]),
        at=np.append(begins_at, qualified_at),
        shown_until=np.append(shown_until, qualified_at + kept_for(company, CHANGE_SCORE)),
    )
