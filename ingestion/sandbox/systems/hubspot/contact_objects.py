"""Contacts and the history of their properties, as HubSpot shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.sandbox.chance import one_of, some, stream
from ingestion.sandbox.clock import HOUR, MINUTE, before, ever, only
from ingestion.sandbox.systems.columns import column, instants
from ingestion.sandbox.systems.hubspot.histories import (
    BY_FORM,
    BY_SCORE,
    BY_SYNC,
    BY_WORKFLOW,
    KEPT_OF_CONTACTS,
    NOBODY,
    History,
    How,
    Values,
    property_history,
    values_of,
)
from ingestion.sandbox.systems.hubspot.statuses import (
    CUSTOMER,
    LIFECYCLES,
    how_created,
    lifecycle_values,
    owner_changes,
    reason_values,
    status_values,
)
from ingestion.sandbox.systems.stored import Changing, Stored, build_stored
from ingestion.sandbox.systems.words import coded, labelled, said

if TYPE_CHECKING:
    from ingestion.sandbox.arrays import Moments
    from ingestion.sandbox.company.company import Company
    from ingestion.sandbox.systems.held import CrmLinks
    from ingestion.sandbox.systems.hubspot.companies import Companies
    from ingestion.sandbox.systems.hubspot.contacts import Contacts
    from ingestion.sandbox.systems.hubspot.owners import Owners

PERSONAS = {"Finance": "persona_1", "IT": "persona_2", "Operations": "persona_3"}
_ANALYTICS = {  # lead source: what HubSpot itself saw
    "Organic Search": "ORGANIC_SEARCH",
    "Paid Search": "PAID_SEARCH",
    "Webinar": "EMAIL_MARKETING",
    "Content Syndication": "OTHER_CAMPAIGNS",
    "Trade Show": "OFFLINE",
    "Referral": "REFERRALS",
    "Outbound": "OFFLINE",
}
# Properties that the portal made for itself and that nobody's reports know.
_CUSTOM = {"favourite_topic": ("costs", "security", "integration"), "badge_printed": ("yes", "no")}


def contact_objects(
    company: Company,
    contacts: Contacts,
    owners: Owners,
    companies: Companies | None,
    links: CrmLinks | None,
) -> dict[str, Stored]:
    """Return contacts and contact_property_history; without companies it is a marketing portal."""
    every = _values(company, contacts, owners, links, is_crm=companies is not None)
    kept = KEPT_OF_CONTACTS if company.settings.mess.purged_history else None
    history = History("contact_property_history", "contact_id", contacts.ids, kept)
    return {
        "contacts": _contacts(company, contacts, every, companies),
        "contact_property_history": property_history(
            history, list(every.values()), owners, contacts.holding
        ),
    }


def _values(
    company: Company,
    contacts: Contacts,
    owners: Owners,
    links: CrmLinks | None,
    *,
    is_crm: bool,
) -> dict[str, Values]:
    """All properties that have a history, by their names."""
    found = [
        *_details(company, contacts),
        lifecycle_values(company, contacts, is_crm=is_crm),
        _scores(company, contacts),
    ]
    if is_crm:
        line, at, owner = owner_changes(company, contacts)
        found += [
            status_values(company, contacts),
            reason_values(company, contacts),
            values_of("hubspot_owner_id", line, at, owners.id_of(owner), How(BY_WORKFLOW)),
        ]
    if links is not None:
        found += _crm_ids(company, contacts, links)
    return {one.property: one for one in found}


def _details(company: Company, contacts: Contacts) -> list[Values]:
    """Addresses and phones, which people correct."""
    people, lines = company.people, contacts.lines
    size = len(lines)
    source, by = how_created(company, contacts)
    own = np.flatnonzero(~lines.is_double)
    human = lines.human[own]
    parts = (
        ("email", lines.email, people.email_changes_at, people.new_email),
        ("phone", people.phone[lines.human], people.phone_told_at, people.phone_known),
    )
    return [
        values_of(
            name,
            np.append(np.arange(size), own),
            np.append(lines.created_at, changes_at[human]),
            column(np.append(first, new[human])),
            How(
                np.append(source, np.full(len(own), BY_FORM)),
                np.append(by, np.full(len(own), NOBODY)),
            ),
        )
        for name, first, changes_at, new in parts
    ]


def _scores(company: Company, contacts: Contacts) -> Values:
    scores = company.scores
    line = contacts.of_human[scores.human]
    kept = np.flatnonzero(line >= 0)
    size = len(contacts.lines)
    words = tuple(str(number) for number in range(int(scores.new.max(initial=0)) + 1))
    return values_of(
        "hubspotscore",
        np.append(np.arange(size), line[kept]),
        np.append(contacts.lines.created_at, scores.at[kept]),
        coded(np.append(np.zeros(size, dtype=np.int64), scores.new[kept]), words),
        How(BY_SCORE),
    )


def _crm_ids(company: Company, contacts: Contacts, links: CrmLinks) -> list[Values]:
    """Under which ids the CRM knows somebody, as the sync tells five minutes later."""
    line = contacts.of_human[links.human]
    known = line >= 0
    at = np.floor(np.fmax(links.at + 5 * MINUTE, contacts.lines.created_at[line]))
    at = before(company.settings.end, only(known, at))
    return [
        values_of(name, line, at, ids, How(BY_SYNC))
        for name, ids in (
            ("hs_salesforceleadid", links.lead_id),
            ("hs_salesforcecontactid", links.contact_id),
        )
    ]


def _contacts(
    company: Company,
    contacts: Contacts,
    every: dict[str, Values],
    companies: Companies | None,
) -> Stored:
    people, accounts, settings = company.people, company.accounts, company.settings
    lines, size = contacts.lines, len(contacts)
    human = lines.human[contacts.line]
    account = people.account[human]
    created = lines.created_at[contacts.line]
    rng = stream(settings.seed, "hubspot contact fields")
    names = accounts.name[account].copy()
    names[some(rng, len(people), settings.mess.missing_field)[human]] = None
    source = people.source[human]
    fixed = {
        "hs_object_id": contacts.ids,
        "createdate": instants(created),
        "firstname": people.first_name[human],
        "lastname": people.last_name[human],
        "jobtitle": people.title[human],
        "company": names,
        "country": accounts.country[account],
        "lead_source": source,
        "hs_analytics_source": labelled(source, _ANALYTICS),
        "hs_persona": labelled(said(people.role[human]), PERSONAS),
        "hs_additional_emails": contacts.more_emails,
        "hs_merged_object_ids": contacts.merged,
    }
    if settings.mess.custom_field:
        rng = stream(settings.seed, "hubspot custom fields")
        fixed |= {name: one_of(rng, len(people), words)[human] for name, words in _CUSTOM.items()}
    changing = {
        name: one.changing(size, contacts.spread(one.record)) for name, one in every.items()
    }
    changing |= _entered(every["lifecyclestage"], contacts)
    changing |= _archived(contacts)
    if companies is not None:
        changing["associatedcompanyid"] = _company_of(company, contacts, companies)
    rng = stream(settings.seed, "hubspot late contacts")
    is_late, delay = some(rng, len(people), settings.mess.late_commit), rng.random(len(people))
    return build_stored(
        "contacts",
        (*fixed, *changing, "lastmodifieddate"),
        created_at=contacts.begins_at,
        fixed=fixed,
        changing=changing,
        stamp="lastmodifieddate",
        gone_at=contacts.gone_at,
        lag=np.where(is_late, 1 + np.floor((HOUR - 1) * delay), 0)[human],
    )


def _entered(lifecycle: Values, contacts: Contacts) -> dict[str, Changing]:
    """When each stage of life was entered, for each of HubSpot's names for it."""
    code = pc.index_in(lifecycle.value.dictionary, pa.array(LIFECYCLES)).take(
        lifecycle.value.indices
    )
    stage = code.to_numpy()
    never = instants(np.full(len(contacts), np.nan))
    found = {}
    for place, name in enumerate(LIFECYCLES):
        own = np.flatnonzero(stage == place)
        which, record = contacts.spread(lifecycle.record[own])
        at: Moments = lifecycle.at[own[which]]
        found[f"hs_v2_date_entered_{name}"] = Changing(never, record, at, instants(at))
        if place == CUSTOMER:
            found["hs_lifecyclestage_customer_date"] = found[f"hs_v2_date_entered_{name}"]
    return found


def _archived(contacts: Contacts) -> dict[str, Changing]:
    lines = contacts.lines
    gone = np.flatnonzero(ever(lines.deleted_at))
    which, record = contacts.spread(np.append(gone, gone))
    at = np.append(lines.deleted_at[gone], lines.restored_at[gone])[which]
    is_gone = np.repeat([True, False], len(gone))[which]
    return {
        "archived": Changing(np.zeros(len(contacts), dtype=bool), record, at, is_gone),
        "archivedAt": Changing(
            instants(np.full(len(contacts), np.nan)), record, at, instants(only(is_gone, at))
        ),
    }


def _company_of(company: Company, contacts: Contacts, companies: Companies) -> Changing:
    joins = np.flatnonzero(ever(companies.joined_at))
    which, record = contacts.spread(joins)
    line = joins[which]
    account = company.people.account[contacts.lines.human[line]]
    ids = companies.ids.take(pa.array(account))
    return Changing(pa.nulls(len(contacts), pa.string()), record, companies.joined_at[line], ids)
