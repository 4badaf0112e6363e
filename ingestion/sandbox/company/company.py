"""The company as a whole: everything that happens in it, from one seed."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from ingestion.sandbox.chance import some, stream
from ingestion.sandbox.clock import DAY, before, ever, gap, never, office_days, waking, working
from ingestion.sandbox.company.accounts import draw_accounts
from ingestion.sandbox.company.answers import RECYCLED, REJECTED
from ingestion.sandbox.company.attempts import draw_attempts
from ingestion.sandbox.company.campaigns import draw_campaigns, draw_contents
from ingestion.sandbox.company.customers import draw_invoices, draw_margins, see_customers
from ingestion.sandbox.company.exits import EXPIRED, LOST, WON, see_exits
from ingestion.sandbox.company.opportunities import draw_follow_ups, draw_new_business
from ingestion.sandbox.company.people import MARKETING, SALES_CONTACT, draw_people
from ingestion.sandbox.company.rounds import draw_rounds
from ingestion.sandbox.company.staff import draw_staff
from ingestion.sandbox.company.starts import Starts
from ingestion.sandbox.company.touches import draw_scores, draw_touches
from ingestion.sandbox.company.world import World

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ingestion.sandbox.company.attempts import Attempts
    from ingestion.sandbox.company.customers import Customers, Invoices, Margins
    from ingestion.sandbox.company.exits import Exits
    from ingestion.sandbox.company.opportunities import Opportunities
    from ingestion.sandbox.company.rounds import Rounds
    from ingestion.sandbox.company.touches import Scores, Touches
    from ingestion.sandbox.settings import Settings

_MOST_ROUNDS = 4
# Who comes back after an exit: outcome -> (share, median days until then).
_COME_BACK = {
    RECYCLED: (0.40, 75.0),
    REJECTED: (0.15, 40.0),
    EXPIRED: (0.12, 100.0),
    LOST: (0.10, 150.0),
}
# Customers who buy something new, by a rep: a pass of its own.
_BUY_AGAIN = (0.08, 200.0)

Part = TypeVar("Part")


@dataclass(frozen=True, kw_only=True)
class Company(World):
    """Everything that really happened, up to the end of the last day."""

    rounds: Rounds
    exits: Exits  # one per round
    touches: Touches
    scores: Scores
    attempts: Attempts
    deals: Opportunities
    customers: Customers
    invoices: Invoices
    margins: Margins


def simulate(settings: Settings) -> Company:
    """Let the company live from its first day to its last.

    The same settings give the same company. Another rate of mess leaves people, accounts and
    who responds when as they were; what follows from what it makes different may differ.
    """

    def chance(noun: str) -> np.random.Generator:
        return stream(settings.seed, noun)

    accounts = draw_accounts(chance("accounts"), settings)
    campaigns = draw_campaigns(chance("campaigns"), settings)
    world = World(
        settings=settings,
        staff=draw_staff(chance("staff"), settings),
        accounts=accounts,
        people=draw_people(chance("people"), accounts, settings),
        campaigns=campaigns,
        contents=draw_contents(chance("contents"), campaigns, settings),
    )
    lived: list[tuple[Rounds, Exits, Touches, Attempts, Opportunities]] = []
    starts = _first_starts(world)
    for number in range(1, _MOST_ROUNDS + 1):
        rounds = draw_rounds(chance(f"rounds {number}"), world, starts)
        touches = draw_touches(chance(f"touches {number}"), world, rounds)
        deals = _deals(chance(f"deals {number}"), world, rounds)
        attempts = draw_attempts(chance(f"attempts {number}"), world, rounds, deals)
        exits = see_exits(rounds, touches, attempts, deals, settings.end)
        lived.append((rounds, exits, touches, attempts, deals))
        starts = _coming_back(chance(f"coming back {number}"), world, rounds, exits, deals)

    every = [list(parts) for parts in zip(*lived, strict=True)]
    of_round, of_deal = _offsets(every[0]), _offsets(every[4])
    rounds, exits = _joined(every[0], {}), _joined(every[1], {})
    places = {"round": of_round, "deal": of_deal, "first": of_deal, "change_of": of_deal}
    touches, attempts = _in_order(_joined(every[2], places)), _in_order(_joined(every[3], places))
    deals = _joined(every[4], places)
    customers = see_customers(deals)
    return Company(
        **vars(world),
        rounds=rounds,
        exits=exits,
        touches=touches,
        scores=draw_scores(chance("scores"), rounds, touches, exits.ended_at, settings.end),
        attempts=attempts,
        deals=deals,
        customers=customers,
        invoices=draw_invoices(customers, deals, settings.end),
        margins=draw_margins(chance("margins"), world, customers),
    )


def _first_starts(world: World) -> Starts:
    """Who responds to marketing, and whom reps find."""
    people = world.people
    found = people.responds | (people.known_by != MARKETING)
    human = np.flatnonzero(found & (people.first_at < world.settings.end))
    return Starts(1, human, people.first_at[human], people.known_by[human])


def _deals(rng: np.random.Generator, world: World, rounds: Rounds) -> Opportunities:
    """New business of the rounds, and what follows from what was won."""
    new = draw_new_business(rng, world, rounds)
    parts = [new, *draw_follow_ups(rng, world, new)]
    return _joined(parts, {"change_of": _offsets(parts)})


def _coming_back(
    rng: np.random.Generator, world: World, rounds: Rounds, exits: Exits, deals: Opportunities
) -> Starts:
    """Who has another round, when it begins, and who begins it."""
    size, people = len(rounds), world.people
    zone = people.zone[rounds.human]
    returns_at = never(size)
    by_marketing = people.known_by[rounds.human] == MARKETING
    for outcome, (share, days) in _COME_BACK.items():
        who = by_marketing & (exits.outcome == outcome) & some(rng, size, share)
        at = exits.ended_at + gap(rng, size, days * DAY, 0.7)
        at = waking(office_days(rng, at, zone), zone)
        returns_at = np.where(who, at, returns_at)
    won_at = never(size)
    np.fmin.at(won_at, deals.round[deals.is_won], deals.closed_at[deals.is_won])
    share, days = _BUY_AGAIN
    buys = (exits.outcome == WON) & some(rng, size, share)
    again = working(rng, won_at + gap(rng, size, days * DAY, 0.5), zone)
    returns_at = before(world.settings.end, np.where(buys, again, returns_at))
    back = np.flatnonzero(ever(returns_at))
    entry = np.where(buys[back], SALES_CONTACT, MARKETING)
    number = int(rounds.number.max(initial=0)) + 1
    return Starts(number, rounds.human[back], returns_at[back], entry)


def _offsets(parts: Sequence[Any]) -> list[int]:
    """Where each part begins when they are put together."""
    return [0, *np.cumsum([len(part) for part in parts])[:-1].tolist()]


def _joined(parts: Sequence[Part], offsets: Mapping[str, Sequence[int]]) -> Part:
    """Put parts together; `offsets` moves what refers to a place (-1 refers to nothing)."""
    columns = {}
    for field in fields(parts[0]):  # type: ignore[arg-type]
        values = [getattr(part, field.name) for part in parts]
        if moves := offsets.get(field.name):
            values = [
                np.where(value >= 0, value + move, value)
                for value, move in zip(values, moves, strict=True)
            ]
        columns[field.name] = np.concatenate(values)
    return type(parts[0])(**columns)


def _in_order(flow: Part) -> Part:
    """Sort what happened by time; what happened at once stays as it was."""
    order = np.argsort(flow.at, kind="stable")  # type: ignore[attr-defined]
    return type(flow)(
        **{one.name: getattr(flow, one.name)[order] for one in fields(flow)}  # type: ignore[arg-type]
    )
