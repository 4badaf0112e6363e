"""What marketing shows people and what they do: forms, mail, pages, campaigns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from ingestion.sandbox.chance import places, some, stream
from ingestion.sandbox.clock import DAY, ever
from ingestion.sandbox.company.touches import (
    BOOTH,
    CLICKED,
    DOWNLOAD,
    FORM,
    OPENED,
    RESPONSES,
    SENT,
    VISIT,
    WEBINAR,
)
from ingestion.sandbox.systems.columns import column, dates, instants
from ingestion.sandbox.systems.identifiers import guid, numeric
from ingestion.sandbox.systems.logged import Logged
from ingestion.sandbox.systems.stored import Stored, append_only
from ingestion.sandbox.systems.words import coded

if TYPE_CHECKING:
    from ingestion.sandbox.arrays import Moments, Numbers
    from ingestion.sandbox.company.company import Company
    from ingestion.sandbox.systems.hubspot.contacts import Contacts

# Form: the kind of touch that it records. A webinar's and a fair's guests are written down too.
FORMS = {
    "Contact us": FORM,
    "Request a demo": FORM,
    "Ask for a price": FORM,
    "Content download": DOWNLOAD,
    "Webinar attendance": WEBINAR,
    "Trade show badge scan": BOOTH,
}
EVENTS = ("SENT", "DELIVERED", "OPEN", "CLICK")
_IS_SENT, _IS_DELIVERED, _IS_OPENED, _IS_CLICKED = range(len(EVENTS))
_WITH_OTHER_ADDRESS = 0.3  # of what somebody does who has two contacts
_DELIVERY = 3.0  # seconds
_MAILING = 14 * DAY  # from one marketing email to the next
_FIRST_EMAIL, _FIRST_CAMPAIGN = 90_210_001, 310_055_001
_PAGES = ("", "product", "pricing", "customers", "blog", "careers")
_SITE = "https://www.funnel.example.com/"
# Title -> address.
PAGES = {f"Site: {page or 'home'}": _SITE + page for page in _PAGES}


def marketing_objects(company: Company, contacts: Contacts, instance: str) -> dict[str, Stored]:
    """Return forms, form_submissions, marketing_emails, email_events, page_views, campaigns.

    HubSpot's API tells the address of who filled a form in or got a mail; its exports, as here,
    tell the contact too.
    """
    salt = f"hubspot {instance}"
    line = _lines_of_touches(company, contacts)
    return {
        "forms": _forms(company, salt),
        "form_submissions": _submissions(company, contacts, line, salt),
        "marketing_emails": _emails(company),
        "email_events": _email_events(company, contacts, salt),
        "page_views": _page_views(company, contacts, line, salt),
        "campaigns": _campaigns(company, salt),
    }


def _forms(company: Company, salt: str) -> Stored:
    size, since = len(FORMS), company.settings.start - 30 * DAY
    return append_only(
        "forms",
        ("id", "name", "formType", "createdAt", "updatedAt", "archived"),
        {
            "id": guid(np.arange(size), f"{salt} forms"),
            "name": pa.array(list(FORMS)),
            "formType": pa.array(["hubspot"] * size),
            "createdAt": instants(np.full(size, since)),
            "updatedAt": instants(np.full(size, since)),
            "archived": np.zeros(size, dtype=bool),
        },
        np.full(size, since),
    )


def _submissions(company: Company, contacts: Contacts, line: Numbers, salt: str) -> Stored:
    touches, contents, campaigns = company.touches, company.contents, company.campaigns
    # Any of the forms of a kind that has several.
    drawn = places(stream(company.settings.seed, "hubspot forms"), len(touches), len(FORMS))
    kinds = np.array(list(FORMS.values()))
    own = np.flatnonzero(np.isin(touches.kind, RESPONSES) & (line >= 0))
    kind = touches.kind[own]
    count = np.bincount(kinds, minlength=max(RESPONSES) + 1)
    form = np.searchsorted(kinds, kind) + drawn[own] % count[kind]
    content, campaign = touches.content[own], touches.campaign[own]
    ids = guid(np.arange(len(FORMS)), f"{salt} forms")
    page = [_SITE + name.lower().replace(" ", "-") for name in FORMS]
    return _of_contacts(
        "form_submissions",
        contacts,
        line[own],
        touches.at[own],
        {
            "conversionId": guid(np.arange(len(own)), f"{salt} submissions"),
            "form_id": pa.DictionaryArray.from_arrays(form.astype(np.int32), ids),
            "form_name": coded(form, tuple(FORMS)),
            "submittedAt": instants(touches.at[own]),
            "email": _address(company, contacts, line[own], touches.at[own]),
            "content": coded(np.maximum(content, 0), tuple(contents.name), content >= 0),
            "campaign": coded(np.maximum(campaign, 0), tuple(campaigns.name), campaign >= 0),
            "pageUrl": coded(form, tuple(page)),
        },
    )


def _emails(company: Company) -> Stored:
    start, end = company.settings.start, company.settings.end
    sent = np.arange(start, end, _MAILING)
    size = len(sent)
    number = (np.arange(size) + 1).astype(str).astype(object)
    return append_only(
        "marketing_emails",
        ("id", "name", "subject", "type", "state", "publishDate", "createdAt", "updatedAt"),
        {
            "id": numeric(np.arange(size), _FIRST_EMAIL),
            "name": "Newsletter " + number,
            "subject": "What is new, no. " + number,
            "type": pa.array(["BATCH_EMAIL"] * size),
            "state": pa.array(["PUBLISHED"] * size),
            "publishDate": instants(sent),
            "createdAt": instants(sent - 3 * DAY),
            "updatedAt": instants(sent),
        },
        sent,
    )


def _email_events(company: Company, contacts: Contacts, salt: str) -> Stored:
    touches = company.touches
    own = np.flatnonzero(
        np.isin(touches.kind, (SENT, OPENED, CLICKED)) & (contacts.of_human[touches.human] >= 0)
    )
    kind = np.full(len(own), _IS_SENT)
    kind[touches.kind[own] == OPENED] = _IS_OPENED
    kind[touches.kind[own] == CLICKED] = _IS_CLICKED
    # Each mail that is sent is delivered a moment later.
    sent = np.flatnonzero(kind == _IS_SENT)
    sent = sent[touches.at[own[sent]] + _DELIVERY < company.settings.end]
    line = contacts.of_human[touches.human[np.append(own, own[sent])]]
    at = np.append(touches.at[own], touches.at[own[sent]] + _DELIVERY)
    kind = np.append(kind, np.full(len(sent), _IS_DELIVERED))
    order = np.argsort(at, kind="stable")
    line, at, kind = line[order], at[order], kind[order]
    mailing = np.floor((at - company.settings.start) / _MAILING).astype(np.int64)
    mailings = int(mailing.max(initial=0)) + 1
    numbers = numeric(np.arange(mailings), _FIRST_EMAIL)
    sends = numeric(np.arange(mailings), _FIRST_CAMPAIGN)
    names = tuple(f"Newsletter {number}" for number in range(1, mailings + 1))
    place = mailing.astype(np.int32)
    return _of_contacts(
        "email_events",
        contacts,
        line,
        at,
        {
            "id": guid(np.arange(len(at)), f"{salt} email events"),
            "type": coded(kind, EVENTS),
            "created": instants(at),
            "recipient": _address(company, contacts, line, at),
            "emailCampaignId": pa.DictionaryArray.from_arrays(place, sends),
            "marketing_email_id": pa.DictionaryArray.from_arrays(place, numbers),
            "email_name": coded(mailing, names),
        },
    )


def _page_views(company: Company, contacts: Contacts, line: Numbers, salt: str) -> Stored:
    touches = company.touches
    drawn = places(stream(company.settings.seed, "hubspot pages"), len(touches), len(_PAGES))
    own = np.flatnonzero((touches.kind == VISIT) & (line >= 0))
    return _of_contacts(
        "page_views",
        contacts,
        line[own],
        touches.at[own],
        {
            "id": guid(np.arange(len(own)), f"{salt} page views"),
            "eventType": coded(np.zeros(len(own), dtype=np.int64), ("e_visited_page",)),
            "occurredAt": instants(touches.at[own]),
            "hs_url": coded(drawn[own], tuple(_SITE + page for page in _PAGES)),
        },
    )


def _campaigns(company: Company, salt: str) -> Stored:
    campaigns = company.campaigns
    size = len(campaigns)
    begins = campaigns.starts_at
    return append_only(
        "campaigns",
        ("id", "hs_name", "campaign_type", "hs_start_date", "hs_end_date", "hs_currency_code",
         "hs_budget_items_sum_amount", "hs_spend_items_sum_amount"),
        {
            "id": guid(np.arange(size), f"{salt} campaigns"),
            "hs_name": campaigns.name,
            "campaign_type": campaigns.type,
            "hs_start_date": dates(np.floor(begins), "America/New_York"),
            "hs_end_date": dates(np.floor(campaigns.ends_at - 1), "America/New_York"),
            "hs_currency_code": pa.array(["USD"] * size),
            "hs_budget_items_sum_amount": campaigns.cost,
            "hs_spend_items_sum_amount": campaigns.cost,
        },
        np.floor(begins),
    )  # fmt: skip


def _lines_of_touches(company: Company, contacts: Contacts) -> Numbers:
    """The line that each touch is written to, -1 where HubSpot does not know the human.

    A share is done with the address of a second contact, but never what begins a round or
    qualifies it.
    """
    touches, rounds, lines = company.touches, company.rounds, contacts.lines
    rng = stream(company.settings.seed, "hubspot touches on doubles")
    moves = some(rng, len(touches), _WITH_OTHER_ADDRESS)
    double = contacts.double_of[touches.human]
    moves &= (double >= 0) & np.isin(touches.kind, (*RESPONSES, VISIT))
    moves &= touches.at > lines.created_at[double]
    moves &= ~(touches.at >= contacts.merged_at(double))
    moves &= touches.at != rounds.begins_at[touches.round]
    moves &= touches.at != rounds.mql_at[touches.round]
    return np.where(moves, double, contacts.of_human[touches.human])


def _address(company: Company, contacts: Contacts, line: Numbers, at: Moments) -> pa.Array:
    """The address that is used at that moment: the human's, or that of a second contact."""
    people, lines = company.people, contacts.lines
    human, size = lines.human[line], len(people)
    changes_at = people.email_changes_at[human]
    place = np.where(ever(changes_at) & (changes_at <= at), size + human, human)
    place = np.where(lines.is_double[line], 2 * size + line, place)
    every = [column(texts) for texts in (people.email, people.new_email, lines.email)]
    return pa.concat_arrays(every).take(pa.array(place))


def _of_contacts(
    name: str, contacts: Contacts, line: Numbers, at: Moments, fields: dict[str, pa.Array]
) -> Stored:
    """Return what contacts did, each time with the id under which the contact is known."""
    held = contacts.following(line, at)
    return Logged(
        name=name,
        fixed=fields,
        record=held.place,
        shown_from=held.shown_from,
        shown_until=held.shown_until,
        varying={"contact_id": contacts.ids.take(pa.array(held.record))},
        fields=(*fields, "contact_id"),
        activity=held.place,
    )
