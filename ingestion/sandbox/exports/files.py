"""The export files of the simulated company: one folder at a time, all of it or nothing."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from ingestion.errors import TerminalError
from ingestion.sandbox.exports.agreement_text import agreement_text
from ingestion.sandbox.exports.mapping_text import file_name, mapping_text
from ingestion.sandbox.exports.morning import Morning
from ingestion.sandbox.exports.unusable import plant
from ingestion.sandbox.systems.dialect import text_table, write_csv

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    import pyarrow as pa

    from ingestion.sandbox.exports.unusable import Planted
    from ingestion.sandbox.settings import Settings
    from ingestion.sandbox.systems.dialect import Dialect
    from ingestion.sandbox.systems.held import Held

_PROJECT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class WrittenExports:
    """What was written. `rows`, `set_aside`, `quarantined`: file -> rows, unusable ones included.

    `set_aside` and `quarantined` are the planted rows that landing and staging must refuse.
    `moment` is when the exports were made, in seconds since 1970.
    """

    moment: float
    rows: dict[str, int] = field(default_factory=dict)
    set_aside: dict[str, int] = field(default_factory=dict)
    quarantined: dict[str, int] = field(default_factory=dict)


def write_full(
    folder: Path,
    settings: Settings,
    systems: tuple[Held, ...],
    *,
    name: str = "sample_company",
    day: date | None = None,
) -> WrittenExports:
    """Write what each system holds on the morning after a day, by default the last one.

    With the mapping of the files, and an agreement where the set-up is not the default one. Of
    systems that are served no file is written; what is counted of them is what they hold. Raises
    TerminalError if the folder is not empty or cannot be written.
    """
    return _write(
        folder,
        Morning(settings=settings, systems=systems, name=name, day=day or settings.last_day),
    )


def write_daily(
    folder: Path,
    settings: Settings,
    systems: tuple[Held, ...],
    first_day: date,
    *,
    name: str = "sample_company",
) -> list[WrittenExports]:
    """Write a folder for each day from the first one to the last: all at first, then what is new.

    New is what a system shows for the first time since the morning before; of a record that
    changed, its latest version. Raises TerminalError as `write_full` does.
    """
    days = [
        first_day + timedelta(days=more) for more in range((settings.last_day - first_day).days + 1)
    ]
    first = write_full(folder / str(first_day), settings, systems, name=name, day=first_day)
    return [first] + [
        _write(
            folder / str(day),
            Morning(settings=settings, systems=systems, name=name, day=day, since=before),
        )
        for before, day in pairwise(days)
    ]


def _write(folder: Path, morning: Morning) -> WrittenExports:
    written = WrittenExports(morning.moment)
    with _all_or_nothing(folder) as draft:
        for held in morning.systems:
            for stem, stored in held.objects.items():
                file = file_name(held, stem)
                rows = morning.rows(stored)
                if held.system in morning.settings.served:
                    written.rows[file] = rows.num_rows
                    continue
                texts = text_table(rows, held.dialect)
                planted = _planted(texts, f"{held.system}_{stem}", held.dialect, morning)
                written.rows[file] = write_csv(planted.table, draft / file, held.dialect)
                if planted.set_aside:
                    written.set_aside[file] = planted.set_aside
                if planted.quarantined:
                    written.quarantined[file] = planted.quarantined
        if morning.has_agreement:
            text = (_PROJECT / "agreement.yml").read_text(encoding="utf-8")
            text = agreement_text(text, morning.settings)
            (draft / "agreement.yml").write_text(text, encoding="utf-8")
        (draft / "mapping.yml").write_text(mapping_text(morning), encoding="utf-8")
    return written


def _planted(texts: pa.Table, file: str, dialect: Dialect, morning: Morning) -> Planted:
    """Only full exports bring unusable rows, so that their number does not hang on the days."""
    rate = morning.settings.mess.unusable_row if morning.since is None else 0
    return plant(file, texts, rate, dialect.null)


@contextmanager
def _all_or_nothing(folder: Path) -> Iterator[Path]:
    """A draft folder that takes its name when all is written."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise TerminalError(
            "there is something here already",
            where=str(folder),
            mend="Remove it, or name another folder",
        )
    draft = folder.with_name(f".{folder.name}.draft")
    try:
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True)
        yield draft
        draft.replace(folder)
    except OSError as error:
        raise TerminalError(
            f"cannot write the exports ({error.strerror})",
            where=str(folder),
            mend="Make room, or name a folder that you may write to",
        ) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
