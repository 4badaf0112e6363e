"""The signals of one person: collected from rows, debounced, judged and put in order."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from tests.oracle.agreement import DELETED, Fact, Meaning
from tests.oracle.chains import chained
from tests.oracle.closings import closings_of
from tests.oracle.identity import primary_record, record_key
from tests.oracle.moments import Moment, moment_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ingestion.agreement import Version
    from tests.oracle.agreement import Rules
    from tests.oracle.history import Change, History, Opportunity, Person
    from tests.oracle.world import World

PERSON_FIELD, ACTIVITY, OPPORTUNITY, DELETION = range(4)
# The place of what a record shows beside a history, behind all changes of its moment.
_LAST = 1_000_000
# Some time after `as_of`.
_EXPORTED = moment_at(datetime(9999, 1, 1), UTC)
# The fields whose slips are dropped.
_DEBOUNCED = frozenset({"status", "lifecycle_stage", "opportunity_stage"})


@dataclass(frozen=True)
class Signal:
    """One dated fact of a person; `old` and `value` are canonical, empty where unknown."""

    kind: int
    source: str
    record: str
    field: str
    value: str
    moment: Moment | None
    evidence: str
    old: str = ""
    key: str = ""
    is_change: bool = False
    is_alive: bool = True
    """Whether it may break a silence; of an activity, type and completion have a say too."""
    is_completed: bool = True
    opportunity: str | None = None
    opened: Moment | None = None
    """When the opportunity was created."""
    is_renewal: bool = False
    origin: str | None = None
    """The key of the stage change that alone tells of a closing."""
    chain: int = 0
    """Its place among the changes of one record and field at one moment."""

    @property
    def deal(self) -> str | None:
        """The new-business opportunity that it is about."""
        return None if self.is_renewal else self.opportunity

    @property
    def is_shown(self) -> bool:
        """Whether it is what the record shows today, and no change accounts for."""
        return self.evidence == "stamped" and not self.is_change

    @property
    def fact(self) -> Fact | None:
        return Fact(self.source, self.field, self.value) if self.value else None


@dataclass(frozen=True)
class Judged:
    """A signal and what it means under the version of its day."""

    signal: Signal
    version: Version
    meaning: Meaning
    before: Meaning = field(default_factory=Meaning)
    """What the value before it meant."""
    turned_true: bool = True

    @property
    def moment(self) -> Moment | None:
        return self.signal.moment


def heard_of(
    history: History, records: frozenset[str], rules: Rules, world: World
) -> list[list[Judged]]:
    """Return all that had happened to these records, each record's field by itself."""
    return [
        _judged(_happened(_placed(series), world), rules, world)
        for series in _series(history, records, rules, world)
    ]


def deletion_of(
    history: History, records: frozenset[str], rules: Rules, world: World
) -> list[Judged]:
    """Return the moment at which the last record was deleted; nothing while there is one."""
    deleted = [
        world.moment(one.deleted_at)
        for one in history.persons
        if one.is_record and record_key(one.system, one.key) in records
    ]
    gone = [one for one in deleted if one and world.knows(one)]
    if not deleted or len(gone) < len(deleted):
        return []
    last = max(gone, key=lambda one: (one.start, one.is_timed))
    signal = Signal(
        DELETION, "", "", "deletion", "", last, "observed", chain=_LAST + 1, is_alive=False
    )
    return [Judged(signal, rules.version_on(last.day), Meaning(exit=DELETED))]


def signals_of(heard: list[list[Judged]], rules: Rules) -> list[Judged]:
    """Return the signals of a person without slips, compared with what was before, in order."""
    debounced = [_debounced(_turned(series, rules), rules) for series in heard]
    slips = {_name(one) for series in heard for one in series}
    slips -= {_name(one) for series in debounced for one in series}
    kept = [one for series in debounced for one in series if _origin(one) not in slips]
    return _in_order(kept, rules)


def _name(one: Judged) -> tuple[str, str, str | None]:
    return one.signal.record, one.signal.field, one.signal.key


def _origin(one: Judged) -> tuple[str, str, str | None]:
    return one.signal.record, "opportunity_stage", one.signal.origin


# -- From rows to signals --------------------------------------------------------------------


def _series(
    history: History, records: frozenset[str], rules: Rules, world: World
) -> Iterator[list[Signal]]:
    """Yield the signals of each record and field, first the oldest as far as rows tell."""
    for person in history.persons:
        record = record_key(person.system, person.key)
        if record in records:
            yield from _person_series(history, person, record, world)
    robots = rules.excluded_users(world.as_of)
    for activity in history.activities:
        if record_key(activity.system, activity.person) in records:
            yield [
                Signal(
                    ACTIVITY, activity.system, record_key(activity.system, activity.person),
                    "activity", activity.type, world.moment(activity.at), "stamped",
                    key=activity.key,
                    is_alive=not activity.is_automated and activity.owner not in robots,
                    is_completed=activity.is_completed,
                )
            ]  # fmt: skip
    for opportunity in history.opportunities:
        if primary_record(history, opportunity) in records:
            yield from _opportunity_series(history, opportunity, world)


def _person_series(
    history: History, person: Person, record: str, world: World
) -> Iterator[list[Signal]]:
    shown = {
        "status": (person.status, person.status_at),
        "lifecycle_stage": (person.lifecycle_stage, person.lifecycle_stage_at),
        "score": (person.score, ""),
    }
    for name, (value, at) in shown.items():
        common = Signal(
            PERSON_FIELD, person.system, record, name, "", None, "", is_alive=name != "score"
        )
        changes = [
            one
            for one in history.changes
            if (one.system, one.record, one.field) == (person.system, person.key, name)
        ]
        yield _field_series(common, changes, world.moment(person.created_at), (value, at), world)


def _opportunity_series(
    history: History, opportunity: Opportunity, world: World
) -> Iterator[list[Signal]]:
    common = Signal(
        OPPORTUNITY, opportunity.system, record_key(opportunity.system, opportunity.key),
        "opportunity_stage", "", None, "",
        opportunity=record_key(opportunity.system, opportunity.key),
        opened=world.moment(opportunity.created_at),
        is_renewal=opportunity.type != "new_business",
    )  # fmt: skip
    wanted = (opportunity.system, opportunity.key, "stage")
    changes = [one for one in history.changes if (one.system, one.record, one.field) == wanted]
    # A closing dates the stage that a closed deal stands in, where nothing dates it better.
    closed_at = opportunity.closed_at if opportunity.outcome else ""
    shown = (opportunity.stage, opportunity.stage_at or closed_at)
    series = _field_series(common, changes, common.opened, shown, world)
    yield series
    if common.opened:
        yield [replace(common, field="creation", moment=common.opened, evidence="stamped")]
    if opportunity.deleted_at:
        # Nobody need have done it: two exports that differ tell of it too.
        gone = world.moment(opportunity.deleted_at)
        yield [replace(common, field="deletion", moment=gone, evidence="observed", is_alive=False)]
    stages = _stages(common, series)
    closed = world.moment(opportunity.closed_at)
    is_new = opportunity.type == "new_business"
    for stay in closings_of(stages, opportunity.outcome, closed, world):
        yield [
            replace(
                common,
                field="opportunity_outcome" if is_new else f"{opportunity.type}_outcome",
                value=stay.outcome,
                moment=stay.since if stay.is_dated else None,
                evidence=stay.evidence,
                origin=stay.origin.key if stay.origin else None,
            )
        ]


def _stages(common: Signal, series: list[Signal]) -> list[Signal]:
    """Return what the stage went through, from the creation on; unknown is empty.

    What a record shows today without a date, or with one before the last change, was so when it
    was exported, after `as_of`.
    """
    changes = [one for one in series if one.is_change]
    shown = [one for one in series if one.is_shown]
    first = replace(common, moment=common.opened, evidence="inferred")
    if changes and changes[0].old:
        first = replace(first, value=changes[0].old)
    elif changes and _is_by(changes[0].moment, common.opened):
        first = replace(first, value=changes[0].value)
    elif shown and not changes and (not shown[0].moment or _is_by(shown[0].moment, common.opened)):
        first = replace(first, value=shown[0].value)
    if not changes:
        shown = [one for one in shown if one.moment]
    elif shown and not _is_by(changes[-1].moment, shown[0].moment):
        shown = [replace(shown[0], moment=_EXPORTED)]
    return [first, *changes, *shown]


def _is_by(one: Moment | None, other: Moment | None) -> bool:
    """Whether both are known and the first lies no day after the other."""
    return one is not None and other is not None and one.day <= other.day


def _field_series(
    common: Signal,
    rows: list[Change],
    created: Moment | None,
    shown: tuple[str, str],
    world: World,
) -> list[Signal]:
    """Return the value before the first change, the changes, and what no change accounts for."""
    changes = chained(
        replace(
            common,
            old=world.canonical(row.field, row.old),
            value=world.canonical(row.field, row.new),
            moment=world.moment(row.at),
            evidence="stamped" if row.is_stamp else "observed",
            key=row.key,
            is_change=True,
        )
        for row in rows
    )
    field_name = "stage" if common.kind == OPPORTUNITY else common.field
    value, at = world.canonical(field_name, shown[0]), world.moment(shown[1])
    series = list(changes)
    if changes and changes[0].old:
        start = world.history_starts.get((common.source, field_name))
        reaches_back = created is not None and (start is None or start <= created.day)
        series.insert(
            0,
            replace(
                common,
                value=changes[0].old,
                moment=created if reaches_back else None,
                evidence="inferred" if reaches_back else "observed",
            ),
        )
    if value and not (changes and _same(common.field, changes[-1].value, value)):
        last = {"old": changes[-1].value, "chain": _LAST} if changes else {}
        series.append(replace(common, value=value, moment=at, evidence="stamped", **last))
    return series


def _placed(series: list[Signal]) -> list[Signal]:
    """Chain the signals of one moment; the value before the first change stays first."""
    placed = chained(series)
    initial = [one for one in placed if _is_initial(one)]
    return initial + [one for one in placed if one not in initial]


def _is_initial(one: Signal) -> bool:
    """Whether it is the value before the first change."""
    return not one.is_change and not one.is_shown


def _happened(series: list[Signal], world: World) -> list[Signal]:
    """Leave out what is yet to come: also what a record shows after a change that is."""
    known = [one for one in series if world.knows(one.moment)]
    if len(known) == len(series):
        return known
    return [one for one in known if one.moment or _is_initial(one)]


def _same(name: str, one: str, other: str) -> bool:
    if name == "score" and one and other:
        return float(one) == float(other)
    return one == other


# -- Judgement -------------------------------------------------------------------------------


def _judged(series: Iterable[Signal], rules: Rules, world: World) -> list[Judged]:
    """Judge each value by itself, under the version of its day."""
    found = []
    for one in series:
        version = rules.version_on(one.moment.day if one.moment else world.as_of)
        found.append(Judged(one, version, rules.meaning(version, one.fact, _excluded(rules, one))))
    return found


def _excluded(rules: Rules, one: Signal) -> frozenset[str]:
    """Return what a signal cannot mean: the stages of a renewal are no stages of the funnel.

    Won and lost are outcomes of new business; its closing says what became of a renewal.
    """
    if not one.is_renewal or one.field != "opportunity_stage":
        return frozenset()
    versions = rules.agreement.versions
    stages = {stage.key for version in versions for stage in version.stages}
    return frozenset(stages | {each.key for version in versions for each in version.exits})


def _debounced(series: list[Judged], rules: Rules) -> list[Judged]:
    """Drop the short stays between two stays of one meaning, then the second of each two."""
    changes = [
        one for one in series if one.moment and one.moment.is_timed and not _is_initial(one.signal)
    ]
    if not changes or changes[0].signal.field not in _DEBOUNCED:
        return series
    stays = [_before(changes[0], series, rules), *changes]
    short = {
        number
        for number in range(1, len(stays) - 1)
        if _mean_the_same(stays[number - 1], stays[number + 1])
        and _is_short(stays[number], stays[number + 1])
    }
    dropped = [stays[number] for number in short]
    kept = [number for number in range(len(stays)) if number not in short]
    for number, following in pairwise(kept):
        if following - number > 1 and _mean_the_same(stays[number], stays[following]):
            dropped.append(stays[following])
    return [one for one in series if not any(one is slip for slip in dropped)]


def _before(first: Judged, series: list[Judged], rules: Rules) -> Judged | None:
    """Return the stay that the first timed change ends; None where nothing tells."""
    place = next(number for number, one in enumerate(series) if one is first)
    earlier = [one for one in series[:place] if not one.signal.is_shown]
    former = earlier[-1] if earlier else None
    old = first.signal.old or (former.signal.value if former else "")
    if not old:
        return None
    version = former.version if former else first.version
    signal = replace(first.signal, value=old)
    return Judged(signal, version, rules.meaning(version, signal.fact, _excluded(rules, signal)))


def _mean_the_same(one: Judged | None, other: Judged | None) -> bool:
    if one is None or other is None:
        return False
    if one.meaning.target is None and other.meaning.target is None:
        return one.signal.value == other.signal.value
    return one.meaning.target == other.meaning.target


def _is_short(one: Judged | None, following: Judged | None) -> bool:
    if not (one and one.moment and following and following.moment):
        return False
    limit = timedelta(minutes=one.version.engine.debounce_minutes)
    return following.moment.start - one.moment.start < limit


def _turned(series: list[Judged], rules: Rules) -> list[Judged]:
    """Compare each value with the one before it in its record and field."""
    found: dict[int, Judged] = {}
    former: Judged | None = None
    for one in _as_told(series):
        version = former.version if former else one.version
        old = one.signal.old or (former.signal.value if former else "")
        before = Fact(one.signal.source, one.signal.field, old) if old else None
        besides = _excluded(rules, one.signal)
        judged = replace(one, before=rules.meaning(version, before, besides))
        if one.signal.field == "score":
            # Only what turns a threshold true satisfies it; a higher one may be among others.
            targets = [each.key for each in one.version.stages]
            targets += [each.key for each in one.version.exits]
            held = frozenset(each for each in targets if rules.satisfies(version, each, before))
            judged = replace(judged, meaning=rules.meaning(one.version, one.signal.fact, held))
        elif one.meaning.target and one.signal.kind != DELETION:
            judged = replace(
                judged, turned_true=not rules.satisfies(version, one.meaning.target, before)
            )
        found[id(one)] = judged
        former = one
    return [found[id(one)] for one in series]


def _as_told(series: list[Judged]) -> list[Judged]:
    """Put what a record shows today behind its changes, whatever its date."""
    shown = [one for one in series if one.signal.is_shown]
    return [one for one in series if not one.signal.is_shown] + shown


# -- Order -----------------------------------------------------------------------------------


def _in_order(judged: list[Judged], rules: Rules) -> list[Judged]:
    """Sort by time; what has a day only stands behind the day's last timed one of lower rank."""
    timed = sorted(
        (one for one in judged if one.moment and one.moment.is_timed),
        key=lambda one: (one.moment.start, *_tie(one, rules)),  # type: ignore[union-attr]
    )
    days = [one for one in judged if one.moment and not one.moment.is_timed]
    ordered: list[Judged] = []
    dates = sorted({one.moment.day for one in judged if one.moment})
    for day in dates:
        of_day = [one for one in timed if one.moment and one.moment.day == day]
        waiting = [one for one in days if one.moment and one.moment.day == day]
        places = {id(one): _place(one, of_day) for one in waiting}
        for place in range(len(of_day) + 1):
            here = [one for one in waiting if places[id(one)] == place]
            ordered += of_day[place - 1 : place] if place else []
            ordered += sorted(here, key=lambda one: _tie(one, rules))
    undated = [one for one in judged if not one.moment]
    return ordered + sorted(undated, key=lambda one: _tie(one, rules))


def _place(one: Judged, of_day: list[Judged]) -> int:
    """Return how many timed signals of the day come before a date-only one."""
    rank = one.meaning.rank
    if rank is None:
        return 0
    lower = [
        number
        for number, other in enumerate(of_day, 1)
        if other.meaning.rank is not None and other.meaning.rank < rank
    ]
    return lower[-1] if lower else 0


def _tie(one: Judged, rules: Rules) -> tuple[float | str, ...]:
    signal = one.signal
    rank = one.meaning.rank
    return (
        signal.chain,
        signal.kind,
        -1 if rank is None else rank,
        rules.source_rank(one.version, signal.source),
        signal.record,
        signal.field,
        signal.key,
    )
