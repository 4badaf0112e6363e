"""What sales does about people: calls, mail, meetings; and what machines do in its name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ingestion.sandbox.chance import places, some
from ingestion.sandbox.clock import DAY, MINUTE, before, ever, later, only, working

if TYPE_CHECKING:
    from ingestion.sandbox.arrays import Flags, Moments, Numbers
    from ingestion.sandbox.company.opportunities import Opportunities
    from ingestion.sandbox.company.rounds import Rounds
    from ingestion.sandbox.company.staff import Staff
    from ingestion.sandbox.company.world import World
    from ingestion.sandbox.mess import Mess

CALL, EMAIL, MEETING = 0, 1, 2
MACHINE = -1  # the owner of what nobody did
_MOST_ATTEMPTS = 4
_GOES_ON = 0.7
_SHOWS = 0.35  # of mails and meetings, some content
_TALKS = (0.1, 0.4, 0.7)  # of the way of a deal

# Columns of activities to be: round, deal, owner, at, kind, outbound, completed, sequence.
Part: TypeAlias = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class Attempts:
    """One entry per activity of sales in every array, in the order of time."""

    human: Numbers
    round: Numbers  # place in Rounds
    deal: Numbers  # place in Opportunities, -1 for none
    owner: Numbers  # place in Staff, MACHINE for what a machine did
    at: Moments  # when it was done, or is planned for
    kind: Numbers  # CALL, EMAIL or MEETING
    is_outbound: Flags
    is_completed: Flags
    is_sequence: Flags
    content: Numbers  # place in Contents of what was shown, -1 for nothing

    def __len__(self) -> int:
        return len(self.human)


def draw_attempts(
    rng: np.random.Generator, world: World, rounds: Rounds, deals: Opportunities
) -> Attempts:
    """Make up the activities of all rounds and deals up to the end."""
    staff, end, mess = world.staff, world.settings.end, world.settings.mess
    parts = [
        *_of_rounds(rng, staff, rounds),
        *_of_machines(rng, rounds, mess),
        *_of_deals(rng, staff, deals, end),
    ]
    columns = {
        name: np.concatenate([part[name] for part in parts])
        for name in ("round", "deal", "owner", "at", "kind", "outbound", "completed", "sequence")
    }
    kept = ever(before(end, columns["at"]))
    columns = {name: values[kept] for name, values in columns.items()}
    human = rounds.human[columns["round"]]
    order = np.lexsort((columns["kind"], human, columns["at"]))
    columns = {name: values[order] for name, values in columns.items()}
    is_human = (columns["owner"] != MACHINE) & columns["outbound"] & columns["completed"]
    shows = some(rng, len(order), _SHOWS) & is_human & (columns["kind"] != CALL)
    drawn = places(rng, len(order), len(world.contents))
    content = world.contents.shown(drawn, columns["at"], world.contents.by_sales)
    return Attempts(
        human=human[order],
        round=columns["round"],
        deal=columns["deal"],
        owner=columns["owner"],
        at=columns["at"],
        kind=columns["kind"],
        is_outbound=columns["outbound"].astype(bool),
        is_completed=columns["completed"].astype(bool),
        is_sequence=columns["sequence"].astype(bool),
        content=np.where(shows, content, -1),
    )


def _of_rounds(rng: np.random.Generator, staff: Staff, rounds: Rounds) -> list[Part]:
    size = len(rounds)
    owner = np.where(ever(rounds.reassigned_at), rounds.next_owner, rounds.owner)
    zone = staff.zone[owner]
    decided = np.fmin(rounds.accepted_at, rounds.rejected_at)
    until = np.fmin(decided, rounds.attempt_at + 20 * DAY)
    parts = []
    at, planned = rounds.attempt_at, np.zeros(size, dtype=bool)
    for _ in range(_MOST_ATTEMPTS):
        kind = places(rng, size, 2, (0.6, 0.4))
        parts.append(_part(at, staff.covered(owner, at), kind, completed=~planned))
        at = later(rng, at, zone, 1.5 * DAY)
        at = only((at < until) & some(rng, size, _GOES_ON), at)
        planned = some(rng, size, 0.08)
    replied = only(some(rng, size, 0.2), later(rng, rounds.attempt_at, zone, 0.4 * DAY))
    worker = staff.covered(owner, replied)
    parts.append(_part(replied, worker, np.full(size, EMAIL), outbound=np.zeros(size, dtype=bool)))
    return parts


def _of_machines(rng: np.random.Generator, rounds: Rounds, mess: Mess) -> list[Part]:
    """A first mail two minutes after the hand-off, and a sequence that goes on for days."""
    size = len(rounds)
    handed_over = only(ever(rounds.mql_at), rounds.crm_at)
    mail = np.full(size, EMAIL)
    nobody = np.full(size, MACHINE)
    first = only(some(rng, size, mess.robot_mail), handed_over + 2 * MINUTE)
    parts = [_part(first, nobody, mail)]
    goes_on = some(rng, size, mess.sequence)
    for day in (1, 3, 7):
        sent = only(goes_on, handed_over + day * DAY)
        parts.append(_part(sent, nobody, mail, sequence=np.ones(size, dtype=bool)))
    return parts


def _of_deals(
    rng: np.random.Generator, staff: Staff, deals: Opportunities, end: float
) -> list[Part]:
    size = len(deals)
    until = np.where(ever(deals.closed_at), deals.closed_at, deals.created_at + 40 * DAY)
    parts = []
    for share in _TALKS:
        at = deals.created_at + share * (until - deals.created_at)
        at = working(rng, np.minimum(at, end), staff.zone[deals.owner])
        at = only((at < until) & some(rng, size, 0.8), at)
        part = _part(at, staff.covered(deals.owner, at), places(rng, size, 3))
        part["round"], part["deal"] = deals.round, np.arange(size)
        parts.append(part)
    return parts


def _part(at: Moments, owner: Numbers, kind: Numbers, **flags: Flags) -> Part:
    """One entry per round, also of what never happened; outbound, completed and no sequence."""
    size = len(at)
    yes, no = np.ones(size, dtype=bool), np.zeros(size, dtype=bool)
    return {
        "round": np.arange(size),
        "deal": np.full(size, -1),
        "owner": owner,
        "at": np.floor(at),
        "kind": kind,
        "outbound": flags.get("outbound", yes),
        "completed": flags.get("completed", yes),
        "sequence": flags.get("sequence", no),
    }
