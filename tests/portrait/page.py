"""The generated tables of docs/simulated_company.md."""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING

import numpy as np

from ingestion.sandbox.clock import DAY, HOUR, ever
from ingestion.sandbox.company.opportunities import NEW_BUSINESS
from ingestion.sandbox.mess import PROFILES, Mess
from ingestion.sandbox.settings import SYSTEMS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    import pyarrow as pa

    from ingestion.sandbox.company.company import Company
    from ingestion.sandbox.systems.held import Held

_FIELD = re.compile(r"\s+(\w+): float = 0(?:  # (.*))?")
_SECTION = re.compile(r"\s+# (.*)\.")
_NAMES = {
    "salesforce": "Salesforce",
    "marketo": "Marketo",
    "account_engagement": "Account Engagement",
    "hubspot": "HubSpot",
}


def write(page: Path, parts: Mapping[str, Iterable[str]]) -> None:
    """Put each part between its two marks. Raises ValueError for a page without them."""
    text = page.read_text(encoding="utf-8")
    for name, lines in parts.items():
        begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
        if begin not in text or end not in text:
            raise ValueError(f"{page} lacks the lines {begin} and {end}")
        head, _, rest = text.partition(begin)
        _, _, tail = rest.partition(end)
        text = head + begin + "\n" + "\n".join(lines) + "\n" + end + tail
    page.write_text(text, encoding="utf-8")


def facts(company: Company) -> list[str]:
    """Return figures of the company, one a line."""
    rounds, deals, people = company.rounds, company.deals, company.people
    new = deals.kind == NEW_BUSINESS
    decided = new & ever(deals.closed_at)
    waited = rounds.attempt_at - rounds.mql_at
    lengths = (deals.closed_at - deals.created_at)[new & deals.is_won]
    middle, late = np.nanpercentile(waited, [50, 90])
    rows = {
        "people, companies, staff": f"{len(people):,}, {len(company.accounts):,},"
        f" {len(company.staff):,}",
        "rounds through the funnel": f"{len(rounds):,}",
        "touches of marketing": f"{len(company.touches):,}",
        "hand-offs to sales": f"{int(ever(rounds.mql_at).sum()):,}",
        "activities of sales": f"{len(company.attempts):,}",
        "hours to a first attempt, median and 90th percentile": f"{middle / HOUR:.1f},"
        f" {late / HOUR:.0f}",
        "new business: opened, won, lost": f"{new.sum():,}, {(decided & deals.is_won).sum():,},"
        f" {(decided & ~deals.is_won).sum():,}",
        "win rate": f"{deals.is_won[decided].mean():.0%}",
        "days to a signature, median": f"{np.median(lengths) / DAY:.0f}",
        "customers: renewed, lost again": f"{int(ever(company.customers.retained_at).sum()):,},"
        f" {int(ever(company.customers.churned_at).sum()):,}",
    }
    return _table(("what", "how many"), rows.items())


def set_ups(systems: Mapping[str, tuple[Held, ...]]) -> list[str]:
    """Return who works in which system, and how many files there are."""
    return _table(
        ("`--set-up`", "sales works in", "marketing works in", "files"),
        (
            (
                f"`{name}`",
                _NAMES[SYSTEMS[name][0]],
                _NAMES[SYSTEMS[name][1]],
                str(sum(len(one.objects) for one in held)),
            )
            for name, held in systems.items()
        ),
    )


def mess() -> list[str]:
    """Return the kinds of mess with the rate of each profile, as `Mess` describes them."""
    section, rows = "", []
    for line in inspect.getsource(Mess).splitlines():
        if found := _FIELD.fullmatch(line):
            rates = (getattr(PROFILES[one], found[1]) for one in ("clean", "usual", "awful"))
            told = (found[2] or "").replace("|", "/")
            rows.append((f"`{found[1]}`", told, *(f"{rate:g}" for rate in rates)))
        elif found := _SECTION.fullmatch(line):
            section = found[1]
            rows.append((f"**{section}**", "", "", "", ""))
    return _table(("kind", "happens to", "clean", "usual", "awful"), rows, numbers=3)


def truth(tables: Mapping[str, pa.Table]) -> list[str]:
    """Return the columns of each table of the truth."""
    return _table(
        ("file", "columns"),
        (
            (f"`{name}.parquet`", ", ".join(f"`{column}`" for column in table.column_names))
            for name, table in tables.items()
        ),
    )


def _table(head: tuple[str, ...], rows: Iterable[Iterable[str]], numbers: int = 0) -> list[str]:
    marks = ["---"] * (len(head) - numbers) + ["---:"] * numbers
    return [f"| {' | '.join(row)} |" for row in (head, marks, *rows)]
