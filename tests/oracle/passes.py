"""The state machine: one signal after the other moves the passes of one person."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from tests.oracle.moments import Moment, moment_at
from tests.oracle.transitions import PassRow, PersonResult, Transition

if TYPE_CHECKING:
    from datetime import date, datetime

    from ingestion.agreement.stages import Stage
    from tests.oracle.agreement import Rules
    from tests.oracle.moments import AsOf
    from tests.oracle.signals import Judged
    from tests.oracle.silence import Silence

_EXIT_KINDS = {
    "rejected": "reject",
    "recycled": "recycle",
    "disqualified": "disqualify",
    "lost": "lose",
    "churned": "churn",
    "expired": "expire",
}


@dataclass
class Pass:
    """One trip through the funnel, as far as it has come."""

    number: int
    current: Stage | None = None
    opened: Moment | None = None
    """When it was opened, restarted or reopened last."""
    exit: str | None = None
    ended: Moment | None = None
    is_won: bool = False
    won: Moment | None = None
    entered: dict[str, Stage] = field(default_factory=dict)
    opportunities: dict[str, str] = field(default_factory=dict)
    """Its new-business opportunities: open, won or lost."""
    transitions: list[Transition] = field(default_factory=list)

    @property
    def has_ended(self) -> bool:
        return self.exit is not None

    def row(self) -> PassRow:
        dated = [one.transition_at for one in self.transitions if one.transition_at]
        assert self.current
        return PassRow(
            pass_number=self.number,
            started_at=dated[0] if dated else None,
            ended_at=self.ended.shown if self.ended else None,
            outcome=self.exit or ("won" if self.is_won else "open"),
            current_stage=self.current.key,
            furthest_stage=max(self.entered.values(), key=lambda one: one.rank).key,
        )


@dataclass(frozen=True)
class Span:
    """When an opportunity was opened and closed, as far as its row says."""

    opened: Moment | None
    closed: Moment | None
    is_closed: bool

    def holds(self, moment: Moment | None) -> bool:
        """Whether it is known to have been open at a moment."""
        if moment is None or self.opened is None or self.opened.start > moment.start:
            return False
        return not self.is_closed or (self.closed is not None and self.closed.start > moment.start)


@dataclass
class Funnel:
    """The passes of one person."""

    rules: Rules
    silence: Silence
    spans: tuple[tuple[str, Span], ...] = ()
    """When each new-business opportunity of the person was opened and closed."""
    passes: list[Pass] = field(default_factory=list)
    won: list[Pass] = field(default_factory=list)
    """The passes that were won, in the order of the wins."""
    pass_of: dict[str, Pass] = field(default_factory=dict)
    """The pass of each new-business opportunity that has one."""

    def run(self, signals: list[Judged], as_of: AsOf) -> None:
        """Move through the signals, which are in order; undated ones come last."""
        for one in signals:
            if one.moment:
                self._expire(one.moment.start)
                self._handle(one)
        self._expire_before(as_of.instant)
        for one in signals:
            if not one.moment:
                self._handle(one)
        self._expire_before(as_of.instant)

    def result(self, records: frozenset[str]) -> PersonResult:
        """Return what the marts should show of this person."""
        return PersonResult(
            records,
            tuple(transition for one in self.passes for transition in one.transitions),
            tuple(one.row() for one in self.passes),
        )

    @property
    def newest(self) -> Pass | None:
        return self.passes[-1] if self.passes else None

    def _handle(self, one: Judged) -> None:
        if one.meaning.exit:
            self._leave(one, one.meaning.exit)
        elif one.meaning.stage:
            self._arrive(one, one.meaning.stage)

    # -- Entries: which pass -----------------------------------------------------------------

    def _arrive(self, one: Judged, stage: Stage) -> None:
        signal = one.signal
        if self._is_after_sale(one, stage):
            target = self.won[-1] if self.won else self.newest
            self._arrive_in(target, one, stage)
        elif not signal.opportunity:
            self._arrive_in(self.newest, one, stage)
        elif signal.opportunity in self.pass_of:
            self._arrive_in_own(self.pass_of[signal.opportunity], one, stage)
            self._remember(one, stage)
        else:
            newest = self.newest
            is_sold = newest is not None and newest.is_won and not newest.has_ended
            is_new = is_sold and _is_created_after(signal.opened, newest.won if newest else None)
            if is_new and one.turned_true:
                taken: Pass | None = self._open(one, stage)
            else:
                taken = self._arrive_in(newest, one, stage)
            if taken:
                self.pass_of[signal.opportunity] = taken
                self._remember(one, stage)

    def _is_after_sale(self, one: Judged, stage: Stage) -> bool:
        """Whether it belongs to a sale that was made."""
        return one.signal.is_renewal or stage.rank > self.rules.won_rank(one.version)

    def _arrive_in(self, target: Pass | None, one: Judged, stage: Stage) -> Pass | None:
        """Let a pass take an entry; returns the pass that did, if any."""
        if target is None:
            return self._open(one, stage) if one.turned_true else None
        if not target.has_ended:
            self._enter(target, one, stage)
            return target
        if one.moment and target.ended and one.turned_true:
            window = timedelta(days=one.version.engine.reentry_window_days)
            returns = one.moment.start - target.ended.start <= window
            if target.is_won and target.exit == "churned":
                returns = self._is_after_sale(one, stage)
            if returns:
                self._come_back(target, one, stage, "restart")
                return target
            return self._open(one, stage)
        return None

    def _arrive_in_own(self, own: Pass, one: Judged, stage: Stage) -> None:
        """Let the pass of an opportunity take its entry, whatever has become of the pass."""
        if not own.has_ended:
            self._enter(own, one, stage)
        elif one.moment and one.turned_true and own.exit != "churned":
            self._come_back(own, one, stage, "reopen")

    def _remember(self, one: Judged, stage: Stage) -> None:
        """Keep what an entry says about its opportunity."""
        key = one.signal.opportunity
        assert key
        states = self.pass_of[key].opportunities
        if self.rules.has_role(one.version, stage, "won"):
            states[key] = "won"
        elif key not in states or (states[key] == "lost" and one.turned_true):
            states[key] = "open"

    # -- Entries: what happens ---------------------------------------------------------------

    def _open(self, one: Judged, stage: Stage) -> Pass:
        opened = Pass(len(self.passes) + 1)
        self.passes.append(opened)
        self._begin(opened, one, stage, "enter", None)
        return opened

    def _come_back(self, target: Pass, one: Judged, stage: Stage, kind: str) -> None:
        left = target.exit
        target.exit, target.ended = None, None
        self._begin(target, one, stage, kind, left)

    def _begin(self, target: Pass, one: Judged, stage: Stage, kind: str, left: str | None) -> None:
        target.current, target.opened = stage, one.moment
        self._record(target, one, stage, kind, left)

    def _enter(self, target: Pass, one: Judged, stage: Stage) -> None:
        """Take an entry into a pass that goes on."""
        current = target.current
        assert current
        if stage.rank > current.rank:
            is_next = self.rules.next_stage(one.version, current) == stage.key
            target.current = stage
            self._record(target, one, stage, "forward" if is_next else "skip", current.key)
        elif stage.rank < current.rank and self._is_step_back(one, current):
            target.current = stage
            self._record(target, one, stage, "back", current.key)
        elif stage.key not in target.entered:
            self._record(target, one, stage, "enter", current.key)

    def _is_step_back(self, one: Judged, current: Stage) -> bool:
        before = one.before.stage
        return (
            one.falls_back
            and before is not None
            and before.rank >= current.rank
            and current.authority in (None, one.signal.source)
        )

    def _record(self, target: Pass, one: Judged, stage: Stage, kind: str, left: str | None) -> None:
        if self.rules.has_role(one.version, stage, "won") and stage.key not in target.entered:
            kind, target.is_won, target.won = "win", True, one.moment
            self.won.append(target)
        target.entered.setdefault(stage.key, stage)
        _add(target, (left, stage.key, kind), one.moment, one.signal.evidence)

    # -- Exits -------------------------------------------------------------------------------

    def _leave(self, one: Judged, exit_: str) -> None:
        target = self._pass_to_leave(one, exit_)
        if target is None:
            return
        opportunity = one.signal.opportunity if not one.signal.is_renewal else None
        if opportunity and target.opportunities.get(opportunity) != "won":
            target.opportunities[opportunity] = "lost"
        others = {state for key, state in target.opportunities.items() if key != opportunity}
        # One that was opened before belongs to the pass, even if nothing else is known of it yet.
        if any(key not in self.pass_of and span.holds(one.moment) for key, span in self.spans):
            others.add("open")
        assert target.current
        if (
            not one.turned_true
            or target.has_ended
            or (target.is_won and exit_ != "churned")
            or target.current.authority not in (None, one.signal.source)
            or (opportunity and {"open", "won"} & others)
        ):
            return
        target.exit, target.ended = exit_, one.moment
        move = (target.current.key, exit_, _EXIT_KINDS[exit_])
        _add(target, move, one.moment, one.signal.evidence)

    def _pass_to_leave(self, one: Judged, exit_: str) -> Pass | None:
        key = one.signal.opportunity
        if one.signal.is_renewal or exit_ == "churned":
            return self.won[-1] if self.won else self.newest
        if not key or key in self.pass_of:
            return self.pass_of[key] if key else self.newest
        if self.newest and not self.newest.has_ended:
            self.pass_of[key] = self.newest
            return self.newest
        return None

    # -- Silence -----------------------------------------------------------------------------

    def _expire(self, until: datetime) -> None:
        """End the passes whose silence has lasted long enough by this instant, itself included."""
        for one in self.passes:
            ends = self._expires(one)
            if ends is not None and ends <= until:
                assert one.current
                one.exit, one.ended = "expired", moment_at(ends)
                _add(one, (one.current.key, "expired", "expire"), one.ended, "inferred")

    def _expire_before(self, instant: datetime) -> None:
        self._expire(instant - timedelta.resolution)

    def _expires(self, one: Pass) -> datetime | None:
        if one.has_ended or one.is_won:
            return None
        return self.silence.ends(one.opened.start if one.opened else None)


def _add(
    target: Pass, move: tuple[str | None, str, str], moment: Moment | None, evidence: str
) -> None:
    left, to, kind = move
    is_exact = moment is not None and kind != "expire"
    transition = Transition(
        pass_number=target.number,
        transition_number=len(target.transitions) + 1,
        from_stage=left,
        to_stage=to,
        kind=kind,
        transition_at=moment.shown if moment else None,
        precision=None if not is_exact else "second" if moment and moment.at else "day",
        evidence=evidence if moment else None,
    )
    target.transitions.append(transition)


def _is_created_after(opened: Moment | None, won: Moment | None) -> bool:
    """Whether an opportunity was opened on a later day than the win, or nobody knows when."""
    day: date | None = won.day if won else None
    return opened is None or (day is not None and opened.day > day)
