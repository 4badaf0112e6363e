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
    from tests.oracle.moments import AsOf
    from tests.oracle.transitions import PersonResult


def results_of(history: History, rules: Rules, as_of: AsOf) -> list[PersonResult]:
    """Return what becomes of each person of a history; one, unless a link is yet to come."""
    found = []
    for records in persons_of(history, as_of):
        heard = heard_of(history, records, rules, as_of)
        silence = silence_of([one for series in heard for one in series], records)
        funnel = Funnel(rules, silence)
        deletion = deletion_of(history, records, rules, as_of)
        funnel.run(signals_of([*heard, deletion], rules), as_of)
        found.append(funnel.result(records))
    return found
