"""All history under an agreement that nobody signed yet: `make what-if AGREEMENT=<file>`."""

from __future__ import annotations

import argparse
import re
import shutil
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from ingestion.agreement import Agreement, land_agreement, read_agreement
from ingestion.errors import TerminalError
from ingestion.landing import Landing
from orchestration.agreement_comparison import Section, compare, sections
from orchestration.dbt_build import build, environment_of
from orchestration.dbt_manifest import TARGET
from orchestration.lock import hold_lock
from orchestration.publication import CURRENT, DATABASE, Publication, current_publication
from orchestration.terminal import answer, as_table
from orchestration.workspace import PREFIX, Workspace, read_workspace

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class WhatIf:
    """What the comparison is about, and where it lies."""

    agreement: Agreement
    publication: Publication
    folder: Path
    sections: list[Section]


def what_if(workspace: Workspace, agreement_file: Path) -> WhatIf:
    """Build the marts under the last version of an agreement and compare them with the published.

    That version is applied to all time; instant and loads are those of the current publication.
    Written is `<workspace>/what_if/<name of the file>/` and nothing else: a landing that holds only
    the agreement, a warehouse, `comparison.parquet` (one row per measure, period and stage pair),
    `persons.parquet` (one row per person who qualifies before or after) and `comparison.md`.
    Raises AgreementError with all that is wrong with the agreement, TerminalError if nothing is
    published yet, dbt fails, or the same comparison is being made.
    """
    agreement = _last_version(read_agreement(agreement_file))
    publication = current_publication(workspace.published)
    if publication is None:
        raise TerminalError(
            "nothing is published yet", where=str(workspace.published), mend="Call `make run`"
        )
    served = (workspace.published / CURRENT / DATABASE).resolve()
    folder = workspace.folder / "what_if" / _name(agreement_file)
    with hold_lock(folder / "run.lock", "make what-if"):
        warehouse = _build(workspace, agreement, publication, folder)
        with duckdb.connect() as connection:
            connection.execute("set timezone = 'UTC'")
            connection.execute(f"attach {_quoted(served)} as before (read_only)")
            connection.execute(f"attach {_quoted(warehouse)} as after (read_only)")
            compare(connection)
            for name in ("comparison", "persons"):
                path = folder / f"{name}.parquet"
                connection.execute(f"copy {name} to {_quoted(path)} (format parquet)")
            found = WhatIf(agreement, publication, folder, list(sections(connection)))
        (folder / "comparison.md").write_text("\n".join(_page(found)) + "\n", encoding="utf-8")
    return found


def _last_version(agreement: Agreement) -> Agreement:
    """The first version of an agreement covers all time before it: so does an only one."""
    return agreement.model_copy(update={"versions": agreement.versions[-1:]})


def _name(agreement_file: Path) -> str:
    return re.sub(r"[^A-Za-z0-9_-]+", "_", agreement_file.stem) or "agreement"


def _build(
    workspace: Workspace, agreement: Agreement, publication: Publication, folder: Path
) -> Path:
    landing, warehouse = folder / "landing", folder / "warehouse.duckdb"
    shutil.rmtree(landing, ignore_errors=True)
    warehouse.unlink(missing_ok=True)
    known = publication.loads_until
    land_agreement(
        Landing(landing),
        agreement,
        datetime.fromisoformat(publication.as_of).date(),
        # As old as what the publication knows, so that it is known whenever that is.
        extracted_at=None if known is None else datetime.fromisoformat(known),
    )
    build(
        "run",
        "--select",
        "+path:models/marts",
        environment={
            **environment_of(workspace, publication, folder / "dbt"),
            f"{PREFIX}WAREHOUSE": str(warehouse),
            f"{PREFIX}AGREEMENT_LANDING": str(landing),
        },
        target_path=folder / "dbt",
        target=TARGET,
        told=f"building all history under version {agreement.versions[0].version}"
        f" of {agreement.file} into {folder}",
    )
    return warehouse


def describe(found: WhatIf) -> list[str]:
    """Return the lines that tell the comparison; the last one names the folder."""
    lines = _about(found)
    for section in found.sections:
        lines += [
            "",
            section.title,
            *(f"  {one}" for one in as_table(section.columns, section.rows)),
        ]
    return [*lines, "", *_notes(), f"written: {found.folder}"]


def _page(found: WhatIf) -> Iterator[str]:
    yield f"# What if: {found.agreement.file}"
    yield ""
    yield from _about(found)
    for section in found.sections:
        yield ""
        yield f"## {section.title}"
        yield ""
        yield f"| {' | '.join(section.columns)} |"
        yield f"|{' --- |' * len(section.columns)}"
        for row in section.rows:
            yield f"| {' | '.join('' if cell is None else str(cell) for cell in row)} |"
    yield ""
    yield from _notes()


def _about(found: WhatIf) -> list[str]:
    version, publication = found.agreement.versions[0], found.publication
    return [
        f"before: the publication {publication.run}, each signal under the version of its day",
        f"after: version {version.version} of {found.agreement.file} for all time",
        f"both: as of {publication.as_of}, the same loads",
    ]


def _notes() -> list[str]:
    return [
        "not_replayable: qualify after because a source had set a status or lifecycle stage, under",
        "the rules of its time. What it would have set under these rules nobody knows.",
    ]


def _quoted(value: object) -> str:
    return "'" + str(value).replace("'", "''") + "'"


def main(arguments: list[str] | None = None) -> int:
    """Print the comparison; returns 2 with the reason on standard error if that does not work."""
    parser = argparse.ArgumentParser(prog="orchestration.what_if", description=__doc__)
    parser.add_argument("agreement", help="agreement file whose last version is tried")
    options = parser.parse_args(arguments)

    def compared() -> tuple[str, int]:
        return "\n".join(describe(what_if(read_workspace(), Path(options.agreement)))), 0

    return answer(compared)


if __name__ == "__main__":
    sys.exit(main())
