"""Leads and the changes of their status, owner and fields."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.compute as pc

from ingestion.sandbox.chance import some, stream
from ingestion.sandbox.clock import DAY, before, ever, gap, never, only
from ingestion.sandbox.company.people import MARKETING, SALES_CONTACT, SALES_LEAD
from ingestion.sandbox.systems.columns import column
from ingestion.sandbox.systems.lead_status import CONVERTED, NEW, OPEN, noted, notes
from ingestion.sandbox.systems.salesforce.retention import RECYCLE_BIN
from ingestion.sandbox.systems.slips import Changes, chain, flicker

if TYPE_CHECKING:
    from ingestion.sandbox.arrays import Flags, Moments, Numbers, Texts
    from ingestion.sandbox.company.company import Company

STATUSES = (  # by the codes of a status
    "", "New", "Open - Not Contacted", "Marketing Qualified", "Working - Contacted", "Accepted",
    "Qualified", "Rejected", "Recycled", "Nurture", "Disqualified", "Parked", "Closed - Converted",
)  # fmt: skip


@dataclass(frozen=True)
class Leads:
    """One entry per lead in every array, in the order of their creation.

    A human has one lead until it is converted, and another one for what comes after.
    """

    human: Numbers
    created_at: Moments
    converted_at: Moments
    email: Texts
    is_duplicate: Flags
    merged_into: Numbers  # place of the lead, -1 for none
    merged_at: Moments
    deleted_at: Moments
    restored_at: Moments
    of_round: Numbers  # per round: the place of its lead, -1 for none

    def __len__(self) -> int:
        return len(self.human)


def draw_leads(company: Company, members: Flags) -> Leads:
    """Give each round that the CRM hears of a lead, and some people one too many."""
    rounds, people, mess = company.rounds, company.people, company.settings.mess
    seed, end = company.settings.seed, company.settings.end
    heard = members[rounds.human] & ever(rounds.crm_at) & (rounds.entry != SALES_CONTACT)
    order = np.lexsort((rounds.number, rounds.human))
    deals_before = _counted_before(ever(rounds.opportunity_at), rounds.human, order)
    # One lead for each human and number of conversions before.
    key = rounds.human * (rounds.number.max() + 1) + deals_before
    own = np.flatnonzero(heard)
    _, first, lead_of = np.unique(key[own], return_index=True, return_inverse=True)
    size = len(first)
    created = np.full(size, np.inf)
    np.minimum.at(created, lead_of, rounds.crm_at[own])
    converted = never(size)
    np.fmin.at(converted, lead_of, rounds.opportunity_at[own])
    human = rounds.human[own[first]]
    worked = np.zeros(size, dtype=bool)
    decided = ever(rounds.assigned_at) | ever(rounds.disqualified_at)
    np.logical_or.at(worked, lead_of, decided[own])

    rng = stream(seed, "salesforce duplicate leads")
    doubles_it = some(rng, size, mess.duplicate_lead)
    tags = some(rng, size, mess.plus_address)
    again = created + gap(rng, size, 20 * DAY, 1.2)
    merges = some(rng, size, mess.merged_duplicate)
    chained = some(rng, size, mess.merge_chain)
    merged = np.floor(again + gap(rng, size, 15 * DAY, 0.8))
    later = np.floor(merged + gap(rng, size, 10 * DAY, 0.6))
    doubled = np.flatnonzero(doubles_it & (again < end))
    # A lead that was converted takes no other in.
    until = np.fmin(end, converted)
    pair = merges[doubled] & (merged[doubled] < until[doubled])
    third = doubled[pair & chained[doubled] & (later[doubled] < until[doubled])]

    email = people.email[human]
    double_email = np.where(tags[doubled], _tagged(email[doubled]), email[doubled]).astype(object)
    parts_human = np.concatenate([human, human[doubled], human[third]])
    created = np.concatenate(
        [created, np.floor(again[doubled]), np.floor((again[third] + merged[third]) / 2)]
    )
    # The chain: the double goes into the third lead, the third one into the first.
    into, at = np.full(len(created), -1), never(len(created))
    doubles = size + np.arange(len(doubled))
    thirds = size + len(doubled) + np.arange(len(third))
    into[doubles[pair]], at[doubles[pair]] = doubled[pair], merged[doubled[pair]]
    via = doubles[np.isin(doubled, third)]
    into[via] = thirds
    into[thirds], at[thirds] = third, later[third]

    idle = np.append(~worked, np.zeros(len(created) - size, dtype=bool))
    idle[into[into >= 0]] = False
    deleted, restored = _deletions(company, created, idle)
    leads = Leads(
        human=parts_human,
        created_at=created,
        converted_at=np.append(converted, never(len(created) - size)),
        email=np.concatenate([email, double_email, email[third]]),
        is_duplicate=np.arange(len(created)) >= size,
        merged_into=into,
        merged_at=at,
        deleted_at=deleted,
        restored_at=restored,
        of_round=np.full(len(rounds), -1),
    )
    return _in_order(leads, own, lead_of)


def purges(company: Company, leads: Leads) -> Moments:
    """Return when each lead leaves the recycle bin for good, with all that hangs on it."""
    if not company.settings.mess.purged_history:
        return never(len(leads))
    binned = np.fmin(leads.merged_at, only(~ever(leads.restored_at), leads.deleted_at))
    return binned + RECYCLE_BIN


def status_changes(company: Company, leads: Leads) -> tuple[Numbers, Changes]:
    """Return each lead's first status, and how it changes."""
    rounds, settings = company.rounds, company.settings
    has_lead = leads.of_round >= 0
    round_, status, at = noted(company, notes(company, "salesforce"), has_lead)
    first = np.full(len(leads), OPEN)
    by_rep = has_lead & (rounds.entry == SALES_LEAD)
    early = has_lead & (rounds.entry == MARKETING) & ~ever(rounds.mql_at) & (rounds.number == 1)
    first[leads.of_round[by_rep | early]] = NEW
    changes = chain(first, leads.of_round[round_], at, status)
    rng = stream(settings.seed, "salesforce status flicker")
    return first, flicker(rng, first, changes, settings, spared=(CONVERTED,))


def owner_changes(company: Company, leads: Leads, queue: Numbers) -> tuple[Numbers, Changes]:
    """Return each lead's first owner and its changes: from the queue of its region to a rep.

    Owners are places in Staff; `queue` gives the place that stands for each lead's queue.
    """
    rounds = company.rounds
    has_lead = leads.of_round >= 0
    first = queue.copy()
    by_rep = np.flatnonzero(has_lead & (rounds.entry == SALES_LEAD) & (rounds.number == 1))
    first[leads.of_round[by_rep]] = rounds.owner[by_rep]
    assigned = np.flatnonzero(has_lead & ever(rounds.assigned_at))
    moved = np.flatnonzero(has_lead & ever(rounds.reassigned_at))
    record = leads.of_round[np.append(assigned, moved)]
    at = np.append(rounds.assigned_at[assigned], rounds.reassigned_at[moved])
    new = np.append(rounds.owner[assigned], rounds.next_owner[moved])
    return first, chain(first, record, at, new)


def _deletions(company: Company, created: Moments, idle: Flags) -> tuple[Moments, Moments]:
    """Leads that nobody works on are deleted, some by mistake."""
    mess, end = company.settings.mess, company.settings.end
    rng = stream(company.settings.seed, "salesforce deletions")
    size = len(created)
    goes = idle & some(rng, size, mess.deleted_record)
    deleted = before(end, only(goes, np.floor(created + gap(rng, size, 60 * DAY, 0.7))))
    back = some(rng, size, mess.restored_record)
    restored = before(end, only(back, deleted + np.floor(gap(rng, size, 3 * DAY, 0.4))))
    return deleted, only(restored < deleted + RECYCLE_BIN, restored)


def _counted_before(flag: Flags, human: Numbers, order: Numbers) -> Numbers:
    """How often the flag was set in the earlier rounds of the human of each round."""
    sorted_flag, sorted_human = flag[order].astype(np.int64), human[order]
    so_far = np.cumsum(sorted_flag) - sorted_flag
    begins = np.diff(sorted_human, prepend=-1) != 0
    base = np.maximum.accumulate(np.where(begins, so_far, 0))
    counted = np.empty(len(order), dtype=np.int64)
    counted[order] = so_far - base
    return counted


def _in_order(leads: Leads, rounds: Numbers, lead_of: Numbers) -> Leads:
    order = np.argsort(leads.created_at, kind="stable")
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    of_round = leads.of_round.copy()
    of_round[rounds] = place[lead_of]
    into = np.where(leads.merged_into >= 0, place[leads.merged_into], -1)
    return replace(
        leads,
        human=leads.human[order],
        created_at=leads.created_at[order],
        converted_at=leads.converted_at[order],
        email=leads.email[order],
        is_duplicate=leads.is_duplicate[order],
        merged_into=into[order],
        merged_at=leads.merged_at[order],
        deleted_at=leads.deleted_at[order],
        restored_at=leads.restored_at[order],
        of_round=of_round,
    )


def _tagged(email: Texts) -> Texts:
    """Addresses with a +tag, which reach the same mailbox."""
    tagged: Texts = pc.replace_substring(column(email), "@", "+web@").to_numpy(zero_copy_only=False)
    return tagged
