"""The table of truth as plain text, and docs/truth.md with it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from tests.truth.measures import shortfalls

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from tests.truth.measures import Measures

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
_COLUMNS = (
    "set-up", "mess", "precision", "recall", "entries", "of held", "invented", "outcomes", "deals",
    "money",
)  # fmt: skip
_HANDOFF_COLUMNS = {
    "found": "found", "on time": "on time", "owner": "owner", "attempt": "attempt",
    "decision": "decision", "reason": "reason", "speed_to_lead": "speed",
    "rep_response": "response", "decision clock": "decided",
}  # fmt: skip


def table(measured: Mapping[tuple[str, str], Measures | str]) -> list[str]:
    """Return a line for each company; what could not be measured says why."""
    rows: list[tuple[str, ...]] = [_COLUMNS]
    for (set_up, mess), one in measured.items():
        if isinstance(one, str):
            rows.append((set_up, mess, one))
            continue
        shares = (
            one.precision, one.recall, one.entries_found, one.held_found, one.invented,
            one.outcomes_right, one.deals_right, one.money_told,
        )  # fmt: skip
        rows.append((set_up, mess, *(_share(one) for one in shares)))
    return _aligned(rows)


def handoff_table(measured: Mapping[tuple[str, str], Measures | str]) -> list[str]:
    """Return a line for each company that could be measured: how right its hand-offs are."""
    rows = [("set-up", "mess", "hand-offs", *_HANDOFF_COLUMNS.values())]
    for (set_up, mess), one in measured.items():
        if isinstance(one, str):
            continue
        compared, _ = one.handoffs.facts.get("found", (0, 0))
        shares = (_share(one.handoffs.share(fact)) for fact in _HANDOFF_COLUMNS)
        rows.append((set_up, mess, f"{compared:,}", *shares))
    return _aligned(rows)


def _aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[at]) for row in rows if at < len(row)) for at in range(len(rows[0]))]
    return ["  ".join(f"{cell:<{widths[at]}}" for at, cell in enumerate(row)).rstrip()
            for row in rows]  # fmt: skip


def _share(share: float) -> str:
    """Four digits; a dash where there is nothing to divide by."""
    return "-" if math.isnan(share) else f"{share:.4f}"


def details(measured: Mapping[tuple[str, str], Measures | str]) -> Iterator[str]:
    """Yield what is not wholly right of each company."""
    for (set_up, mess), one in measured.items():
        if isinstance(one, str):
            continue
        yield f"{set_up}, {mess}:"
        yield from (f"  {line}" for line in shortfalls(one))


def daily_lines(differing: Mapping[str, Mapping[str, tuple[int, int]]]) -> Iterator[str]:
    """Yield per profile the marts in which daily and full exports lead to different rows."""
    for mess, marts in differing.items():
        told = ", ".join(f"{mart} {full:,}/{daily:,}" for mart, (full, daily) in marts.items())
        yield f"{mess}: " + (told or "all marts equal")


def write_page(page: Path, lines: Iterable[str]) -> None:
    """Put the measured lines between the page's two marks. Raises ValueError without them."""
    text = page.read_text(encoding="utf-8")
    if BEGIN not in text or END not in text:
        raise ValueError(f"{page} lacks the lines {BEGIN} and {END}")
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    measured = "\n".join(["```text", *lines, "```"])
    page.write_text(f"{head}{BEGIN}\n{measured}\n{END}{tail}", encoding="utf-8")
