"""The state machine: one signal after the other moves the passes of one person."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from tests.oracle.agreement import DELETED
from tests.oracle.transitions import PassRow, PersonResult, Transition

if TYPE_CHECKING:
    from datetime import datetime

    from ingestion.agreement.stages import Stage
    from tests.oracle.agreement import Rules
    from tests.oracle.moments import Moment
    from tests.oracle.signals import Judged
    from tests.oracle.silence import Silence
    from tests.oracle.world import World

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


@dataclass
class Funnel:
    """The passes of one person."""

    rules: Rules
    world: World
    silence: Silence
    passes: list[Pass] = field(default_factory=list)
    won: list[Pass] = field(default_factory=list)
    """The passes that were won, in the order of the wins."""
    pass_of: dict[str, Pass] = field(default_factory=dict)
    """The pass of each new-business opportunity that has one."""

    def run(self, signals: list[Judged]) -> None:
        """Move through the signals, which are in order; undated ones come last."""
        for one in signals:
            if one.moment:
                self._expire(one.moment.start)
                self._handle(one)
        self._expire_before(self.world.as_of_instant)
        for one in signals:
            if not one.moment:
                self._handle(one)
        self._expire_before(self.world.as_of_instant)

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
        self._attach(one)
        self._keep_open(one)
        if one.meaning.exit == DELETED:
            self._delete(one)
        elif one.meaning.exit:
            self._leave(one, one.meaning.exit)
        elif one.meaning.stage:
            self._arrive(one, one.meaning.stage)

    def _attach(self, one: Judged) -> None:
        """Give an opportunity the pass that goes on when it is first heard of."""
        key, newest = one.signal.deal, self.newest
        if key is None or key in self.pass_of or newest is None or newest.has_ended:
            return
        if not newest.is_won or _is_created_by(one.signal.opened, newest.won):
            self.pass_of[key] = newest
            newest.opportunities[key] = "open"

    def _keep_open(self, one: Judged) -> None:
        """Remember that an opportunity does something, if it is not its end."""
        key, signal = one.signal.deal, one.signal
        if key is None or key not in self.pass_of or one.meaning.exit or not one.moment:
            return
        states = self.pass_of[key].opportunities
        if signal.field != "opportunity_outcome":
            states[key] = "deleted" if signal.field == "deletion" else "open"

    # -- Entries: which pass -----------------------------------------------------------------

    def _arrive(self, one: Judged, stage: Stage) -> None:
        signal = one.signal
        if self._is_after_sale(one, stage):
            self._arrive_in(self.won[-1] if self.won else self.newest, one, stage)
        elif signal.deal is None:
            self._arrive_in(self.newest, one, stage)
        elif signal.deal in self.pass_of:
            self._arrive_in_own(self.pass_of[signal.deal], one, stage)
            self._remember(one, signal.deal, stage)
        elif taken := self._arrive_first(one, stage):
            self.pass_of[signal.deal] = taken
            self._remember(one, signal.deal, stage)

    def _arrive_first(self, one: Judged, stage: Stage) -> Pass | None:
        """Let a pass take the first entry of an opportunity that waited for it."""
        if self.newest and self.newest.is_won and not self.newest.has_ended:
            return self._open(one, stage) if one.turned_true else None
        return self._arrive_in(self.newest, one, stage)

    def _is_after_sale(self, one: Judged, stage: Stage) -> bool:
        """Whether it belongs to a sale that was made."""
        return one.signal.is_renewal or stage.rank > self.rules.won_rank(one.version)

    def _arrive_in(self, target: Pass | None, one: Judged, stage: Stage) -> Pass | None:
        """Let a pass take an entry; returns the pass that did, if any."""
        if target is None:
            return self._open(one, stage)
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
        self._tell(target, one, stage)
        return None

    def _arrive_in_own(self, own: Pass, one: Judged, stage: Stage) -> None:
        """Let the pass of an opportunity take its entry, whatever has become of the pass."""
        if not own.has_ended:
            self._enter(own, one, stage)
        elif one.moment and own.exit != "churned":
            self._come_back(own, one, stage, "reopen")
        else:
            self._tell(own, one, stage)

    def _tell(self, target: Pass, one: Judged, stage: Stage) -> None:
        """Enter a stage that an ended pass was in at some time; it moves nobody."""
        if not one.moment and stage.key not in target.entered:
            self._record(target, one, stage, "enter", target.exit)

    def _remember(self, one: Judged, deal: str, stage: Stage) -> None:
        """Keep what an entry says about its opportunity."""
        states = self.pass_of[deal].opportunities
        if self.rules.has_role(one.version, stage, "won"):
            states[deal] = "won"
        elif one.moment or deal not in states:
            states[deal] = "open"

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
        return before is not None and before.rank >= current.rank and self._has_say(one, current)

    def _has_say(self, one: Judged, current: Stage) -> bool:
        """Whether a signal may move back or out. An authority that delivers nothing has no say."""
        authority = current.authority
        return authority in (None, one.signal.source) or authority not in self.world.systems

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
        deal = one.signal.deal
        if deal:
            target.opportunities[deal] = "lost"
        others = {state for key, state in target.opportunities.items() if key != deal}
        assert target.current
        if (
            not one.turned_true
            or target.has_ended
            or (target.is_won and exit_ != "churned")
            or not self._has_say(one, target.current)
            or (deal and {"open", "won"} & others)
        ):
            return
        target.exit, target.ended = exit_, one.moment
        move = (target.current.key, exit_, _EXIT_KINDS[exit_])
        _add(target, move, one.moment, one.signal.evidence)

    def _pass_to_leave(self, one: Judged, exit_: str) -> Pass | None:
        if one.signal.is_renewal or exit_ == "churned":
            return self.won[-1] if self.won else self.newest
        return self.pass_of.get(one.signal.deal) if one.signal.deal else self.newest

    def _delete(self, one: Judged) -> None:
        """End whatever is open: there is nobody any more."""
        for each in self.passes:
            if not each.has_ended and not each.is_won and each.current:
                each.exit, each.ended = DELETED, one.moment
                _add(each, (each.current.key, DELETED, "delete"), one.moment, one.signal.evidence)

    # -- Silence -----------------------------------------------------------------------------

    def _expire(self, until: datetime) -> None:
        """End the passes whose silence has lasted long enough by this instant, itself included."""
        for one in self.passes:
            ends = self._expires(one)
            if ends is not None and ends <= until:
                assert one.current
                one.exit, one.ended = "expired", self.world.moment_at(ends)
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


def _is_created_by(opened: Moment | None, won: Moment | None) -> bool:
    """Whether an opportunity is known to have been opened by the day of a win."""
    return opened is not None and won is not None and opened.day <= won.day
