"""A publication that is open for reading, and what it answers."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from textwrap import dedent
from typing import TYPE_CHECKING, Any

import duckdb

from ingestion.errors import TerminalError
from orchestration.publication import DATABASE, MANIFEST, Publication
from orchestration.running_periods import running_periods

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


@dataclass(frozen=True)
class Answer:
    """What a statement gave: one dict per row, columns in the statement's order."""

    sql: str
    columns: tuple[str, ...]
    rows: tuple[dict[str, Any], ...]


class Reading:
    """A publication's database, read only, and the names that people give to what is in it.

    `as_of_date` is the last day that counts. Statements see what `make query` sees.
    """

    def __init__(self, publication: Publication, connection: duckdb.DuckDBPyConnection) -> None:
        self.publication = publication
        self._connection = connection

    def ask(self, sql: str) -> Answer:
        """Return what a statement gives; the answer carries the statement, to be shown with it.

        Raises duckdb.Error if the statement is wrong.
        """
        text = dedent(sql).strip()
        found = self._connection.execute(text)
        columns = tuple(column[0] for column in found.description or [])
        rows = tuple(dict(zip(columns, row, strict=True)) for row in found.fetchall())
        return Answer(text, columns, rows)

    def has(self, table: str) -> bool:
        """Whether `<schema>.<table>` is published."""
        return table in self.publication.tables

    @property
    def as_of_date(self) -> str:
        """ISO day, for statements."""
        return self.publication.as_of_date

    @property
    def version(self) -> int:
        """Version of the agreement in force."""
        return self.publication.agreement_version

    @cached_property
    def stages(self) -> Mapping[str, str]:
        """Label of each stage in force by its key, in the order of the funnel."""
        return self._labels(
            "select stage, label from marts.dim_stages where is_in_force order by stage_rank"
        )

    @cached_property
    def slas(self) -> Mapping[str, str]:
        """Label of each SLA by its key, as last agreed."""
        return self._labels(
            "select sla, arg_max(label, agreement_version) from marts.dim_slas group by sla"
        )

    @cached_property
    def segments(self) -> Mapping[str, str]:
        """Label of each segment by its key; the ones that hand-offs have of their own, too."""
        agreed = self._labels(
            "select segment, arg_max(label, version) from agreement.segments group by segment"
        )
        return {
            "all": "All",
            "assigned_owner": "Assigned owner",
            "handed_off_campaign": "Campaign",
            "handed_off_pass": "Which pass",
            "deal_owner": "Owner",
            "deal_product": "Product",
            "deal_source": "Source",
            "deal_competitor": "Competitor",
            **agreed,
        }

    @cached_property
    def owners(self) -> Mapping[str, str]:
        """Name of each user and queue by its key."""
        return self._labels("select owner_key, coalesce(name, owner_key) from marts.dim_owners")

    @cached_property
    def minimum_sample(self) -> int:
        """The agreed minimum: percentages on fewer are marked."""
        found = self._one(
            "select minimum_sample_size from agreement.settings where version = ?", self.version
        )
        return int(found[0])

    @cached_property
    def currency(self) -> str:
        """The agreed reporting currency."""
        found = self._one("select currency from agreement.settings where version = ?", self.version)
        return str(found[0])

    @cached_property
    def running(self) -> Mapping[str, date]:
        """First day of the month and of the fiscal quarter that are not over."""
        found = running_periods(self._connection, date.fromisoformat(self.as_of_date))
        if found is None:
            raise TerminalError(
                f"there is no day {self.as_of_date}",
                where=f"publication {self.publication.run}, marts.dim_dates",
                mend="Publish anew: make run",
            )
        return {"month": found.month, "quarter": found.quarter}

    def _one(self, sql: str, *values: object) -> tuple[Any, ...]:
        found = self._connection.execute(sql, values).fetchone()
        if found is None:
            raise TerminalError(
                "nothing is there",
                where=f"publication {self.publication.run}, {sql}",
                mend="Publish anew: make run",
            )
        return found

    def _labels(self, sql: str) -> dict[str, str]:
        return dict(self._connection.execute(sql).fetchall())


@contextmanager
def open_reading(folder: Path) -> Iterator[Reading]:
    """Open a publication by its folder. Raises TerminalError if there is none."""
    manifest = folder / MANIFEST
    if not manifest.is_file():
        raise TerminalError("there is no publication", where=str(folder), mend="Call `make run`")
    publication = Publication.from_json(manifest.read_text())
    with duckdb.connect(str((folder / DATABASE).resolve()), read_only=True) as connection:
        # As `make query` does, so that a statement shown on a page gives the same there.
        connection.execute("set search_path = 'marts,quality'")
        yield Reading(publication, connection)
