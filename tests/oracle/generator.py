"""Random histories, drawn so that things collide."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from tests.oracle.history import Activity, Change, History, Opportunity, Person, Role
from tests.oracle.world import RANDOM_WORLD

if TYPE_CHECKING:
    from tests.oracle.history import Row

# Facts may lie up to two days after `as_of`; nothing lies after the exports.
_LATEST = RANDOM_WORLD.as_of_instant + timedelta(days=2)
_ANCHORS = (
    datetime(2025, 3, 3, 15),
    datetime(2025, 8, 31, 15),  # the day before marketing's history of lifecycles begins
    RANDOM_WORLD.start_of(date(2025, 12, 1)) - timedelta(seconds=1),  # the last second of version 1
    RANDOM_WORLD.start_of(date(2026, 3, 1)) - timedelta(seconds=1),
    RANDOM_WORLD.start_of(date(2026, 3, 1)),
    datetime(2026, 1, 10, 20),
)
_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
# Around each limit of the engine: 5 minutes, 30 days, 180 days.
_OFFSETS = (
    *[timedelta()] * 3,
    _SECOND,
    *[timedelta(minutes=1), timedelta(minutes=2)] * 2,
    *[timedelta(minutes=5) + n * _SECOND for n in (-1, 0, 1)],
    *[timedelta(hours=1), timedelta(hours=5)] * 2,
    *[n * _DAY for n in (1, 1, 2, 7, 14, 29, 30, 31, 60, 120, 179, 180, 181)],
    30 * _DAY - _SECOND,
    30 * _DAY + _SECOND,
    180 * _DAY - _SECOND,
    180 * _DAY + _SECOND,
)
_PLAIN_OFFSETS = (timedelta(hours=7), *(n * _DAY for n in (1, 2, 5, 7, 9)))

_STATUSES = (
    "inquiry", "mql", "mql", "sal", "sal", "sql", "converted", "working", "open", "nurture",
    "rejected", "recycled", "recycled", "disqualified", "parked", "stalled",
)  # fmt: skip
_LIFECYCLES = (
    "subscriber", "lead", "mql", "customer", "retained", "retained", "churned", "churned",
    "disqualified", "parked",
)  # fmt: skip
_SCORES = ("0", "10", "29", "30", "39", "40", "49", "50", "51", "60", "69.5", "70", "90")
_STAGES = (
    "discovery", "discovery", "proposal", "proposal", "negotiation", "closed_won", "closed_lost",
    "closed_lost", "parked",
)  # fmt: skip
_ACTIVITIES = (
    "form_fill",
    "form_fill",
    "webinar_attended",
    "call",
    "email_click",
    "demo",
    "unheard_of",
)


def histories(count: int, seed: int, *, is_plain: bool = False) -> list[History]:
    """Return so many histories, the same for the same seed; the first ones whatever the count."""
    return [
        draw_history(random.Random(f"{seed}/{number}"), is_plain=is_plain)  # noqa: S311
        for number in range(count)
    ]


def draw_history(chance: random.Random, *, is_plain: bool = False) -> History:
    """Draw one history; `is_plain` leaves out silences, slips, quick returns and renewals."""
    return _Draw(chance, is_plain).history()


@dataclass
class _Draw:
    chance: random.Random
    is_plain: bool
    rows: list[Row] = field(default_factory=list)
    moments: list[datetime] = field(default_factory=list)

    def history(self) -> History:
        self.moments.append(self.chance.choice(_ANCHORS))
        keys = self._persons()
        for system, key in keys:
            self._activities(system, key)
        crm = [key for system, key in keys if system == "crm"]
        if crm:
            limit = 1 if self.is_plain else 3
            for number in range(self.chance.choice([0, 1, 1, 2, 3][: limit + 2])):
                self._opportunity(f"O{min(number, limit) + 1}", crm)
        self.chance.shuffle(self.rows)
        return History(tuple(self.rows))

    # -- Moments -----------------------------------------------------------------------------

    def _moment(self) -> datetime:
        """Draw a moment at one of the known distances from another one."""
        base = self.chance.choice([self.moments[-1], self.chance.choice(self.moments)])
        offsets = _PLAIN_OFFSETS if self.is_plain else _OFFSETS
        moment = base + self.chance.choice(offsets)
        if self.chance.random() < 0.15:
            moment = base - self.chance.choice(offsets[: len(offsets) // 2])
        if moment >= _LATEST or moment < datetime(2025, 2, 1):
            moment = base
        self.moments.append(moment)
        return moment

    def _text(self, moment: datetime, day_only: float = 0.06) -> str:
        if self.chance.random() < day_only:
            return f"{RANDOM_WORLD.moment_at(moment).day}"
        return f"{moment}"

    def _stamp(self, changes: list[datetime]) -> str:
        """Draw when the present value was reached: not before a change to another one."""
        moment = max([self._moment(), *(change + _SECOND for change in changes)])
        return self._text(moment, 0.4) if self._is(0.3) else ""

    def _is(self, probability: float) -> bool:
        return self.chance.random() < probability

    # -- Persons -----------------------------------------------------------------------------

    def _persons(self) -> list[tuple[str, str]]:
        shape = self.chance.choice(self._SHAPES)
        return shape(self)

    def _lead(self) -> list[tuple[str, str]]:
        self._person(Person("L1"))
        return [("crm", "L1")]

    def _prospect(self) -> list[tuple[str, str]]:
        self._person(Person("P1", "marketing"))
        return [("marketing", "P1")]

    def _lead_and_prospect(self) -> list[tuple[str, str]]:
        lead, prospect = Person("L1"), Person("P1", "marketing")
        link = self.chance.choice(["lead", "prospect", "email"])
        if link == "lead":
            lead = replace(lead, linked_id="P1")
        elif link == "prospect":
            prospect = replace(prospect, linked_id="L1")
        else:
            lead, prospect = replace(lead, email="ann"), replace(prospect, email="Ann")
        self._person(lead)
        self._person(prospect)
        return [("crm", "L1"), ("marketing", "P1")]

    def _conversion(self) -> list[tuple[str, str]]:
        contact = self._person(Person("C1"))
        created = RANDOM_WORLD.moment(contact.created_at)
        at = self._moment()
        if created:
            # The link counts from the conversion on, whose contact is not younger than it.
            at = max(at, created.start)
        deal = "O1" if self._is(0.4) else ""
        self._person(
            Person(
                "L1", converted_id="C1", converted_at=self._text(at, 0.3) if self._is(0.9) else "",
                converted_opportunity_id=deal,
            )
        )  # fmt: skip
        if self._is(0.5):
            self._person(Person("P1", "marketing", linked_id=self.chance.choice(["L1", "C1"])))
            return [("crm", "L1"), ("crm", "C1"), ("marketing", "P1")]
        return [("crm", "L1"), ("crm", "C1")]

    def _merge(self) -> list[tuple[str, str]]:
        keys = ["L1", "L2", "L3"][: 3 if self._is(0.3) else 2]
        for key, master in zip(keys, [*keys[1:], ""], strict=True):
            self._person(Person(key, merged_into_id=master))
        return [("crm", key) for key in keys]

    def _customer(self) -> list[tuple[str, str]]:
        """A system that exports no activities, alone or beside the CRM."""
        if self._is(0.5):
            self._person(Person("B1", "billing"))
            return [("billing", "B1")]
        self._person(Person("L1"))
        self._person(Person("B1", "billing", linked_id="L1"))
        return [("crm", "L1"), ("billing", "B1")]

    _SHAPES = (
        *(_lead,) * 6,
        *(_prospect,) * 3,
        *(_lead_and_prospect,) * 5,
        *(_conversion,) * 3,
        *(_merge,) * 2,
        *(_customer,) * 2,
    )

    def _person(self, person: Person) -> Person:
        """Add a person with the changes of its fields."""
        before = len(self.moments)
        many = 3 if self.is_plain else 5
        is_crm = person.system != "marketing"
        status = self._walk(person, "status", _STATUSES, many if is_crm else 0)
        lifecycle = self._walk(
            person, "lifecycle_stage", _LIFECYCLES,
            many - 2 if person.system != "billing" and self._is(0.4) else 0,
        )  # fmt: skip
        score = self._walk(person, "score", _SCORES, 0 if is_crm else many)
        shown = {"status": status, "lifecycle_stage": lifecycle, "score": score}
        if self._is(0.15):
            shown["status"] = self.chance.choice(_STATUSES) if is_crm else ""
        if self._is(0.05) and person.system != "billing":
            shown["lifecycle_stage"] = self.chance.choice(_LIFECYCLES)
        if self._is(0.1) and not is_crm:
            shown["score"] = self.chance.choice(_SCORES)
        own = self.moments[before:]
        created = min(own, default=self.moments[0])
        created = min(
            created - self.chance.choice([timedelta(), _SECOND, *[_DAY] * 4]), _last_known()
        )
        person = replace(
            person,
            **shown,
            status_at=self._stamp(own),
            lifecycle_stage_at=self._stamp(own),
            created_at=self._text(created, 0.1) if self._is(0.9) else "",
            deleted_at=self._text(self._moment(), 0.2) if self._is(0.06) else "",
        )
        self.rows.append(person)
        return person

    def _walk(self, person: Person, name: str, values: tuple[str, ...], many: int) -> str:
        first = "0" if name == "score" else "open" if name == "status" else "subscriber"
        if many and self._is(0.2):
            first = self.chance.choice(values)
        owner = (person.system, person.key, name)
        return self._changes(owner, values, self.chance.randint(0, many) if many > 0 else 0, first)

    def _changes(
        self, owner: tuple[str, str, str], values: tuple[str, ...], count: int, first: str
    ) -> str:
        """Add changes and return the last value; empty where there are none."""
        system, key, name = owner
        moments = sorted(self._moment() for _ in range(count))
        if max(map(moments.count, moments), default=0) > 2:
            # Three changes of one field in one second may be chained in more than one way.
            moments = sorted(moment + number * _SECOND for number, moment in enumerate(moments))
        old, seen = first, [first]
        for number, moment in enumerate(moments):
            # A way back to where it was is what slips, steps back and returns are made of.
            choices = [one for one in seen if one] if self._is(0.3) else values
            new = self.chance.choice([one for one in choices if one != old] or list(values))
            told = old
            # Of two changes in one second nobody could tell which was first without old values.
            is_alone = moments.count(moment) == 1
            if not self.is_plain and is_alone and self._is(0.2):
                told = self.chance.choice(["", "", self.chance.choice(values)])
            day_only = 0.0 if self.is_plain or name == "score" else 0.06
            # The id says nothing about the order, and the same on either side of the comparison.
            change = f"{name}-{self.chance.randint(10, 99)}-{number}"
            at = self._text(moment, day_only)
            self.rows.append(Change(f"{key}-{change}", key, name, told, new, at, system))
            old = new
            seen.append(new)
        return old if count else ""

    # -- Activities and opportunities --------------------------------------------------------

    def _activities(self, system: str, key: str) -> None:
        if system == "billing":
            return
        for number in range(self.chance.choice([0, 0, 1, 2, 3])):
            self.rows.append(
                Activity(
                    f"{key}-A{number}", key, self.chance.choice(_ACTIVITIES),
                    self._text(self._moment(), 0.1), system,
                    is_automated=self._is(0.2), is_completed=self._is(0.75),
                    owner=self.chance.choice(["", "kim", "robot"]),
                )
            )  # fmt: skip

    def _opportunity(self, key: str, persons: list[str]) -> None:
        is_renewal = not self.is_plain and key != "O1" and self._is(0.3)
        before = len(self.moments)
        count = self.chance.randint(0, 3 if self.is_plain else 5)
        first = self.chance.choice(["", "discovery", "discovery", "proposal"])
        stage = self._changes(("crm", key, "stage"), _STAGES, count, first)
        own = self.moments[before:]
        told = stage
        if not stage or self._is(0.1):
            stage = self.chance.choice(_STAGES)
        last = max(own, default=self._moment())
        outcome = {"closed_won": "won", "closed_lost": "lost"}.get(stage, "")
        if self._is(0.15):
            outcome = self.chance.choice(["won", "lost", ""])
        closed = last if self._is(0.7) else self._moment()
        if own:
            closed = max(closed, max(own) + _SECOND * (stage != told))
        created = min([*own, last, closed])
        created -= self.chance.choice([timedelta(), _SECOND, *[_DAY] * 3])
        created = min(created, _last_known())
        self.rows.append(
            Opportunity(
                key,
                person=self.chance.choice(persons) if self._is(0.9) else persons[0],
                type="renewal" if is_renewal else "new_business",
                stage=stage,
                stage_at=self._stamp(own),
                outcome=outcome,
                created_at=self._text(created, 0.1) if self._is(0.9) else "",
                closed_at=self._text(closed, 0.4) if outcome and self._is(0.92) else "",
            )
        )
        if len(persons) > 1 and self._is(0.3):
            self.rows.append(Role(f"{key}-R", key, self.chance.choice(persons), self._is(0.7)))


def _last_known() -> datetime:
    """Return a moment by which every record is created: none is unknown at `as_of`."""
    return RANDOM_WORLD.as_of_instant - _DAY
