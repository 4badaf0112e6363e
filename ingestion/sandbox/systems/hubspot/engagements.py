"""Calls, emails, meetings and tasks: what reps do about people, and machines in their name."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa

from ingestion.sandbox.chance import places, some, stream
from ingestion.sandbox.clock import DAY, MINUTE
from ingestion.sandbox.company.attempts import CALL, EMAIL, MEETING
from ingestion.sandbox.systems.columns import column, instants
from ingestion.sandbox.systems.identifiers import numeric
from ingestion.sandbox.systems.logged import Logged
from ingestion.sandbox.systems.words import coded

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ingestion.sandbox.arrays import Flags, Moments, Numbers
    from ingestion.sandbox.company.company import Company
    from ingestion.sandbox.systems.columns import Values
    from ingestion.sandbox.systems.hubspot.contacts import Contacts
    from ingestion.sandbox.systems.hubspot.deals import Deals
    from ingestion.sandbox.systems.hubspot.owners import Owners
    from ingestion.sandbox.systems.stored import Stored

SEQUENCES = ("4711001", "4711002")  # ids of the sequences that send by themselves
# What HubSpot calls the outcomes of calls: answered, not answered.
_DISPOSITIONS = ("f240bbac-87c9-4f6e-bf70-924b57d47db7", "73a0d17f-1163-4015-bdd5-ec830791da20")
_ANSWERED = 0.4  # of calls
_SUBJECTS = ("Your request", "Following up", "Next steps", "A question about your plans")


class _Portal(NamedTuple):
    """What activities are about."""

    company: Company
    contacts: Contacts
    deals: Deals
    owners: Owners
    first_id: int


class _Written(NamedTuple):
    """One entry per activity in every array, in the order in which they were written down."""

    attempt: Numbers  # place in Attempts
    at: Moments  # when it was done, or is planned for
    created_at: Moments
    line: Numbers
    owner: Numbers  # place in the owners


def engagement_objects(
    company: Company, contacts: Contacts, deals: Deals, owners: Owners, first_id: int
) -> dict[str, Stored]:
    """Return calls, emails, meetings and tasks, each with its contact and its deal."""
    attempts, seed = company.attempts, company.settings.seed
    portal = _Portal(company, contacts, deals, owners, first_id)
    done, there = attempts.is_completed, contacts.of_human[attempts.human] >= 0
    rng = stream(seed, "hubspot engagements")
    size = len(attempts)
    answered, minutes = some(rng, size, _ANSWERED), rng.random(size)
    subject, sequence = places(rng, size, len(_SUBJECTS)), places(rng, size, len(SEQUENCES))

    def written(which: Flags) -> _Written:
        return _written(portal, np.flatnonzero(which & there))

    def stored(name: str, own: _Written, fields: Mapping[str, Values]) -> Stored:
        return _engagements(portal, name, own, fields)

    calls = written((attempts.kind == CALL) & done)
    mails = written((attempts.kind == EMAIL) & done)
    meetings = written(attempts.kind == MEETING)
    tasks = written((attempts.kind != MEETING) & ~done)
    is_answered, lasts = answered[calls.attempt], minutes[calls.attempt]
    outbound = attempts.is_outbound
    is_sequence = attempts.is_sequence[mails.attempt]
    return {
        "calls": stored(
            "calls",
            calls,
            {
                "hs_call_title": coded(subject[calls.attempt], _SUBJECTS),
                "hs_call_direction": _chosen(outbound[calls.attempt], "OUTBOUND", "INBOUND"),
                "hs_call_status": _chosen(is_answered, "COMPLETED", "NO_ANSWER"),
                "hs_call_disposition": _chosen(is_answered, *_DISPOSITIONS),
                "hs_call_duration": np.where(
                    is_answered, 1000 * np.floor(60 + 1500 * lasts), 0
                ).astype(np.int64),
            },
        ),
        "emails": stored(
            "emails",
            mails,
            {
                "hs_email_subject": coded(subject[mails.attempt], _SUBJECTS),
                "hs_email_direction": _chosen(outbound[mails.attempt], "EMAIL", "INCOMING_EMAIL"),
                "hs_email_status": _chosen(np.ones(len(mails.attempt), dtype=bool), "SENT", ""),
                "hs_sequence_id": coded(sequence[mails.attempt], SEQUENCES, is_sequence),
                "content_shown": _content(company, mails),
            },
        ),
        "meetings": stored(
            "meetings",
            meetings,
            {
                "hs_meeting_title": coded(subject[meetings.attempt], _SUBJECTS),
                "hs_meeting_start_time": instants(meetings.at),
                "hs_meeting_end_time": instants(meetings.at + 30 * MINUTE),
                "hs_meeting_outcome": _chosen(done[meetings.attempt], "COMPLETED", "SCHEDULED"),
                "content_shown": _content(company, meetings),
            },
        ),
        "tasks": stored(
            "tasks",
            tasks,
            {
                "hs_task_subject": coded(subject[tasks.attempt], _SUBJECTS),
                "hs_task_type": _chosen(attempts.kind[tasks.attempt] == CALL, "CALL", "EMAIL"),
                "hs_task_status": _chosen(
                    np.ones(len(tasks.attempt), dtype=bool), "NOT_STARTED", "COMPLETED"
                ),
                "hs_task_completion_date": instants(np.full(len(tasks.attempt), np.nan)),
            },
        ),
    }


def _written(portal: _Portal, which: Numbers) -> _Written:
    """What is planned is written down the day before, everything else when it is done.

    A sequence sends in the name of the rep, if there is one by then; other machines do not.
    """
    attempts, rounds = portal.company.attempts, portal.company.rounds
    contacts = portal.contacts
    line = contacts.of_human[attempts.human[which]]
    at, round_ = attempts.at[which], attempts.round[which]
    early = np.maximum(at - DAY, contacts.lines.created_at[line])
    created = np.where(attempts.is_completed[which], at, early)
    in_name = attempts.is_sequence[which] & (rounds.assigned_at[round_] <= at)
    owner = np.where(in_name, rounds.owner[round_], attempts.owner[which])
    order = np.argsort(created, kind="stable")
    return _Written(
        which[order], at[order], created[order], line[order], portal.owners.place(owner)[order]
    )


def _engagements(portal: _Portal, name: str, own: _Written, fields: Mapping[str, Values]) -> Stored:
    """Put the columns that all of them have around their own."""
    contacts, deals = portal.contacts, portal.deals
    size = len(own.attempt)
    deal = portal.company.attempts.deal[own.attempt]
    place = np.where(deal >= 0, deals.place[deal], -1)
    held = contacts.following(own.line, own.created_at)
    head = {
        "hs_object_id": numeric(np.arange(size), portal.first_id),
        "hs_timestamp": instants(own.at),
        "hubspot_owner_id": portal.owners.id_of(own.owner),
    }
    tail = {
        "hs_createdate": instants(own.created_at),
        "hs_lastmodifieddate": instants(own.created_at),
        "archived": pa.array(np.zeros(size, dtype=bool)),
        "deal_id": deals.ids.take(pa.array(place, mask=place < 0)),
    }
    middle = {field: column(values) for field, values in fields.items()}
    return Logged(
        name=name,
        fixed={**head, **middle, **tail},
        record=held.place,
        shown_from=held.shown_from,
        shown_until=held.shown_until,
        varying={"contact_id": contacts.ids.take(pa.array(held.record))},
        fields=(*head, *middle, *tail, "contact_id"),
        activity=held.place,
    )


def _content(company: Company, own: _Written) -> pa.Array:
    content = company.attempts.content[own.attempt]
    return coded(np.maximum(content, 0), tuple(company.contents.name), content >= 0)


def _chosen(flag: Flags, yes: str, no: str) -> pa.Array:
    return coded(np.where(flag, 0, 1), (yes, no))
