"""What should become of a history."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.oracle.identity import persons_of
from tests.oracle.passes import Funnel
from tests.oracle.signals import deletion_of, heard_of, signals_of
from tests.oracle.silence import silence_of

if TYPE_CHECKING:
    from tests.oracle.agreement import Rules
    from tests.oracle.history import History
    from tests.oracle.transitions import PersonResult
    from tests.oracle.world import World


def results_of(history: History, rules: Rules, world: World) -> list[PersonResult]:
    """Return what becomes of each person of a history; one, unless a link is yet to come."""
    return [result_of(history, records, rules, world) for records in persons_of(history, world)]


def result_of(
    history: History, records: frozenset[str], rules: Rules, world: World
) -> PersonResult:
    """Return what becomes of the person whom these records are, by their keys."""
    heard = heard_of(history, records, rules, world)
    silence = silence_of([one for series in heard for one in series], records, rules, world)
    funnel = Funnel(rules, world, silence)
    deletion = deletion_of(history, records, rules, world)
    funnel.run(signals_of([*heard, deletion], rules))
    return funnel.result(records)
