"""Lead status and lifecycle stage: what reps and workflows write about people."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ingestion.sandbox.chance import stream
from ingestion.sandbox.clock import MINUTE, before, ever, only
from ingestion.sandbox.company.people import MARKETING, SALES_CONTACT
from ingestion.sandbox.systems.hubspot.histories import (
    BY_FORM,
    BY_HAND,
    BY_IMPORT,
    BY_WORKFLOW,
    NOBODY,
    How,
    Values,
    values_of,
)
from ingestion.sandbox.systems.lead_status import (
    NEW,
    NO_STATUS,
    OPEN,
    QUALIFIED_BY_MARKETING,
    noted,
    notes,
)
from ingestion.sandbox.systems.slips import chain, flicker
from ingestion.sandbox.systems.words import coded, labelled

if TYPE_CHECKING:
    from ingestion.sandbox.arrays import Moments, Numbers
    from ingestion.sandbox.company.company import Company
    from ingestion.sandbox.systems.hubspot.contacts import Contacts

# Values of hs_lead_status, by the codes of a status.
STATUSES = (
    "", "NEW", "OPEN", "MARKETING_QUALIFIED", "WORKING", "ACCEPTED", "QUALIFIED", "REJECTED",
    "RECYCLED", "NURTURE", "DISQUALIFIED", "PARKED", "CONVERTED",
)  # fmt: skip
_BY_MACHINE = (NEW, OPEN, QUALIFIED_BY_MARKETING)
REASONS = {
    "missing_information": "missing_info",
    "no_fit": "not_a_fit",
    "duplicate": "duplicate_contact",
    "no_interest": "not_interested",
    "no_budget": "budget_not_available",
    "bad_timing": "timing_not_right",
    "no_answer": "no_response",
    "competitor": "works_for_competitor",
    "student": "student_or_job_seeker",
    "outside_market": "outside_our_market",
    "fake": "fake_details",
}

# Stages of a contact's life, always forward; those that are not HubSpot's own have numbers.
RETAINED_ID, CHURNED_ID = "218734501", "218734502"
LIFECYCLES = (
    "subscriber", "lead", "marketingqualifiedlead", "salesqualifiedlead", "opportunity", "customer",
    RETAINED_ID, CHURNED_ID,
)  # fmt: skip
SUBSCRIBER, LEAD, MQL, SQL, IN_OPPORTUNITY, CUSTOMER, RETAINED, CHURNED = range(len(LIFECYCLES))


def status_values(company: Company, contacts: Contacts) -> Values:
    """Return the values of hs_lead_status: what each round made of its person, as far as noted."""
    rounds, settings = company.rounds, company.settings
    handed_over, again = ever(rounds.mql_at), rounds.number > 1
    # Whom a rep brought along has no lead status: there is a deal from the start.
    as_lead = rounds.entry != SALES_CONTACT
    begins_new = as_lead & ~handed_over & ~again
    line = contacts.of_human[rounds.human]
    *steps, (converted, converted_at) = notes(company, "hubspot")
    round_, status, at = noted(
        company,
        [
            (NEW, only(begins_new, rounds.crm_at)),
            (OPEN, only(as_lead & (handed_over | again), rounds.crm_at)),
            *steps,
            (converted, only(as_lead, converted_at)),
        ],
        line >= 0,
    )
    first = np.full(len(contacts.lines), NO_STATUS)
    changes = chain(first, line[round_], at, status)
    rng = stream(settings.seed, "hubspot status flicker")
    changes = flicker(rng, first, changes, settings)
    by = owners_at(company, contacts, changes.record, changes.at)
    is_machine = np.isin(changes.new, _BY_MACHINE) | (by == NOBODY)
    return values_of(
        "hs_lead_status",
        changes.record,
        changes.at,
        coded(changes.new, STATUSES),
        How(np.where(is_machine, BY_WORKFLOW, BY_HAND), np.where(is_machine, NOBODY, by)),
    )


def reason_values(company: Company, contacts: Contacts) -> Values:
    """Return the values of lead_status_reason: set with an exit, cleared by the next round."""
    rounds, end = company.rounds, company.settings.end
    line = contacts.of_human[rounds.human]
    left_at = np.fmax.reduce([rounds.rejected_at, rounds.recycled_at, rounds.disqualified_at])
    given = np.flatnonzero((line >= 0) & ever(left_at) & (rounds.reason != None))  # noqa: E711
    given = given[left_at[given] < end]
    returns = (rounds.number > 1) & (rounds.entry != SALES_CONTACT)
    again = np.flatnonzero((line >= 0) & returns & (rounds.crm_at < end))
    words = ("", *REASONS.values())
    label = labelled(rounds.reason[given], REASONS)
    code = np.zeros(len(given) + len(again), dtype=np.int64)
    for place, word in enumerate(words[1:], 1):
        code[: len(given)][label == word] = place
    changes = chain(
        np.zeros(len(contacts.lines), dtype=np.int64),
        np.append(line[given], line[again]),
        np.append(left_at[given], rounds.crm_at[again]),
        code,
    )
    by = owners_at(company, contacts, changes.record, changes.at)
    is_machine = (changes.new == 0) | (by == NOBODY)
    return values_of(
        "lead_status_reason",
        changes.record,
        changes.at,
        coded(changes.new, words),
        How(np.where(is_machine, BY_WORKFLOW, BY_HAND), np.where(is_machine, NOBODY, by)),
    )


def owner_changes(company: Company, contacts: Contacts) -> tuple[Numbers, Moments, Numbers]:
    """Return line, moment and owner (a place in Staff): the rep, the next one, that of the deal."""
    rounds = company.rounds
    first = _first_deals(company)
    deal_owner = company.deals.owner[first]
    parts = (
        (rounds.assigned_at, rounds.owner),
        (rounds.reassigned_at, rounds.next_owner),
        (only(first >= 0, rounds.opportunity_at), deal_owner),
    )
    line = np.tile(contacts.of_human[rounds.human], len(parts))
    at = np.concatenate([moments for moments, _ in parts])
    owner = np.concatenate([place for _, place in parts])
    kept = np.flatnonzero((line >= 0) & ever(before(company.settings.end, at)))
    nobody = np.full(len(contacts.lines), NOBODY)
    changes = chain(nobody, line[kept], at[kept], owner[kept])
    return changes.record, changes.at, changes.new


def lifecycle_values(company: Company, contacts: Contacts, *, is_crm: bool) -> Values:
    """Return the values of lifecyclestage; a marketing portal knows of marketing only."""
    people, rounds, customers = company.people, company.rounds, company.customers
    lines = contacts.lines
    on_a_list = (people.known_by == MARKETING) & ~people.responds
    first = np.where(on_a_list[lines.human] & ~lines.is_double, SUBSCRIBER, LEAD)
    steps = [(MQL, rounds.human, rounds.mql_at + MINUTE)]
    if is_crm:
        steps += [
            (SQL, rounds.human, rounds.qualified_at),
            (IN_OPPORTUNITY, rounds.human, rounds.opportunity_at),
            (CUSTOMER, customers.human, customers.since),
            (RETAINED, customers.human, customers.retained_at),
            (CHURNED, customers.human, customers.churned_at),
        ]
    line = contacts.of_human[np.concatenate([human for _, human, _ in steps])]
    at = before(company.settings.end, np.concatenate([moments for _, _, moments in steps]))
    stage = np.repeat([stage for stage, _, _ in steps], [len(human) for _, human, _ in steps])
    kept = np.flatnonzero((line >= 0) & ever(at))
    # The first value is one too: nobody is ever set back behind it.
    record = np.append(np.arange(len(lines)), line[kept])
    moment = np.append(lines.created_at, at[kept])
    new = np.append(first, stage[kept])
    order = np.lexsort((np.arange(len(record)), moment, record))
    record, moment, new = record[order], moment[order], new[order]
    furthest = np.maximum.accumulate(record * len(LIFECYCLES) + new) - record * len(LIFECYCLES)
    changes = chain(np.full(len(lines), NOBODY), record, moment, furthest)
    created_from, created_by = how_created(company, contacts)
    is_first = np.isin(changes.new, (SUBSCRIBER, LEAD))
    return values_of(
        "lifecyclestage",
        changes.record,
        changes.at,
        coded(changes.new, LIFECYCLES),
        How(
            np.where(is_first, created_from[changes.record], BY_WORKFLOW),
            np.where(is_first, created_by[changes.record], NOBODY),
        ),
    )


def how_created(company: Company, contacts: Contacts) -> tuple[Numbers, Numbers]:
    """Per line: where it came from (a place in SOURCES) and who made it, NOBODY for machines."""
    people, lines = company.people, contacts.lines
    owner = owners_at(company, contacts, np.arange(len(lines)), lines.created_at)
    by_rep = (people.known_by[lines.human] != MARKETING) & (owner != NOBODY)
    on_a_list = ~people.responds[lines.human] & ~lines.is_double
    source = np.where(by_rep, BY_HAND, np.where(on_a_list, BY_IMPORT, BY_FORM))
    return source, np.where(by_rep, owner, NOBODY)


def _first_deals(company: Company) -> Numbers:
    """Per round: the place of its first deal, -1 for none."""
    deals = company.deals
    first = np.full(len(company.rounds), len(deals))
    np.minimum.at(first, deals.round, np.arange(len(deals)))
    return np.where(first == len(deals), -1, first)


def owners_at(company: Company, contacts: Contacts, line: Numbers, at: Moments) -> Numbers:
    """Who owns each of these lines at that moment, NOBODY before the first owner."""
    record, since, owner = owner_changes(company, contacts)
    # Line and second in one number; no company lives for so many seconds.
    span = 1 << 34
    keys = record * span + since.astype(np.int64)
    found = np.searchsorted(keys, line * span + at.astype(np.int64), side="right") - 1
    # An owner in front of all, for whoever has none yet.
    record, owner = np.append(NOBODY, record), np.append(NOBODY, owner)
    return np.where(record[found + 1] == line, owner[found + 1], NOBODY)
