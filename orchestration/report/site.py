"""The whole site: every page of a publication as text."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ingestion.errors import TerminalError
from orchestration.report import shown
from orchestration.report.pages import PAGES
from orchestration.report.reading import open_reading
from orchestration.report.shelf import INDEX

if TYPE_CHECKING:
    from collections.abc import Sequence

    from orchestration.report.page import Page
    from orchestration.report.reading import Reading

_TEMPLATES = Path(__file__).parent / "templates"

# The page that a browser is given for a folder.
_FIRST = PAGES[0].key


@dataclass(frozen=True)
class Site:
    """The pages of a report by file name, those that were left out with what they lack, and how
    many rows of answers are on them.
    """

    run: str
    is_beside: bool
    files: dict[str, str]
    left_out: dict[str, tuple[str, ...]]
    rows: int


def make_site(publication: Path, pages: Sequence[Page] = PAGES) -> Site:
    """Make the site of a publication's folder; nothing is written.

    Raises TerminalError if there is no publication or it lacks what the first page needs, and
    duckdb.Error if a statement of a page does not fit its tables.
    """
    with open_reading(publication) as reading:
        lacking = {
            page.key: tuple(table for table in page.needs if not reading.has(table))
            for page in pages
        }
        left_out = {key: tables for key, tables in lacking.items() if tables}
        made = [page for page in pages if page.key not in left_out]
        if _FIRST in left_out:
            raise TerminalError(
                f"it is of an earlier version and has no {', '.join(left_out[_FIRST])}",
                where=str(publication),
                mend="Publish anew: make run",
            )
        environment = _environment()
        files, rows = {}, 0
        for page in made:
            figures = list(page.figures(reading))
            rows += sum(len(one.answer.rows) for one in figures)
            files[file_of(page)] = environment.get_template("page.html.j2").render(
                page=page,
                pages=made,
                left_out=left_out,
                figures=[shown.shown(one) for one in figures],
                about=_about(reading),
            )
        return Site(reading.publication.run, reading.publication.is_beside, files, left_out, rows)


def file_of(page: Page) -> str:
    """Return the file name of a page."""
    return INDEX if page.key == _FIRST else f"{page.key}.html"


def _about(reading: Reading) -> dict[str, Any]:
    publication = reading.publication
    return {
        "data_set": publication.data_set.replace("_", " "),
        "run": publication.run,
        "as_of_date": publication.as_of_date,
        "as_of": publication.as_of,
        "created_at": publication.created_at[:16].replace("T", " "),
        "version": publication.agreement_version,
        "is_beside": publication.is_beside,
        "minimum": reading.minimum_sample,
    }


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style, script = ((_TEMPLATES / name).read_text("utf-8") for name in ("style.css", "script.js"))
    environment.globals.update(
        file_of=file_of, style=style, script=script, policy=_policy(style, script)
    )
    return environment


def _policy(style: str, script: str) -> str:
    """Only this style and this script, and nothing from anywhere."""
    hashes = [
        "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"
        for text in (style, script)
    ]
    return (
        f"default-src 'none'; style-src {hashes[0]}; script-src {hashes[1]};"
        " base-uri 'none'; form-action 'none'"
    )
