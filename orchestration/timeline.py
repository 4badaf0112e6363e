"""One person's story in order, and what they lack: `make timeline PERSON=<key or e-mail>`."""

from __future__ import annotations

import argparse
import sys
import textwrap
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ingestion.agreement.fields import CRITERION_FIELDS
from orchestration.shortfall import as_told, shortfalls
from orchestration.story import find_person, read_story
from orchestration.terminal import answer
from orchestration.warehouse import open_warehouse
from orchestration.workspace import Workspace, read_workspace

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date, datetime

    from orchestration.story import Move, Signal, Story

WIDTH = 100
_MARGIN = " " * 18

# Values that are stages or numbers, never a name or an address.
_TOLD = {*CRITERION_FIELDS, "renewal_outcome", "expansion_outcome"}


def timeline(workspace: Workspace, person: str) -> str:
    """Return the story of one person in lines of at most 100 characters.

    `person` is a person key, a record key or an e-mail address. Days and times are those of the
    reporting zone. Names and addresses are not told, except the address that was asked for.
    Raises TerminalError if nobody or more than one person is named so, a run is in progress, or
    nothing is built yet.
    """
    with open_warehouse(workspace, "make timeline") as connection:
        story = read_story(connection, find_person(connection, person))
    lines = [*_who(story, person), "", *_told_signals(story), "", *_lacking(story)]
    return "\n".join(line for one in lines for line in _wrapped(one))


def _wrapped(line: str) -> list[str]:
    if len(line) <= WIDTH:
        return [line]
    indent = " " * (len(line) - len(line.lstrip()) + 2)
    if line[:1].isdigit() or line.startswith("undated"):
        indent = _MARGIN
    return textwrap.wrap(
        line, WIDTH, subsequent_indent=indent, drop_whitespace=True, break_on_hyphens=False
    )


def _who(story: Story, asked: str) -> Iterator[str]:
    if asked != story.key:
        yield f"asked for      {asked}"
    yield f"person         {story.key}"
    context = story.context
    yield (
        f"as of          {context.as_of_date}, days and times in {context.zone},"
        f" agreement version {context.agreement_version}"
    )
    notes = [
        words
        for flag, words in (
            ("is_placeholder", "stands in for an opportunity that nobody is attached to"),
            ("is_deleted", "every record is deleted"),
            ("is_erased", "asked for erasure"),
        )
        if story.person.get(flag)
    ]
    if notes:
        yield f"note           {'; '.join(notes)}"
    for number, record in enumerate(story.records):
        told = f"{record['record_key']} ({record['record_type']}"
        if record["created_at"]:
            told += f", created {record['created_at']:%Y-%m-%d}"
        told += ", deleted" if record["is_deleted"] else ""
        told += ", address shared with others" if record["is_email_ambiguous"] else ""
        yield f"{'records' if number == 0 else '':<15}{told})"
    for number, link in enumerate(story.links):
        kind = str(link["kind"]).replace("_", " ")
        told = f"{link['record_key']} = {link['other_record_key']} ({kind})"
        yield f"{'links' if number == 0 else '':<15}{told}"
    for number, one in enumerate(story.passes):
        told = f"{one['pass_number']}: {one['outcome']}, at {one['current_stage']}"
        if one["furthest_stage"] != one["current_stage"]:
            told += f", furthest {one['furthest_stage']}"
        yield f"{'passes' if number == 0 else '':<15}{told}"
    if not story.passes:
        yield "passes         none: nothing that is known enters a stage"


def _told_signals(story: Story) -> Iterator[str]:
    """Each signal with what it did; what happened without one (silence) stands at its moment."""
    moves = {move.change_key: move for move in story.moves}
    known = {signal.change_key for signal in story.signals}
    alone = [move for move in story.moves if move.change_key not in known]
    if not story.signals and not alone:
        yield "no signal is known"
    state = _State()
    width = max((len(signal.source) for signal in story.signals), default=0)
    for signal in story.signals:
        while alone and _is_before(alone[0], signal):
            yield from _told_alone(alone.pop(0), state)
        move = moves.get(signal.change_key)
        if move is None:
            yield f"{_told_signal(signal, width)}  {_why_nothing(signal, story, state)}"
        else:
            yield _told_signal(signal, width)
            yield f"{_MARGIN}▶ {_told_move(move)}"
            state.apply(move)
    for move in alone:
        yield from _told_alone(move, state)


def _told_signal(signal: Signal, width: int) -> str:
    when = _when(signal.moment, signal.day, is_timed=signal.is_timed)
    name = signal.field.replace("_", " ")
    if signal.field.endswith("created"):
        what = name
    elif signal.field not in _TOLD:
        # A tracked field may hold an address or a name: that it changed is enough.
        what = f"{name} changed"
    elif signal.field == "activity":
        what = f"activity {signal.value}"
    else:
        what = f"{name}: {as_told(signal.field, signal.value)}"
        if signal.old_value is not None:
            before = as_told(signal.field, signal.old_value)
            what = f"{name}: {before} → {as_told(signal.field, signal.value)}"
    return f"{when:<18}{signal.source:<{width}}  {what}  [{signal.evidence}]"


def _told_alone(move: Move, state: _State) -> Iterator[str]:
    when = _when(move.moment, move.day, is_timed=move.is_timed)
    why = "  silence" if move.kind == "expire" else ""
    yield f"{when:<18}{move.source or 'engine'}{why}  [{move.evidence}]"
    yield f"{_MARGIN}▶ {_told_move(move)}"
    state.apply(move)


def _told_move(move: Move) -> str:
    way = f"{move.from_stage} → {move.to_stage}" if move.from_stage else f"→ {move.to_stage}"
    return f"pass {move.pass_number}: {move.kind}, {way}"


def _is_before(move: Move, signal: Signal) -> bool:
    if move.moment is None or signal.moment is None:
        return move.moment is not None
    return move.moment <= signal.moment


def _when(moment: datetime | None, day: date | None, *, is_timed: bool) -> str:
    if moment is None:
        return "undated"
    return f"{moment:%Y-%m-%d %H:%M}" if is_timed else f"{day}"


@dataclass
class _State:
    """Where the newest pass stands, as far as the story has been told."""

    newest: int = 0
    current: str | None = None
    ended_by: str | None = None
    is_won: bool = False
    entered: set[str] = field(default_factory=set)

    def apply(self, move: Move) -> None:
        """Follow one transition; those of an older pass leave the newest one as it is."""
        if move.pass_number < self.newest:
            return
        if move.pass_number > self.newest:
            self.newest, self.entered, self.is_won = move.pass_number, set(), False
        self.current, self.ended_by = move.current_stage, move.exit_after
        self.is_won = self.is_won or move.kind == "win"
        if not move.is_exit:
            self.entered.add(move.to_stage)


def _why_nothing(signal: Signal, story: Story, state: _State) -> str:
    """Why a signal moved nobody, where that can be told from what came before it."""
    if signal.is_slip:
        why = "a slip, shorter than the agreement's debounce"
    elif signal.exit is not None:
        why = _why_no_exit(signal, story, state)
    elif signal.stage is None:
        why = _why_no_criterion(signal, story)
    elif signal.stage in state.entered and not state.ended_by:
        why = f"pass {state.newest} had entered {signal.stage}"
    elif state.ended_by and not signal.is_new:
        why = f"pass {state.newest} had ended ({state.ended_by}), and {signal.stage} is nothing new"
    else:
        why = f"it says {signal.stage}, where the pass had been"
    return f"moved nobody: {why}"


def _why_no_exit(signal: Signal, story: Story, state: _State) -> str:
    authority = next((one.authority for one in story.stages if one.key == state.current), None)
    if not state.newest:
        return f"it says {signal.exit}, and there is no pass to end"
    if state.ended_by:
        return f"pass {state.newest} had ended before ({state.ended_by})"
    if state.is_won and signal.exit != "churned":
        return f"pass {state.newest} is won, and only churn ends a won pass"
    if authority not in (None, signal.source):
        return f"only {authority} may move somebody out of {state.current}"
    if signal.exit == "lost":
        return "another opportunity of the pass is open, or one was won"
    return f"it says {signal.exit}, which is nothing new"


def _why_no_criterion(signal: Signal, story: Story) -> str:
    looked_at = [
        condition
        for criteria in story.criteria.values()
        for criterion in criteria
        for alternative in criterion
        for condition in alternative
        if condition.field == signal.field and condition.source in (None, signal.source)
    ]
    bounds = sorted({one.minimum for one in looked_at if one.minimum is not None})
    if signal.field == "score" and bounds and signal.value is not None:
        if float(signal.value) < bounds[0]:
            return f"below {bounds[0]:g}"
        if signal.old_value is not None and float(signal.old_value) >= bounds[0]:
            return f"was at {bounds[0]:g} or more"
    if not looked_at and signal.field not in _TOLD:
        return "no criterion looks at it"
    return "satisfies no criterion"


def _lacking(story: Story) -> Iterator[str]:
    found: Sequence[tuple[str, list[str]]] = list(shortfalls(story))
    newest = max((move.pass_number for move in story.moves), default=0)
    if not newest:
        yield "entered no stage"
    elif not found:
        yield f"pass {newest} entered every stage of the agreement"
    else:
        yield f"not entered in pass {newest}:"
    for label, lines in found:
        yield f"why not {label}?"
        for line in lines:
            yield f"  {line}"


def main(arguments: list[str] | None = None) -> int:
    """Print the story; returns 2 with one line on standard error if that does not work."""
    parser = argparse.ArgumentParser(prog="orchestration.timeline", description=__doc__)
    parser.add_argument("person", help="person key, record key or e-mail address")
    options = parser.parse_args(arguments)
    return answer(lambda: (timeline(read_workspace(), options.person), 0))


if __name__ == "__main__":
    sys.exit(main())
