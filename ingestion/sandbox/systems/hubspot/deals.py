"""Deals, their history, and the contacts and companies that they are about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.sandbox.chance import some, stream
from ingestion.sandbox.clock import DAY, HOUR, ever, never, only
from ingestion.sandbox.company.opportunities import NEGOTIATION, NEW_BUSINESS, RENEWAL, WON
from ingestion.sandbox.systems.columns import column, instants
from ingestion.sandbox.systems.hubspot.histories import (
    BY_HAND,
    BY_WORKFLOW,
    KEPT_OF_OTHERS,
    History,
    How,
    Values,
    property_history,
    values_of,
)
from ingestion.sandbox.systems.hubspot.owners import (
    CLOSED,
    NEW_BUSINESS_PIPELINE,
    PROBABILITIES,
    RENEWAL_PIPELINE,
    STAGE_IDS,
    stage_code,
)
from ingestion.sandbox.systems.identifiers import numeric
from ingestion.sandbox.systems.slips import Changes, chain, flicker
from ingestion.sandbox.systems.stored import Changing, Stored, append_only, build_stored
from ingestion.sandbox.systems.words import coded, labelled

if TYPE_CHECKING:
    from ingestion.sandbox.arrays import Flags, Moments, Numbers
    from ingestion.sandbox.company.company import Company
    from ingestion.sandbox.systems.hubspot.companies import Companies
    from ingestion.sandbox.systems.hubspot.contacts import Contacts
    from ingestion.sandbox.systems.hubspot.owners import Owners

LOSS_REASONS = {
    "price": "Price too high",
    "competitor": "Chose a competitor",
    "no_decision": "No decision",
    "missing_feature": "Feature missing",
    "lost_contact": "Went silent",
    "other": "Other reason",
}
_KINDS = ("newbusiness", "renewal", "existingbusiness")
_PRIMARY, _INFLUENCER = "Primary contact", "Influencer"
_LABEL_IDS = np.array([21, 23])  # types that the portal made for itself
_COMPANY_TYPE = 5  # deal to its primary company


@dataclass(frozen=True)
class Deals:
    """One entry per deal in every array, in the order of their ids."""

    deal: Numbers  # place in Opportunities
    ids: pa.Array
    place: Numbers  # per deal of the company: its place here, -1 for none
    stages: Changes  # places in STAGE_IDS
    opening: Numbers
    has_account: Flags
    has_role: Flags
    signed_at: Moments  # a close date long before the closing; never where it is right
    expected_at: Moments  # the close date while the deal is open

    def __len__(self) -> int:
        return len(self.deal)


def draw_deals(company: Company, members: Flags, first_id: int) -> Deals:
    """Write the deals of these people down, with the slips of those who write."""
    deals, settings = company.deals, company.settings
    seed, mess, size = settings.seed, settings.mess, len(company.deals)
    own = np.flatnonzero(members[deals.human])
    own = own[np.argsort(deals.created_at[own], kind="stable")]
    place = np.full(size, -1)
    place[own] = np.arange(len(own))
    meets = some(stream(seed, "hubspot deals same second"), size, mess.same_second)
    kept = np.flatnonzero(place[deals.change_of] >= 0)
    of, new, at = deals.change_of[kept], deals.change_to[kept], deals.change_at[kept].copy()
    # One save, two stamps: the last step is written down together with the signature.
    together = np.flatnonzero(
        meets[of[:-1]] & (of[:-1] == of[1:]) & (new[:-1] == NEGOTIATION) & (new[1:] == WON)
    )
    at[together] = at[together + 1]
    opening = stage_code(deals.opening[own], deals.kind[own])
    stages = flicker(
        stream(seed, "hubspot stage flicker"),
        opening,
        chain(opening, place[of], at, stage_code(new, deals.kind[of])),
        settings,
        spared=CLOSED,
    )
    rng = stream(seed, "hubspot deals")
    is_new = deals.kind == NEW_BUSINESS
    has_account = ~some(rng, size, mess.deal_without_account)
    has_role = ~(is_new & some(rng, size, mess.deal_without_role))
    is_early = deals.is_won & is_new & some(rng, size, mess.deal_before_contact)
    signed = company.people.first_at[deals.human] - np.floor((3 + 27 * rng.random(size)) * DAY)
    expected = deals.created_at + np.floor((30 + 60 * rng.random(size)) * DAY)
    return Deals(
        deal=own,
        ids=numeric(np.arange(len(own)), first_id),
        place=place,
        stages=stages,
        opening=opening,
        has_account=has_account[own],
        has_role=has_role[own],
        signed_at=only(is_early, signed)[own],
        expected_at=expected[own],
    )


def deal_objects(
    company: Company, deals: Deals, companies: Companies, owners: Owners
) -> dict[str, Stored]:
    """Return deals and deal_property_history."""
    every = _values(company, deals, owners)
    kept = KEPT_OF_OTHERS if company.settings.mess.purged_history else None
    history = History("deal_property_history", "deal_id", deals.ids, kept)
    return {
        "deals": _deals(company, deals, companies, every),
        "deal_property_history": property_history(history, every, owners),
    }


def deal_contacts(company: Company, deals: Deals, contacts: Contacts) -> Stored:
    """Return the contacts of deals: its person, and a colleague who is there by then.

    One row per association with its label; HubSpot tells the unlabelled type beside it.
    """
    lines = contacts.lines
    human = company.deals.human[deals.deal]
    primary = np.flatnonzero(deals.has_role)
    own = np.flatnonzero(contacts.of_human >= 0)
    account = company.people.account
    order = own[np.argsort(account[own], kind="stable")]
    start = np.searchsorted(account[order], account[human[primary]], side="left")
    stop = np.searchsorted(account[order], account[human[primary]], side="right")
    drawn = stream(company.settings.seed, "hubspot roles").random(len(company.deals))
    shift = np.floor((stop - start) * drawn[deals.deal[primary]]).astype(np.int64)
    colleague = order[np.minimum(start + shift, len(order) - 1)]
    created = company.deals.created_at[deals.deal[primary]]
    there = lines.created_at[contacts.of_human[colleague]] <= created
    joins = np.flatnonzero((colleague != human[primary]) & there)

    deal = np.append(primary, primary[joins])
    line = contacts.of_human[np.append(human[primary], colleague[joins])]
    at = np.append(created, created[joins])
    label = np.repeat([0, 1], [len(primary), len(joins)])
    order = np.lexsort((label, deal))
    deal, line, at, label = deal[order], line[order], at[order], label[order]
    held = contacts.holding(line, at)
    return Stored(
        name="deal_contacts",
        fixed={
            "deal_id": deals.ids.take(pa.array(deal)),
            "category": coded(np.zeros(len(deal), dtype=np.int64), ("USER_DEFINED",)),
            "typeId": _LABEL_IDS[label],
            "label": coded(label, (_PRIMARY, _INFLUENCER)),
        },
        record=held.place,
        shown_from=held.shown_from,
        shown_until=held.shown_until,
        varying={"contact_id": contacts.ids.take(pa.array(held.record))},
        fields=("deal_id", "contact_id", "category", "typeId", "label"),
    )


def deal_companies(company: Company, deals: Deals, companies: Companies) -> Stored:
    """Return the companies of deals."""
    own = np.flatnonzero(deals.has_account)
    account = company.people.account[company.deals.human[deals.deal[own]]]
    one = np.zeros(len(own), dtype=np.int64)
    return append_only(
        "deal_companies",
        ("deal_id", "company_id", "category", "typeId", "label"),
        {
            "deal_id": deals.ids.take(pa.array(own)),
            "company_id": companies.ids.take(pa.array(account)),
            "category": coded(one, ("HUBSPOT_DEFINED",)),
            "typeId": one + _COMPANY_TYPE,
            "label": coded(one, ("Primary",)),
        },
        company.deals.created_at[deals.deal[own]],
    )


def _values(company: Company, deals: Deals, owners: Owners) -> list[Values]:
    """Stage, amount and owner over time."""
    all_deals = company.deals
    every, stages = np.arange(len(deals)), deals.stages
    created = all_deals.created_at[deals.deal]
    owner = all_deals.owner[deals.deal]
    stage = values_of(
        "dealstage",
        np.append(every, stages.record),
        np.append(created, stages.at),
        coded(np.append(deals.opening, stages.new), STAGE_IDS),
        How(BY_HAND, np.append(owner, owner[stages.record])),
    )
    closes = np.flatnonzero(
        ever(all_deals.closed_at[deals.deal])
        & (all_deals.closed_amount[deals.deal] != all_deals.amount[deals.deal])
    )
    amount = values_of(
        "amount",
        np.append(every, closes),
        np.append(created, all_deals.closed_at[deals.deal[closes]]),
        _money(
            np.append(all_deals.amount[deals.deal], all_deals.closed_amount[deals.deal[closes]])
        ),
        How(BY_HAND, np.append(owner, owner[closes])),
    )
    owned = values_of("hubspot_owner_id", every, created, owners.id_of(owner), How(BY_WORKFLOW))
    return [stage, amount, owned]


def _money(amount: Moments) -> pa.Array:
    """Amounts as HubSpot writes them: two places where there are cents, else none."""
    cents = np.round(amount * 100).astype(np.int64)
    whole = pa.array(cents // 100).cast(pa.string())
    part = pc.utf8_lpad(pa.array(cents % 100).cast(pa.string()), 2, "0")
    return pc.if_else(
        pa.array(cents % 100 > 0), pc.binary_join_element_wise(whole, part, "."), whole
    )


def _deals(company: Company, deals: Deals, companies: Companies, every: list[Values]) -> Stored:
    all_deals, people, settings = company.deals, company.people, company.settings
    own, size = deals.deal, len(deals)
    account = people.account[all_deals.human[own]]
    created, kind = all_deals.created_at[own], all_deals.kind[own]
    named = company.accounts.name[account] + " - " + all_deals.product[own]
    source = people.source[all_deals.human[own]].copy()
    source[kind != NEW_BUSINESS] = None
    fixed = {
        "hs_object_id": deals.ids,
        "dealname": named,
        "pipeline": coded(
            (kind == RENEWAL).astype(np.int64), (NEW_BUSINESS_PIPELINE, RENEWAL_PIPELINE)
        ),
        "dealtype": coded(kind, _KINDS),
        "product": all_deals.product[own],
        "deal_currency_code": all_deals.currency[own],
        "lead_source": source,
        "hs_primary_associated_company": companies.ids.take(
            pa.array(account, mask=~deals.has_account)
        ),
        "createdate": instants(created),
        "archived": np.zeros(size, dtype=bool),
    }
    changing = {one.property: one.changing(size) for one in every}
    changing |= _standing(every[0], size) | _closing(company, deals)
    rng = stream(settings.seed, "hubspot late deals")
    is_late = some(rng, len(all_deals), settings.mess.late_commit)
    delay = 1 + np.floor((HOUR - 1) * rng.random(len(all_deals)))
    return build_stored(
        "deals",
        (*fixed, *changing, "hs_lastmodifieddate"),
        created_at=created,
        fixed=fixed,
        changing=changing,
        stamp="hs_lastmodifieddate",
        lag=np.where(is_late, delay, 0)[own],
    )


def _standing(stage: Values, size: int) -> dict[str, Changing]:
    """What HubSpot itself makes of the stage: closed, won, probability, when it was entered."""
    code = stage.value.indices.to_numpy()
    probability = np.array(PROBABILITIES, dtype=object)[code]
    is_won, is_closed = probability == "1.0", np.isin(code, CLOSED)
    no, never_ = np.zeros(size, dtype=bool), instants(never(size))
    nothing = np.full(size, None, dtype=object)
    found = {
        "hs_is_closed": Changing(no, stage.record, stage.at, is_closed),
        "hs_is_closed_won": Changing(no, stage.record, stage.at, is_won),
        "hs_deal_stage_probability": Changing(nothing, stage.record, stage.at, probability),
        "hs_v2_date_entered_current_stage": Changing(
            never_, stage.record, stage.at, instants(stage.at)
        ),
    }
    for place, name in enumerate(STAGE_IDS):
        there = np.flatnonzero(code == place)
        at = stage.at[there]
        found[f"hs_v2_date_entered_{name}"] = Changing(
            never_, stage.record[there], at, instants(at)
        )
    return found


def _closing(company: Company, deals: Deals) -> dict[str, Changing]:
    """The close date, hoped for and then real; and why a deal was lost."""
    all_deals, stages = company.deals, deals.stages
    closed_at = all_deals.closed_at[deals.deal]
    closes = np.flatnonzero(np.isin(stages.new, CLOSED))
    record, at = stages.record[closes], stages.at[closes]
    is_final = at == closed_at[record]
    shown = np.where(is_final & ever(deals.signed_at[record]), deals.signed_at[record], at)
    lost = np.flatnonzero(ever(closed_at) & ~all_deals.is_won[deals.deal])
    reason = labelled(all_deals.reason[deals.deal[lost]], LOSS_REASONS)
    competitor = all_deals.competitor[deals.deal[lost]]
    nothing = np.full(len(deals), None, dtype=object)
    return {
        "closedate": Changing(instants(deals.expected_at), record, at, instants(shown)),
        "closed_lost_reason": Changing(nothing, lost, closed_at[lost], column(reason)),
        "competitor": Changing(nothing, lost, closed_at[lost], column(competitor)),
    }
