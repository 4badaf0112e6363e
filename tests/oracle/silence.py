"""When a pass expires because nothing was heard of its person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from tests.oracle.signals import ACTIVITY

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from ingestion.agreement.conduct import ActivityType
    from tests.oracle.agreement import Rules
    from tests.oracle.signals import Judged
    from tests.oracle.world import World


@dataclass(frozen=True)
class Silence:
    """The instants at which a person showed a sign of life, and how long one may be silent."""

    signs: tuple[datetime, ...]
    limit: timedelta | None

    def ends(self, opened: datetime | None) -> datetime | None:
        """Return when a pass that opened, restarted or reopened then expires; None if never.

        Without a date of its opening nobody knows that the silence came after it.
        """
        if self.limit is None or opened is None:
            return None
        for sign in self.signs:
            end = sign + self.limit
            if end > opened and not any(sign < other <= end for other in self.signs):
                return end
        return None


def silence_of(
    judged: Iterable[Judged], records: frozenset[str], rules: Rules, world: World
) -> Silence:
    """Return the signs of life among the signals of a person; a slip is one too."""
    version = rules.version_on(world.as_of)
    days = version.engine.expiry_days
    systems = {record.split("/")[0] for record in records}
    can_expire = bool(systems & world.systems_with_activities)
    types = {one.key: one for one in version.activities.types}
    signs = sorted(one.moment.start for one in judged if one.moment and _is_alive(one, types))
    return Silence(tuple(signs), timedelta(days=days) if days and can_expire else None)


def _is_alive(one: Judged, types: dict[str, ActivityType]) -> bool:
    if one.signal.kind != ACTIVITY:
        return one.signal.is_alive
    if agreed := types.get(one.signal.value):
        return one.signal.is_alive and (one.signal.is_completed or not agreed.must_be_completed)
    return one.signal.is_alive and one.meaning.target is not None
