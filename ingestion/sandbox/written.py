"""The company on disk: exports, truth, and a note of what was written."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from ingestion.sandbox.company.company import simulate
from ingestion.sandbox.exports import write_daily, write_full
from ingestion.sandbox.systems.landscape import hold_systems
from ingestion.sandbox.truth import truth_tables, write_truth

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from ingestion.sandbox.exports import WrittenExports
    from ingestion.sandbox.settings import Settings

EXPORTS, TRUTH, NOTE = "exports", "truth", "written.json"


@dataclass(frozen=True)
class Written:
    """What a company wrote. `rows`, `set_aside`, `quarantined`: file -> rows.

    `set_aside` and `quarantined` are the planted rows that landing and staging must refuse. Of
    systems that are `served` it is what they hold, by the names that files would have.
    """

    people: int
    rows: dict[str, int]
    set_aside: dict[str, int]
    quarantined: dict[str, int]
    served: list[str] = field(default_factory=list)


def write_company(
    folder: Path,
    settings: Settings,
    *,
    name: str = "sample_company",
    daily_from: date | None = None,
) -> Written:
    """Simulate a company; write <folder>/exports, <folder>/truth and <folder>/written.json.

    With `daily_from`, exports/ has a folder for each day from then on instead of one full export.
    `name` is the data set's name in the mapping. Raises TerminalError if <folder>/exports is not
    empty or cannot be written.
    """
    company = simulate(settings)
    systems = hold_systems(company)
    exports = folder / EXPORTS
    if daily_from is None:
        parts = [write_full(exports, settings, systems, name=name)]
    else:
        parts = write_daily(exports, settings, systems, daily_from, name=name)
    write_truth(folder / TRUTH, truth_tables(company, systems, parts[-1].moment))
    written = Written(
        people=len(company.people),
        rows=_sums(parts, "rows"),
        set_aside=_sums(parts, "set_aside"),
        quarantined=_sums(parts, "quarantined"),
        served=sorted(settings.served),
    )
    (folder / NOTE).write_text(json.dumps(asdict(written), indent=1) + "\n", encoding="utf-8")
    return written


def read_written(folder: Path) -> Written | None:
    """Return the note of what a company wrote, or None where none did."""
    note = folder / NOTE
    return Written(**json.loads(note.read_text(encoding="utf-8"))) if note.is_file() else None


def _sums(parts: list[WrittenExports], kind: str) -> dict[str, int]:
    total: dict[str, int] = {}
    for part in parts:
        for file, rows in getattr(part, kind).items():
            total[file] = total.get(file, 0) + rows
    return total
