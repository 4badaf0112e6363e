"""Deals: new business, renewals and expansions, stage by stage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ingestion.sandbox.chance import one_of, places, some
from ingestion.sandbox.clock import DAY, before, ever, later, never, only, working
from ingestion.sandbox.company.people import SOURCES
from ingestion.sandbox.company.staff import AE, CSM

if TYPE_CHECKING:
    from ingestion.sandbox.arrays import Flags, Moments, Numbers, Texts
    from ingestion.sandbox.company.rounds import Rounds
    from ingestion.sandbox.company.world import World
    from ingestion.sandbox.mess import Mess

NEW_BUSINESS, RENEWAL, EXPANSION = 0, 1, 2
# Stages by their place; the deals of each system give them names of their own.
DISCOVERY, QUALIFICATION, PROPOSAL, NEGOTIATION, WON, LOST = range(6)
LOSS_REASONS = {  # reason: share
    "price": 0.24,
    "competitor": 0.2,
    "no_decision": 0.28,
    "missing_feature": 0.1,
    "lost_contact": 0.12,
    "other": 0.06,
}
COMPETITORS = ("Northwind", "Contoso", "Fabrikam")
PRODUCTS = {  # product: (share, how its win rate compares, typical amount)
    "Starter": (0.45, 1.2, 9_000),
    "Team": (0.35, 1.0, 24_000),
    "Enterprise": (0.20, 0.6, 80_000),
}

_OPENS_QUALIFIED = 0.35  # without discovery
_STALLS = 0.08
_WON = 0.24  # of the others, before source, product and fit
_SKIPS_NEGOTIATION = 0.15
_RENEWS = 0.8
_EXPANDS = 0.1  # of customers, each year
_YEARS = 3  # of renewals at the most: the company is simulated for three years


@dataclass(frozen=True)
class Opportunities:
    """One entry per deal in every array; `changes_*`: one entry per change of a stage."""

    human: Numbers
    round: Numbers  # place in Rounds; of a renewal, the round of the first deal
    first: Numbers  # place of the customer's first deal, its own for new business
    kind: Numbers  # NEW_BUSINESS, RENEWAL or EXPANSION
    owner: Numbers
    product: Texts
    created_at: Moments
    opening: Numbers  # the stage it opens in
    amount: Moments  # in its currency, at creation
    closed_amount: Moments  # as closed
    currency: Texts
    closed_at: Moments  # as it stands at the end; never while it is open
    is_won: Flags
    reason: Texts
    competitor: Texts
    change_of: Numbers  # place of the deal, sorted by deal and time
    change_to: Numbers
    change_at: Moments

    def __len__(self) -> int:
        return len(self.human)


def draw_new_business(rng: np.random.Generator, world: World, rounds: Rounds) -> Opportunities:
    """Make up the deals that the rounds lead to; `round` is a place in these rounds."""
    people, accounts, staff = world.people, world.accounts, world.staff
    end, mess = world.settings.end, world.settings.mess
    round_ = np.flatnonzero(ever(rounds.opportunity_at))
    human, created = rounds.human[round_], rounds.opportunity_at[round_]
    size = len(human)
    region = accounts.region[people.account[human]]
    owner = staff.on_duty(AE, region, people.account[human], created)
    zone = staff.zone[owner]

    def chance(rate: float) -> Flags:
        return some(rng, size, rate)

    names = np.array(list(PRODUCTS), dtype=object)
    share, factor, price = np.array(list(PRODUCTS.values())).T
    product = places(rng, size, len(names), list(share))
    source = people.source[human]
    by_source = np.ones(size)
    for name, (_, wins_more) in SOURCES.items():
        by_source[source == name] = wins_more
    amount = np.round(price[product] * np.exp(0.5 * rng.standard_normal(size)), -2)

    stalls = chance(_STALLS)
    rate = _WON * factor[product] * by_source * np.clip(people.fit[human], 0.6, 1.4)
    wins = ~stalls & (rng.random(size) < rate)
    furthest = np.where(wins, 3, places(rng, size, 4, (0.08, 0.27, 0.4, 0.25)))
    opens_qualified = chance(_OPENS_QUALIFIED)
    moved = only(~opens_qualified & (furthest >= 1), later(rng, created, zone, 8 * DAY))
    qualified = np.where(opens_qualified, created, moved)
    proposed = only(furthest >= 2, later(rng, qualified, zone, 14 * DAY))
    back = only(chance(mess.backward_stage), later(rng, proposed, zone, 4 * DAY))
    proposed_again = later(rng, back, zone, 5 * DAY)
    latest = np.where(ever(back), proposed_again, proposed)
    negotiates = (furthest >= 3) & ~chance(_SKIPS_NEGOTIATION)
    negotiated = only(negotiates, later(rng, latest, zone, 12 * DAY))
    at_last = np.fmax.reduce([created, qualified, latest, negotiated])
    closed = only(~stalls, later(rng, at_last, zone, 10 * DAY))
    reopens = ~wins & ever(closed) & chance(mess.reopened)
    reopened = only(reopens, later(rng, closed, zone, 25 * DAY, 0.6))
    lost_again = chance(mess.lost_again)
    closed_again = later(rng, reopened, zone, 15 * DAY)
    steps = [
        (QUALIFICATION, moved),
        (PROPOSAL, proposed),
        (QUALIFICATION, back),
        (PROPOSAL, proposed_again),
        (NEGOTIATION, negotiated),
        (WON, only(wins, closed)),
        (LOST, only(~wins, closed)),
        (PROPOSAL, reopened),
        (WON, only(~lost_again, closed_again)),
        (LOST, only(lost_again, closed_again)),
    ]
    discount = np.round(1 - 0.2 * rng.random(size) * chance(0.4), 2)
    draft = _Draft(
        human=human,
        round=round_,
        first=np.arange(size),
        kind=np.full(size, NEW_BUSINESS),
        owner=owner,
        product=names[product],
        created_at=created,
        opening=np.where(opens_qualified, QUALIFICATION, DISCOVERY),
        amount=amount,
        currency=accounts.currency[people.account[human]],
    )
    moves = [(to, before(end, at)) for to, at in steps]
    return _closed(rng, draft, moves, np.round(amount * discount, 2), mess)


def draw_follow_ups(
    rng: np.random.Generator, world: World, deals: Opportunities
) -> list[Opportunities]:
    """Make up the renewals and expansions of the deals won, year by year until one is lost."""
    people, accounts, staff = world.people, world.accounts, world.staff
    end, mess = world.settings.end, world.settings.mess
    made = []
    first = np.flatnonzero(deals.is_won)
    won_at = deals.closed_at[first]
    amount, product = deals.closed_amount[first], deals.product[first]
    for _ in range(_YEARS):
        due = won_at + 365 * DAY
        region = accounts.region[people.account[deals.human[first]]]
        owner = staff.on_duty(CSM, region, first, won_at)
        zone = staff.zone[owner]
        asked = working(rng, due - 60 * DAY, zone)
        decided = working(rng, due, zone)
        renews = some(rng, len(first), _RENEWS)
        expands = some(rng, len(first), _EXPANDS)
        grown = later(rng, won_at + 60 * DAY, zone, 60 * DAY)
        raised = np.round(amount * np.where(some(rng, len(first), 0.3), 1.07, 1.0), -1)
        for kind, opened, closed, is_won, opening, value in (
            (RENEWAL, asked, decided, renews, NEGOTIATION, raised),
            (
                EXPANSION,
                only(expands & (grown + 45 * DAY < due), grown),
                later(rng, grown, zone, 20 * DAY, 0.5),
                some(rng, len(first), 0.6),
                PROPOSAL,
                np.round(0.3 * amount, -1),
            ),
        ):
            kept = ever(before(end, opened))
            size = int(kept.sum())
            draft = _Draft(
                human=deals.human[first][kept],
                round=deals.round[first][kept],
                first=first[kept],
                kind=np.full(size, kind),
                owner=staff.covered(owner, opened)[kept],
                product=product[kept],
                created_at=opened[kept],
                opening=np.full(size, opening),
                amount=value[kept],
                currency=deals.currency[first][kept],
            )
            steps = [(WON, only(is_won, closed)), (LOST, only(~is_won, closed))]
            moves = [(to, before(end, at)[kept]) for to, at in steps]
            made.append(_closed(rng, draft, moves, value[kept], mess))
        goes_on = renews & ever(before(end, decided))
        first, won_at = first[goes_on], decided[goes_on]
        amount, product = raised[goes_on], product[goes_on]
    return made


@dataclass(frozen=True)
class _Draft:
    """Deals as they are opened."""

    human: Numbers
    round: Numbers
    first: Numbers
    kind: Numbers
    owner: Numbers
    product: Texts
    created_at: Moments
    opening: Numbers
    amount: Moments
    currency: Texts


def _closed(
    rng: np.random.Generator,
    draft: _Draft,
    moves: list[tuple[int, Moments]],
    closed_amount: Moments,
    mess: Mess,
) -> Opportunities:
    """Sort the moves into changes, and see how each deal stands at the end."""
    size = len(draft.human)
    moments = np.column_stack([at for _, at in moves])
    to = np.array([stage for stage, _ in moves])
    deal, move = np.nonzero(~np.isnan(moments))
    at = moments[deal, move]
    order = np.lexsort((move, at, deal))
    deal, stage, at = deal[order], to[move[order]], at[order]
    is_last = np.diff(deal, append=-1) != 0
    current, closed = np.full(size, -1), never(size)
    current[deal[is_last]] = stage[is_last]
    closed[deal[is_last]] = at[is_last]
    is_lost = current == LOST
    reason = one_of(rng, size, list(LOSS_REASONS), list(LOSS_REASONS.values()))
    reason[~is_lost | some(rng, size, mess.reason_missing)] = None
    competitor = one_of(rng, size, COMPETITORS)
    competitor[reason != "competitor"] = None
    is_zero = is_lost & some(rng, size, mess.zero_lost_amount)
    return Opportunities(
        **vars(draft),
        closed_amount=np.where(is_zero, 0.0, closed_amount),
        closed_at=only(np.isin(current, (WON, LOST)), closed),
        is_won=current == WON,
        reason=reason,
        competitor=competitor,
        change_of=deal,
        change_to=stage,
        change_at=at,
    )
