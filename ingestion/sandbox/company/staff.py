"""Who works for the company: territories, habits, who comes and who leaves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ingestion.sandbox.chance import some
from ingestion.sandbox.clock import DAY, MINUTE, only

if TYPE_CHECKING:
    from ingestion.sandbox.arrays import Flags, Moments, Numbers, Texts
    from ingestion.sandbox.settings import Settings

AMERICAS, EUROPE = 0, 1
REGIONS = ("Americas", "Europe")
SDR, AE, CSM, LEAD = 0, 1, 2, 3
ROLES = ("Sales Development", "Account Executives", "Customer Success", "Sales Management")
# Zones of each region's reps, by their place in clock.ZONES.
_ZONES = ((0, 1, 2), (3, 4))
# One more rep of a role and region for so many people.
_PEOPLE_PER_REP = 12_000
_FIRST_NAMES = (
    "Alex", "Bao", "Cleo", "Dana", "Emil", "Fay", "Gil", "Hana", "Ivo", "Joy", "Kim", "Lou",
    "Mika", "Noor", "Ola", "Pia", "Quinn", "Rio", "Sol", "Tove",
)  # fmt: skip
_LAST_NAMES = (
    "Berger", "Carter", "Diaz", "Ericson", "Faber", "Grant", "Hart", "Iyer", "Jung", "King",
    "Lund", "Moss", "Nagy", "Orr", "Park", "Reyes", "Stone", "Taylor", "Usher", "Vance",
)  # fmt: skip


@dataclass(frozen=True)
class Staff:
    """One entry per employee in every array. Somebody who leaves is followed by a colleague."""

    name: Texts
    role: Numbers
    region: Numbers
    zone: Numbers
    hired_at: Moments
    left_at: Moments
    response: Moments  # median seconds of office time to a first attempt

    def __len__(self) -> int:
        return len(self.name)

    def on_duty(self, role: int, region: Numbers, key: Numbers, at: Moments) -> Numbers:
        """Return who of this role and each one's region has the key at that moment.

        The first rep of a role and region never leaves, so there is always somebody. Where the
        moment never comes, the place means nothing.
        """
        owner = np.zeros(len(key), dtype=np.int64)
        for place in range(len(REGIONS)):
            reps = np.flatnonzero((self.role == role) & (self.region == place))
            there = np.flatnonzero(region == place)
            owner[there] = reps[key[there] % len(reps)]
        return self.covered(owner, at)

    def covered(self, owner: Numbers, at: Moments) -> Numbers:
        """Return who does each owner's work at that moment: they, or a colleague once they left."""
        following = np.arange(len(self))
        for role in range(len(ROLES)):
            for place in range(len(REGIONS)):
                reps = np.flatnonzero((self.role == role) & (self.region == place))
                following[reps] = np.roll(reps, -1)
        worker = owner.copy()
        while (gone := self.left_at[worker] <= at).any():
            worker[gone] = following[worker[gone]]
        return worker


def draw_staff(rng: np.random.Generator, settings: Settings) -> Staff:
    """Hire a lead and at least two reps of each role for each region."""
    start, end = settings.start, settings.end
    reps = 2 + settings.people // _PEOPLE_PER_REP
    role = [LEAD] + [one for one in (SDR, AE, CSM) for _ in range(reps)]
    roles = np.array(role * len(REGIONS))
    region = np.repeat(np.arange(len(REGIONS)), len(role))
    size = len(roles)
    is_first = np.diff(roles, prepend=-1) != 0
    place = np.arange(size)
    zones = np.array([_ZONES[where][at % len(_ZONES[where])] for at, where in enumerate(region)])
    leaves = _at_least_one(rng, ~is_first, settings.mess.owner_left)
    left = only(leaves, np.floor(start + (0.3 + 0.6 * rng.random(size)) * (end - start)))
    first, last = _FIRST_NAMES, _LAST_NAMES
    name = np.array(
        [f"{first[at % len(first)]} {last[(at + at // len(first)) % len(last)]}" for at in place],
        dtype=object,
    )
    return Staff(
        name=name,
        role=roles,
        region=region,
        zone=zones,
        hired_at=np.full(size, start - 30 * DAY),
        left_at=left,
        response=MINUTE * np.array([18, 35, 70, 50, 110])[place % 5],
    )


def _at_least_one(rng: np.random.Generator, among: Flags, rate: float) -> Flags:
    """A share of them; of few, one, unless the rate is 0."""
    chosen = among & some(rng, len(among), rate)
    if rate > 0 and not chosen.any():
        chosen[np.flatnonzero(among)[0]] = True
    return chosen
