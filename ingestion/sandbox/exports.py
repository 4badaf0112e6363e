"""The files of the made-up company, written all at once or not at all."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ingestion.errors import TerminalError
from ingestion.sandbox.billing import billing_exports
from ingestion.sandbox.crm import crm_exports, draw_crm
from ingestion.sandbox.journeys import draw_journeys
from ingestion.sandbox.marketing import marketing_exports
from ingestion.sandbox.moments import ever
from ingestion.sandbox.opportunities import draw_opportunities
from ingestion.sandbox.people import draw_companies, draw_people
from ingestion.sandbox.unusable import plant

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

SMALLEST = 20  # people; fewer than that may leave a file without rows
_PEOPLE_PER_COMPANY = 4


@dataclass(frozen=True)
class WrittenExports:
    """What was written. `rows`, `set_aside`, `quarantined`: file -> rows, unusable ones included.

    `set_aside` and `quarantined` are the planted rows that landing and staging must refuse.
    `won`, `lost` and `opportunities` are new business; `renewals` are not in them.
    """

    rows: dict[str, int]
    set_aside: dict[str, int]
    quarantined: dict[str, int]
    people: int
    opportunities: int
    won: int
    lost: int
    renewals: int


def write_exports(folder: Path, people: int = 2000, seed: int = 7) -> WrittenExports:
    """Write the exports of a made-up company into a new folder.

    The same people and seed give the same bytes. Events lie in 2024 and 2025, New York time.
    Raises TerminalError for fewer than 20 people or a negative seed, and if the folder is not
    empty or cannot be written.
    """
    if people < SMALLEST or seed < 0:
        raise TerminalError(
            f"cannot make up {people} people with seed {seed}",
            where=str(folder),
            mend=f"Ask for {SMALLEST} people or more, and a seed that is not negative",
        )
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise TerminalError(
            "there is something here already",
            where=str(folder),
            mend="Remove it, or name another folder",
        )
    draft = folder.with_name(f".{folder.name}.draft")
    files, counts = _files(people, seed)
    try:
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True)
        for name, rows in files.items():
            delimiter = ";" if name == "crm_accounts.csv" else ","
            rows.to_csv(draft / name, sep=delimiter, index=False, lineterminator="\n")
        draft.replace(folder)
    except OSError as error:
        raise TerminalError(
            f"cannot write the exports ({error.strerror})",
            where=str(folder),
            mend="Make room, or name a folder that you may write to",
        ) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return counts


def _files(size: int, seed: int) -> tuple[dict[str, pd.DataFrame], WrittenExports]:
    # One stream of chance for each noun: a change to one leaves the others as they were.
    streams = np.random.default_rng(seed).spawn(8)
    companies = draw_companies(streams[0], size // _PEOPLE_PER_COMPANY)
    people = draw_people(streams[1], size, companies)
    journeys = draw_journeys(streams[2], people)
    deals = draw_opportunities(streams[3], journeys)
    crm = draw_crm(streams[4], companies, journeys, deals)
    clean = {
        **marketing_exports(streams[5], companies, journeys, crm.lead_id),
        **crm_exports(streams[6], crm),
        **billing_exports(streams[7], crm),
    }
    planted = {name: plant(name, rows) for name, rows in clean.items()}
    won = deals.is_won & ~deals.is_renewal
    closed = ever(deals.closed_at) & ~deals.is_renewal
    return {name: rows for name, (rows, _, _) in planted.items()}, WrittenExports(
        rows={name: len(rows) for name, (rows, _, _) in planted.items()},
        set_aside={name: count for name, (_, count, _) in planted.items() if count},
        quarantined={name: count for name, (_, _, count) in planted.items() if count},
        people=size,
        opportunities=int((~deals.is_renewal).sum()),
        won=int(won.sum()),
        lost=int((closed & ~won).sum()),
        renewals=int(deals.is_renewal.sum()),
    )
