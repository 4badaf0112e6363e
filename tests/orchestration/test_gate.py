"""What enters, from files through the real landing: what is counted, and when."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest

from expectations.raw_files import DROP_AT_MOST
from ingestion.agreement import land_agreement, read_agreement
from ingestion.files import find_mapping, land_file, land_mapping
from ingestion.landing import Landing
from orchestration.gate import entry_verdicts
from orchestration.landed import open_landing
from orchestration.workspace import PROJECT
from tests.orchestration.conftest import LEADS, write_exports

if TYPE_CHECKING:
    from pathlib import Path

    from expectations.validation import Failure

AS_OF = datetime(2026, 4, 1, 4, tzinfo=UTC)

FEWER = "a full export has at most 15% fewer live records than the one before"
TOTAL = "the total that a source tells of itself is at most 15% below the one before"


class Company:
    """The small company; `land` lands what it exports on a day."""

    def __init__(self, folder: Path) -> None:
        self.exports = folder / "exports"
        self.landing = Landing(folder / "landing")

    def land(self, day: str, leads: int = LEADS, repeated: int = 0) -> None:
        """Land all deals and the first leads; the last of them, as many as that, come again."""
        write_exports(self.exports, exported_at=day)
        path = self.exports / "leads.csv"
        lines = path.read_text().splitlines()[: leads + 1]
        path.write_text("\n".join([*lines, *lines[leads + 1 - repeated :]]) + "\n")
        mapping = find_mapping(self.exports)
        land_agreement(self.landing, read_agreement(PROJECT / "agreement.yml"), date(2026, 5, 1))
        land_mapping(self.landing, mapping)
        for export in mapping.files:
            land_file(self.landing, mapping, export, self.exports)

    def tell_total(self, day: str, total: int) -> None:
        """Let the source of the leads tell how many it has, as one with an API does."""
        (load,) = (
            one
            for one in self.landing.loads("files")
            if one.object == "persons" and one.load_id.startswith(day.replace("-", ""))
        )
        told = replace(
            load, load_id=f"{load.load_id}-told", supersedes=(load.load_id,), rows_reported=total
        )
        with self.landing.write_load(told) as writer:
            writer.write(self.landing.read(load))

    def failures(self) -> list[Failure]:
        found = list(entry_verdicts(self.landing, AS_OF))
        assert [one.errors for one in found if one.errors] == []
        return [failure for one in found for failure in one.failures]

    def live(self) -> list[tuple[int | None]]:
        with open_landing(self.landing, AS_OF) as connection:
            return connection.execute(
                "select rows_live from ops.loads where entity = 'persons' order by exported_at"
            ).fetchall()


@pytest.fixture
def company(tmp_path: Path) -> Company:
    return Company(tmp_path)


def test_g62_a_fall_by_a_fifth_stops_and_the_next_export_is_held_against_it(
    company: Company,
) -> None:
    company.land("2026-04-01")
    # Of a first load nothing is counted: there is nothing to hold it against.
    assert company.live() == [(None,)]
    company.land("2026-04-02", LEADS * 8 // 10)
    assert [(one.description, one.severity) for one in company.failures()] == [(FEWER, "critical")]
    company.land("2026-04-03", LEADS * 8 // 10)
    assert company.failures() == []
    assert company.live() == [(None,), (48,), (48,)]


def test_g62_the_sources_own_total(company: Company) -> None:
    """All rows are there, and the source says that it has a fifth less than before."""
    company.land("2026-04-01")
    company.land("2026-04-02")
    company.tell_total("2026-04-01", 1000)
    company.tell_total("2026-04-02", round(1000 * (1 - DROP_AT_MOST)))
    assert company.failures() == []
    company.land("2026-04-03")
    # A source that says nothing is held against nothing.
    assert company.failures() == []
    company.tell_total("2026-04-03", 680)
    assert [(one.description, one.severity) for one in company.failures()] == [(TOTAL, "critical")]


def test_g63_the_same_page_twice_counts_once(company: Company) -> None:
    company.land("2026-04-01")
    company.land("2026-04-01")
    assert company.live() == [(None,)]
    # A page that comes again hides nothing: 48 leads, and 10 of them a second time.
    company.land("2026-04-02", repeated=10)
    assert company.failures() == []
    assert company.live() == [(LEADS,), (LEADS,)]
    company.land("2026-04-03", LEADS * 8 // 10, repeated=10)
    assert FEWER in [one.description for one in company.failures()]
    assert company.live()[1:] == [(LEADS,), (48,)]
