"""Task, Event and EmailMessage."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.sandbox.chance import stream
from ingestion.sandbox.clock import HEADQUARTERS, HOUR, MINUTE
from ingestion.sandbox.company.attempts import CALL, EMAIL, MACHINE, MEETING
from ingestion.sandbox.systems.columns import column, dates, instants
from ingestion.sandbox.systems.salesforce.owners import INTEGRATION, SEQUENCES
from ingestion.sandbox.systems.stored import Stored, append_only
from ingestion.sandbox.systems.words import coded

if TYPE_CHECKING:
    from ingestion.sandbox.arrays import Flags, Moments, Numbers
    from ingestion.sandbox.company.company import Company
    from ingestion.sandbox.systems.salesforce.org import Org
    from ingestion.sandbox.systems.salesforce.owners import Owners

_TYPES = ("Call", "Email", "Reply")
_SUBTYPES = ("Call", "Email", "ListEmail", "Cadence")
_SUBJECTS = (
    "Call: introduction, next steps",
    "Email: introduction, next steps",
    "Re: introduction",
)


def activity_objects(org: Org) -> dict[str, Stored]:
    """Return what reps and machines logged: of a lead, and from its conversion on of a contact."""
    company, owners = org.company, org.owners
    attempts = company.attempts
    who, is_known = _who(org)
    own = np.flatnonzero(org.members[attempts.human] & is_known)
    created = attempts.at - np.where(attempts.is_completed, 0, HOUR)
    own = own[np.argsort(created[own], kind="stable")]
    what = _what(org, own)
    by = owners.id_of(_owner(company, owners)[own])
    who = who.take(pa.array(own))
    is_event = attempts.kind[own] == MEETING
    return {
        "tasks": _tasks(org, own[~is_event], created, _rows(~is_event, who, what, by)),
        "events": _events(org, own[is_event], _rows(is_event, who, what, by)),
        "email_messages": _email_messages(org, own[~is_event], _rows(~is_event, what)[0]),
    }


def _tasks(org: Org, own: Numbers, created: Moments, ids: list[pa.Array]) -> Stored:
    company = org.company
    attempts, size = company.attempts, len(own)
    who, what, by = ids
    is_email, done = attempts.kind[own] == EMAIL, attempts.is_completed[own]
    type_ = np.where(is_email, np.where(attempts.is_outbound[own], 1, 2), 0)
    is_machine = attempts.owner[own] == MACHINE
    subtype = np.where(is_machine, np.where(attempts.is_sequence[own], 3, 2), type_ > 0)
    at = attempts.at[own]
    is_call = attempts.kind[own] == CALL
    seconds = stream(company.settings.seed, "salesforce calls").integers(20, 900, len(attempts))
    return append_only(
        "Task",
        ("Id", "IsDeleted", "WhoId", "WhatId", "Subject", "Status", "IsClosed", "IsArchived",
         "ActivityDate", "CompletedDateTime", "Type", "TaskSubtype", "CallType",
         "CallDurationInSeconds", "Content__c", "OwnerId", "CreatedDate", "CreatedById",
         "SystemModstamp"),
        {
            "Id": org.numbered("00T", size),
            "IsDeleted": np.zeros(size, dtype=bool),
            "WhoId": who,
            "WhatId": what,
            "Subject": coded(type_, _SUBJECTS),
            "Status": coded(np.where(done, 0, 1), ("Completed", "Not Started")),
            "IsClosed": done,
            "IsArchived": np.zeros(size, dtype=bool),
            "ActivityDate": dates(at, HEADQUARTERS),
            "CompletedDateTime": instants(np.where(done, at, np.nan)),
            "Type": coded(type_, _TYPES),
            "TaskSubtype": coded(subtype.astype(np.int64), _SUBTYPES),
            "CallType": coded(np.zeros(size, dtype=np.int64), ("Outbound",), is_call),
            "CallDurationInSeconds": pa.array(seconds[own], mask=~(is_call & done)),
            "Content__c": _content(company, own),
            "OwnerId": by,
            "CreatedDate": instants(created[own]),
            "CreatedById": by,
            "SystemModstamp": instants(created[own]),
        },
        created[own],
    )  # fmt: skip


def _events(org: Org, own: Numbers, ids: list[pa.Array]) -> Stored:
    company = org.company
    size, at = len(own), company.attempts.at[own]
    who, what, by = ids
    return append_only(
        "Event",
        ("Id", "IsDeleted", "WhoId", "WhatId", "Subject", "StartDateTime", "EndDateTime",
         "IsGroupEvent", "Content__c", "OwnerId", "CreatedDate", "CreatedById", "SystemModstamp"),
        {
            "Id": org.numbered("00U", size),
            "IsDeleted": np.zeros(size, dtype=bool),
            "WhoId": who,
            "WhatId": what,
            "Subject": coded(np.zeros(size, dtype=np.int64), ("Meeting",)),
            "StartDateTime": instants(at),
            "EndDateTime": instants(at + 30 * MINUTE),
            "IsGroupEvent": np.zeros(size, dtype=bool),
            "Content__c": _content(company, own),
            "OwnerId": by,
            "CreatedDate": instants(at),
            "CreatedById": by,
            "SystemModstamp": instants(at),
        },
        at,
    )  # fmt: skip


def _email_messages(org: Org, tasks: Numbers, what: pa.Array) -> Stored:
    """Each mail stands beside the task that it was logged as."""
    company = org.company
    attempts, staff = company.attempts, company.staff
    is_mail = (attempts.kind[tasks] == EMAIL) & attempts.is_completed[tasks]
    own, size = tasks[is_mail], int(is_mail.sum())
    ids = org.numbered("00T", len(tasks)).filter(pa.array(is_mail))
    at = attempts.at[own]
    theirs = column(company.people.email[attempts.human[own]])
    reps = np.array([f"{name.lower().replace(' ', '.')}@funnel.example.com" for name in staff.name]
                    + ["team@funnel.example.com"], dtype=object)  # fmt: skip
    ours = column(reps[attempts.owner[own]])
    incoming = pa.array(~attempts.is_outbound[own])
    return append_only(
        "EmailMessage",
        ("Id", "ActivityId", "Incoming", "MessageDate", "FromAddress", "ToAddress", "Status",
         "RelatedToId", "Subject", "CreatedDate", "SystemModstamp"),
        {
            "Id": org.numbered("02s", size),
            "ActivityId": ids,
            "Incoming": incoming,
            "MessageDate": instants(at),
            "FromAddress": pc.if_else(incoming, theirs, ours),
            "ToAddress": pc.if_else(incoming, ours, theirs),
            "Status": coded(np.where(attempts.is_outbound[own], 0, 1), ("3", "1")),
            "RelatedToId": what.filter(pa.array(is_mail)),
            "Subject": coded(np.where(attempts.is_outbound[own], 0, 1), _SUBJECTS[1:]),
            "CreatedDate": instants(at),
            "SystemModstamp": instants(at),
        },
        at,
    )  # fmt: skip


def _who(org: Org) -> tuple[pa.Array, Flags]:
    """The record of each attempt's human at that moment, and whether there is one."""
    leads, contacts, attempts = org.leads, org.contacts, org.company.attempts
    lead = leads.of_round[attempts.round]
    converted = leads.converted_at[np.maximum(lead, 0)]
    contact = contacts.of_human[attempts.human]
    of_lead = (lead >= 0) & ~(attempts.at >= converted) & (attempts.deal < 0)
    of_contact = ~of_lead & (contact >= 0)
    of_contact &= ~(attempts.at < contacts.created_at[np.maximum(contact, 0)])
    ids = pc.if_else(
        pa.array(of_lead),
        org.lead_id(lead),
        org.contact_id(contact),
    )
    return ids, of_lead | of_contact


def _content(company: Company, own: Numbers) -> pa.Array:
    """The name of what was shown, null for nothing."""
    content = company.attempts.content[own]
    return coded(np.maximum(content, 0), tuple(company.contents.name), content >= 0)


def _what(org: Org, own: Numbers) -> pa.Array:
    """The opportunity of each attempt, null for none."""
    place = np.full(len(org.company.deals), -1)
    place[org.deals.deal] = np.arange(len(org.deals))
    deal = org.company.attempts.deal[own]
    return org.deal_id(np.where(deal >= 0, place[np.maximum(deal, 0)], -1))


def _owner(company: Company, owners: Owners) -> Numbers:
    attempts = company.attempts
    machine = owners.machine + np.where(attempts.is_sequence, SEQUENCES, INTEGRATION)
    return np.where(attempts.owner == MACHINE, machine, attempts.owner)


def _rows(where: Flags, *columns: pa.Array) -> list[pa.Array]:
    kept = pa.array(where)
    return [one.filter(kept) for one in columns]
