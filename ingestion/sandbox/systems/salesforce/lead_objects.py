"""Lead and LeadHistory."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from ingestion.sandbox.chance import some, stream
from ingestion.sandbox.clock import HEADQUARTERS, MINUTE, ever, only
from ingestion.sandbox.company.opportunities import NEW_BUSINESS
from ingestion.sandbox.company.people import SALES_LEAD
from ingestion.sandbox.systems.columns import column, dates, instants
from ingestion.sandbox.systems.firmographics import firmographics
from ingestion.sandbox.systems.salesforce.history import HistoryRows, history_object
from ingestion.sandbox.systems.salesforce.leads import (
    STATUSES,
    owner_changes,
    purges,
    status_changes,
)
from ingestion.sandbox.systems.slips import keys
from ingestion.sandbox.systems.stored import Changing, Stored, build_stored
from ingestion.sandbox.systems.words import coded, labelled, said

if TYPE_CHECKING:
    from ingestion.sandbox.arrays import Moments, Numbers
    from ingestion.sandbox.company.company import Company
    from ingestion.sandbox.systems.columns import Values
    from ingestion.sandbox.systems.salesforce.leads import Leads
    from ingestion.sandbox.systems.salesforce.org import Org
    from ingestion.sandbox.systems.slips import Changes

REASONS = {
    "missing_information": "Missing information",
    "no_fit": "No fit",
    "duplicate": "Duplicate",
    "no_interest": "No interest",
    "no_budget": "No budget",
    "bad_timing": "Bad timing",
    "no_answer": "No answer",
    "competitor": "Works for competitor",
    "student": "Student",
    "outside_market": "Outside market",
    "fake": "Fake details",
}
FIELDS = (
    "Id", "IsDeleted", "MasterRecordId", "LastName", "FirstName", "Title", "Company",
    "Industry", "NumberOfEmployees", "AnnualRevenue", "CountryCode", "Phone", "Email",
    "LeadSource", "Status", "Reason__c", "Buyer_Role__c", "OwnerId",
    "IsConverted", "ConvertedDate", "ConvertedAccountId", "ConvertedContactId",
    "ConvertedOpportunityId", "HasOptedOutOfEmail", "CreatedDate", "CreatedById",
    "LastModifiedDate", "SystemModstamp",
)  # fmt: skip
CUSTOM_FIELDS = ("Fax_Opt_In__c", "Legacy_Id__c")  # that no mapping names


def lead_objects(org: Org) -> tuple[dict[str, Stored], Changes]:
    """Return the leads with their history, and the changes of their status."""
    company, leads, owners = org.company, org.leads, org.owners
    settings, people = company.settings, company.people
    mess = settings.mess
    human, size = leads.human, len(leads)
    told = firmographics(company, human)
    ids = org.numbered("00Q", size)
    first_status, statuses = status_changes(company, leads)
    queue = owners.queue_of(company.accounts.region[people.account[human]])
    first_owner, moves = owner_changes(company, leads, queue)
    reason = _reasons(company, leads)
    place = np.arange(size)
    is_loser = leads.merged_into >= 0
    gone_at = purges(company, leads)
    account, contact, opportunity = _converted(org)

    def on_conversion(values: Values, first: Values | None = None) -> Changing:
        nothing = pa.nulls(size, column(values).type)
        return Changing(nothing if first is None else first, place, leads.converted_at, values)

    by_rep = np.zeros(size, dtype=bool)
    sales = np.flatnonzero((leads.of_round >= 0) & (company.rounds.entry == SALES_LEAD))
    by_rep[leads.of_round[sales]] = True
    creator = np.where(by_rep, first_owner, owners.machine)
    deleted = np.concatenate([place, place[is_loser], place])
    deleted_at = np.concatenate([leads.deleted_at, leads.merged_at[is_loser], leads.restored_at])
    is_deleted = np.repeat([True, True, False], [size, int(is_loser.sum()), size])
    rng = stream(settings.seed, "salesforce late commits")
    late = some(rng, size, mess.late_commit)
    lag = np.where(late, np.floor(60 + 59 * MINUTE * rng.random(size)), 0)
    fields = FIELDS + (CUSTOM_FIELDS if mess.custom_field else ())
    stored = build_stored(
        "Lead",
        tuple(field for field in fields if field != "LastModifiedDate"),
        created_at=leads.created_at,
        fixed={
            "Id": ids,
            "LastName": people.last_name[human],
            "FirstName": people.first_name[human],
            "Title": people.title[human],
            "Company": company.accounts.name[people.account[human]],
            "Industry": told.industry,
            "NumberOfEmployees": told.employees,
            "AnnualRevenue": told.revenue,
            "CountryCode": company.accounts.country[people.account[human]],
            "LeadSource": people.source[human],
            "Buyer_Role__c": said(people.role[human]),
            "HasOptedOutOfEmail": np.zeros(size, dtype=bool),
            "CreatedDate": instants(leads.created_at),
            "CreatedById": owners.id_of(creator),
            "Fax_Opt_In__c": some(rng, size, 0.1),
            "Legacy_Id__c": pa.array(place + 40_000).cast(pa.string()),
        },
        changing={
            "Status": Changing(
                coded(first_status, STATUSES),
                statuses.record,
                statuses.at,
                coded(statuses.new, STATUSES),
            ),
            "Reason__c": reason,
            "OwnerId": Changing(
                owners.id_of(first_owner), moves.record, moves.at, owners.id_of(moves.new)
            ),
            "Email": Changing(
                leads.email,
                place,
                only(~leads.is_duplicate, people.email_changes_at[human]),
                people.new_email[human],
            ),
            "Phone": Changing(
                people.phone[human],
                place,
                only(~leads.is_duplicate, people.phone_told_at[human]),
                people.phone_known[human],
            ),
            "IsConverted": on_conversion(np.ones(size, bool), first=np.zeros(size, bool)),
            "ConvertedDate": on_conversion(dates(leads.converted_at, HEADQUARTERS)),
            "ConvertedAccountId": on_conversion(account),
            "ConvertedContactId": on_conversion(contact),
            "ConvertedOpportunityId": on_conversion(opportunity),
            "IsDeleted": Changing(np.zeros(size, dtype=bool), deleted, deleted_at, is_deleted),
            "MasterRecordId": Changing(
                pa.nulls(size, pa.string()),
                place[is_loser],
                leads.merged_at[is_loser],
                ids.take(pa.array(leads.merged_into[is_loser])),
            ),
        },
        stamp="SystemModstamp",
        gone_at=gone_at,
        lag=lag,
    )
    worker = _owner_then(first_owner, moves, statuses)
    rows = _history(org, _Movements(creator, worker, statuses, moves, gone_at))
    history = history_object(org, "LeadHistory", "LeadId", "017", rows)
    return {"leads": with_last_modified(stored, fields), "lead_history": history}, statuses


def with_last_modified(stored: Stored, fields: tuple[str, ...]) -> Stored:
    """Give an object the LastModifiedDate that its SystemModstamp is, and its order of columns."""
    stamps = {"LastModifiedDate": stored.varying["SystemModstamp"]}
    return replace(stored, varying=stored.varying | stamps, fields=fields)


@dataclass(frozen=True)
class _Movements:
    """What happened to the leads; owners are places in Owners."""

    creator: Numbers  # per lead
    worker: Numbers  # per change of a status: who owned the lead then
    statuses: Changes
    moves: Changes
    gone_at: Moments  # per lead


def _history(org: Org, happened: _Movements) -> list[HistoryRows]:
    """Status, owner twice, the conversion and the creation; gone with their lead."""
    company, leads, owners = org.company, org.leads, org.owners
    statuses, moves, gone_at = happened.statuses, happened.moves, happened.gone_at
    ids = org.numbered("00Q", len(leads))
    is_rep = happened.worker < len(company.staff)
    # A queue writes nothing: as long as a lead is in one, the integration does.
    worker = np.where(is_rep, happened.worker, owners.machine)
    worker[is_rep] = company.staff.covered(worker[is_rep], statuses.at[is_rep])
    integration = np.full(len(moves), owners.machine)
    converted = np.flatnonzero(ever(leads.converted_at))
    nothing = pa.nulls(len(converted), pa.string())
    moved = ids.take(pa.array(moves.record))
    by = owners.id_of(integration)
    return [
        HistoryRows(
            "created", "Text", ids, leads.created_at, pa.nulls(len(ids), pa.string()),
            pa.nulls(len(ids), pa.string()), owners.id_of(happened.creator), gone_at,
        ),
        HistoryRows(
            "Owner", "Text", moved, moves.at, owners.name_of(moves.old),
            owners.name_of(moves.new), by, gone_at[moves.record],
        ),
        HistoryRows(
            "Owner", "EntityId", moved, moves.at, owners.id_of(moves.old),
            owners.id_of(moves.new), by, gone_at[moves.record],
        ),
        HistoryRows(
            "Status", "Picklist", ids.take(pa.array(statuses.record)), statuses.at,
            coded(statuses.old, STATUSES), coded(statuses.new, STATUSES), owners.id_of(worker),
            gone_at[statuses.record],
        ),
        HistoryRows(
            "leadConverted", "Text", ids.take(pa.array(converted)), leads.converted_at[converted],
            nothing, nothing, owners.id_of(np.full(len(converted), owners.machine)),
            gone_at[converted],
        ),
    ]  # fmt: skip


def _owner_then(first: Numbers, moves: Changes, statuses: Changes) -> Numbers:
    """Who owned each lead when its status changed: whoever owns it changes it."""
    if not len(moves):
        return first[statuses.record]
    changed = keys(statuses.record, statuses.at)
    place = np.searchsorted(keys(moves.record, moves.at), changed, side="right") - 1
    found = (place >= 0) & (moves.record[np.maximum(place, 0)] == statuses.record)
    return np.where(found, moves.new[np.maximum(place, 0)], first[statuses.record])


def _converted(org: Org) -> tuple[pa.Array, pa.Array, pa.Array]:
    """Per lead: the ids of the account, the contact and the opportunity that it became."""
    company, leads = org.company, org.leads
    all_deals, own = company.deals, org.deals.deal
    of_round = np.full(len(company.rounds), -1)
    new = np.flatnonzero(all_deals.kind[own] == NEW_BUSINESS)
    of_round[all_deals.round[own[new]]] = new
    opens = np.flatnonzero((leads.of_round >= 0) & ever(company.rounds.opportunity_at))
    deal = np.full(len(leads), -1)
    deal[leads.of_round[opens]] = of_round[opens]
    is_converted = ever(leads.converted_at)
    account = company.people.account[leads.human]
    contact = np.where(is_converted, org.contacts.of_human[leads.human], -1)
    return (
        org.account_ids.take(pa.array(account, mask=~is_converted)),
        org.contact_id(contact),
        org.deal_id(np.where(is_converted, deal, -1)),
    )


def _reasons(company: Company, leads: Leads) -> Changing:
    """The reason of each exit, written down with it."""
    rounds = company.rounds
    at = np.fmax.reduce([rounds.rejected_at, rounds.recycled_at, rounds.disqualified_at])
    given = np.flatnonzero((leads.of_round >= 0) & (rounds.reason != None))  # noqa: E711
    return Changing(
        pa.nulls(len(leads), pa.string()),
        leads.of_round[given],
        at[given],
        labelled(rounds.reason[given], REASONS),
    )
