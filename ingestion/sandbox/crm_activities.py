"""What the CRM knows of calls, mail and meetings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ingestion.sandbox import staff
from ingestion.sandbox.moments import DAY, MINUTE, ever, later, local, numbered, only, working

if TYPE_CHECKING:
    from ingestion.sandbox.crm import Crm
    from ingestion.sandbox.moments import Moments, Texts


def activity_table(rng: np.random.Generator, crm: Crm) -> pd.DataFrame:
    """Return calls and mail to leads, machines' mail and replies, and the talks of each deal."""
    parts = [*_of_leads(rng, crm), *_of_deals(rng, crm)]
    rows = pd.concat(parts, ignore_index=True)
    rows = rows[rows["at"].notna()].sort_values(["at", "WhoId", "OwnerId"], ignore_index=True)
    at = rows.pop("at").to_numpy()
    rows.insert(0, "Id", numbered("00T", at))
    return rows.assign(ActivityDate=local(at))


def _of_leads(rng: np.random.Generator, crm: Crm) -> list[pd.DataFrame]:
    way, size = crm.journeys, len(crm.people)
    sdr = crm.companies.owner(crm.people.company, staff.SDRS_AMERICAS, staff.SDRS_EUROPE)
    mail = np.full(size, "Email", dtype=object)
    machine = np.full(size, staff.SEQUENCES, dtype=object)
    sent = only(ever(way.attempt_at) & (rng.random(size) < 0.3), way.lead_at + 2 * MINUTE)
    replied = only(rng.random(size) < 0.2, later(rng, way.attempt_at, 0.4))
    parts = [
        _rows(crm.lead_id, machine, sent, mail).assign(IsAutomated="1"),
        _rows(crm.lead_id, sdr, replied, mail).assign(Direction="Inbound"),
    ]
    decided = np.fmin(np.fmin(way.accepted_at, way.rejected_at), way.attempt_at + 20 * DAY)
    for first, until in ((way.attempt_at, decided), (way.attempt_again_at, way.accepted_again_at)):
        at, planned = first, np.zeros(size, dtype=bool)
        for _ in range(4):
            kind = rng.choice(["Call", "Email"], size, p=(0.6, 0.4)).astype(object)
            status = np.where(planned, "Planned", "Completed")
            parts.append(_rows(crm.lead_id, sdr, at, kind).assign(Status=status))
            at = later(rng, at, 1.5)
            at = only((at < until) & (rng.random(size) < 0.7), at)
            planned = rng.random(size) < 0.08
    return parts


def _of_deals(rng: np.random.Generator, crm: Crm) -> list[pd.DataFrame]:
    deals, parts = crm.deals, []
    until = np.where(ever(deals.closed_at), deals.closed_at, deals.created_at + 40 * DAY)
    for share in (0.1, 0.4, 0.7):
        at = working(rng, deals.created_at + share * (until - deals.created_at))
        at = only(rng.random(len(deals)) < 0.8, at)
        kind = rng.choice(["Call", "Email", "Meeting"], len(deals)).astype(object)
        parts.append(_rows(crm.contact_id[deals.person], crm.deal_owner, at, kind))
    return parts


def _rows(who: Texts, owner: Texts, at: Moments, kind: Texts) -> pd.DataFrame:
    """One row per entry, also of those that never happened."""
    return pd.DataFrame(
        {
            "WhoId": who,
            "OwnerId": owner,
            "Type": kind,
            "Direction": "Outbound",
            "Status": "Completed",
            "IsAutomated": "0",
            "Subject": kind + ": introduction, next steps",
            "at": at,
        }
    )
