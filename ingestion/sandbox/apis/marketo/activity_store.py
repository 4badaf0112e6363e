"""All activities of an instance in the order of their dates, whichever log holds them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from ingestion.sandbox.apis.marketo import versions
from ingestion.sandbox.apis.marketo.activity_types import ACTIVITY_TYPES
from ingestion.sandbox.apis.marketo.attributes import folded
from ingestion.sandbox.chance import some, stream
from ingestion.sandbox.clock import MINUTE
from ingestion.sandbox.systems.columns import INSTANT
from ingestion.sandbox.systems.logged import Logged

if TYPE_CHECKING:
    from collections.abc import Collection

    from ingestion.sandbox.apis.faults import Faults
    from ingestion.sandbox.apis.marketo.activity_types import ActivityType
    from ingestion.sandbox.apis.marketo.options import MarketoOptions
    from ingestion.sandbox.apis.marketo.period import Period
    from ingestion.sandbox.arrays import Moments, Numbers
    from ingestion.sandbox.systems.held import Held
    from ingestion.sandbox.systems.stored import Stored

COLUMNS = (
    "marketoGUID", "leadId", "activityDate", "activityTypeId", "campaignId",
    "primaryAttributeValueId", "primaryAttributeValue", "attributes",
)  # fmt: skip
_STEM = "activities_"


@dataclass(frozen=True)
class Log:
    """The versions of all activities of one type."""

    type: ActivityType
    stored: Stored
    date: Moments
    shown_from: Moments

    @property
    def attributes(self) -> list[str]:
        """The names of what it tells besides the columns that all types have."""
        return [field for field in self.stored.fields if field not in COLUMNS]

    def rows(self, places: Numbers) -> pa.Table:
        """Return versions with their attributes folded into JSON."""
        table = versions.taken(self.stored, places, self.stored.fields)
        return pa.table(
            {
                name: folded(table, self.attributes)
                if name == "attributes"
                else table[name].cast(_TYPES.get(name, pa.string()))
                for name in COLUMNS
            }
        )


_TYPES = {"activityDate": INSTANT, "activityTypeId": pa.int64()}


class ActivityStore:
    """The logs, and one sequence of all their versions by date and GUID.

    `log` and `place` say for each of the sequence which log holds it, and where.
    """

    def __init__(self, held: Held, faults: Faults, options: MarketoOptions) -> None:
        self.logs = [
            _log(stem.removeprefix(_STEM), stored, faults, options)
            for stem, stored in held.objects.items()
            if isinstance(stored, Logged)
        ]
        sizes = [len(one.date) for one in self.logs]
        log = np.repeat(np.arange(len(self.logs)), sizes)
        place = np.concatenate([np.arange(size) for size in sizes])
        date = np.concatenate([one.date for one in self.logs])
        order = np.lexsort((np.concatenate([_guids(one.stored) for one in self.logs]), date))
        self.log, self.place, self.date = log[order], place[order], date[order]
        self._shown_from = np.concatenate([one.shown_from for one in self.logs])[order]
        self._shown_until = np.concatenate([one.stored.shown_until for one in self.logs])[order]
        self._of_types: dict[frozenset[int], Numbers] = {}

    def known_types(self) -> dict[int, Log]:
        """Return the logs by the ids of their types."""
        return {one.type.id: one for one in self.logs}

    def position_at(self, moment: float) -> int:
        """Return where in the sequence the activities from a moment on begin."""
        return int(np.searchsorted(self.date, moment))

    def shown(self, types: Collection[int], position: int, now: float) -> Numbers:
        """Return places in the sequence, from a position on, of what is shown of some types."""
        key = frozenset(types)
        if key not in self._of_types:
            logs = [at for at, one in enumerate(self.logs) if one.type.id in key]
            self._of_types[key] = np.flatnonzero(np.isin(self.log, logs))
        found = self._of_types[key]
        rest = found[np.searchsorted(found, position) :]
        return rest[(self._shown_from[rest] <= now) & (now < self._shown_until[rest])]

    def split(self, places: Numbers) -> list[tuple[Log, Numbers, Numbers]]:
        """Return for each log its own places among some of the sequence, and where they stand."""
        return [
            (log, self.place[places[at]], at)
            for number, log in enumerate(self.logs)
            if len(at := np.flatnonzero(self.log[places] == number))
        ]

    def extract(self, types: Collection[int], period: Period, now: float) -> pa.Table:
        """Return the activities of some types in a period, as shown now, log by log."""
        parts = [one.rows(_places(one, period, now)) for one in self.logs if one.type.id in types]
        return pa.concat_tables(parts) if parts else self.logs[0].rows(np.arange(0))


def _log(stem: str, stored: Logged, faults: Faults, options: MarketoOptions) -> Log:
    rng = stream(options.seed, f"marketo api {stem} late commits")
    number = np.cumsum(np.diff(stored.activity, prepend=-1) != 0) - 1
    size = int(number.max(initial=-1)) + 1
    late = some(rng, size, faults.rates.get("late_commit", 0))
    by = np.floor(MINUTE + rng.random(size) * (options.commits_late_by - MINUTE))
    if late.any():
        faults.struck["late_commit"] += int(late.sum())
    date = versions.moments(stored, "activityDate")
    commit = date + np.where(late, by, 0)[number]
    return Log(
        type=ACTIVITY_TYPES[stem],
        stored=stored,
        date=date,
        # One that is gone or moves on before it is committed is not shown as it was.
        shown_from=np.minimum(np.maximum(stored.shown_from, commit), stored.shown_until),
    )


def _guids(stored: Stored) -> Numbers:
    numbers = stored.fixed["marketoGUID"].cast(pa.string()).cast(pa.int64())
    return np.asarray(numbers.to_numpy()[stored.record])


def _places(log: Log, period: Period, now: float) -> Numbers:
    is_shown = (log.shown_from <= now) & (now < log.stored.shown_until)
    return np.flatnonzero(is_shown & period.holds(log.date))
