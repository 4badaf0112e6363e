"""What arrives late, again, or no longer: increments, a full refresh and a backfill are equal.

The same warehouse goes on from one run to the next, as the pipeline's does. Compared are all tables
of the engine and of the marts, row by row.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from tests.truth.increments import compare

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

AGREEMENT = """
name: loads
versions:
  - version: 1
    effective_from: 2024-01-01
    signed:
      marketing: {by: Head of Marketing, date: 2023-12-14}
      sales: {by: Head of Sales, date: 2023-12-14}
    stages:
      - {key: inquiry, label: Inquiry, rank: 10, team: marketing, roles: [inquiry],
         entered_when: [{activity: [form_fill]}]}
      - {key: mql, label: MQL, rank: 20, team: marketing, roles: [marketing_qualified],
         entered_when: [{status: [mql]}]}
      - {key: won, label: Won, rank: 60, team: sales, roles: [won],
         entered_when: [{opportunity_outcome: [won]}]}
    exits:
      - {key: recycled, label: Recycled, team: sales, left_when: [{status: [recycled]}]}
    reporting: {time_zone: America/New_York, currency: USD}
"""

# Marketo's change rows come as one full list of what it still has, or as what is new since.
MAPPING = """
name: loads
title: A source that is read again and again
source_time_zone: America/New_York
reporting_time_zone: America/New_York
agreement: agreement.yml
outcomes: won_and_lost
files:
  - {{file: leads.csv, system: crm, entity: persons, load: full, exported_at: "{at}", key: id,
     columns: {{created_at: created_at}}}}
  - {{file: deals.csv, system: crm, entity: opportunities, load: full, exported_at: "{at}",
     key: id, columns: {{person_id: lead, is_closed: is_won, is_won: is_won, amount: amount,
       created_at: created_at, closed_at: closed_at}}}}
  - {{file: changes.csv, system: crm, entity: field_changes, load: full, exported_at: "{at}",
     key: id, columns: {{record_entity: {{value: persons}}, changed_record_id: lead,
       field: {{value: status}}, old_value: old, new_value: new, changed_at: at}}}}
  - {{file: log.csv, system: crm, entity: field_changes, load: append, exported_at: "{at}",
     key: id, columns: {{record_entity: {{value: persons}}, changed_record_id: lead,
       field: {{value: status}}, old_value: old, new_value: new, changed_at: at}}}}
  - {{file: forms.csv, system: crm, entity: activities, load: append, exported_at: "{at}", key: id,
     columns: {{person_id: lead, activity_type: {{value: form_fill}}, occurred_at: at}}}}
"""

HEADERS = {
    "leads": "id,created_at",
    "deals": "id,lead,is_won,amount,created_at,closed_at",
    "changes": "id,lead,old,new,at",
    "log": "id,lead,old,new,at",
    "forms": "id,lead,at",
}

MARCH_9, MARCH_10 = date(2026, 3, 9), date(2026, 3, 10)
# 120 days before the first export: Marketo has forgotten them by the next one.
PURGED = MARCH_9 - timedelta(days=120)

Files = dict[str, list[str]]


def first_export() -> Files:
    leads = [f"L{n},2025-10-{n + 1:02} 09:00:00" for n in range(10)]
    return {
        "leads": leads,
        "deals": ["D0,L0,yes,100,2025-12-01 09:00:00,2026-02-01 09:00:00",
                  "D1,L1,no,50,2026-01-05 09:00:00,"],
        "changes": [f"C{n},L{n},new,mql,{PURGED} 10:{n:02}:00" for n in range(5)]
        + ["C5,L5,new,mql,2026-02-10 10:00:00"],
        "log": [f"G6,L6,new,mql,{PURGED} 11:00:00", f"G7,L7,new,mql,{PURGED} 11:30:00"],
        "forms": [f"F{n},L{n},2025-11-{n + 1:02} 09:00:00" for n in range(10)],
    }  # fmt: skip


def second_export() -> Files:
    first = first_export()
    return first | {
        "changes": [
            "C5,L5,new,mql,2026-02-10 10:00:00",
            "C5-b,L5,mql,recycled,2026-03-10 10:00:00",
        ],
        "log": ["G8,L8,new,mql,2026-03-10 12:00:00"],
        # G57: of 1 March, and it arrives on the 10th.
        "forms": ["late,L9,2026-03-01 09:00:00"],
    }


def repeated(export: Files) -> Files:
    """Deliver the last page of every list again; what was delivered before comes again too."""
    before = first_export()
    return {
        file: [*(before[file] if file in ("log", "forms") else []), *lines, *lines[-3:]]
        for file, lines in export.items()
    }


@dataclass(frozen=True)
class Built:
    """Warehouses of the same loads, each built another way."""

    first: Path  # as of the 9th, when only the first export had landed
    increment: Path  # the same file, gone on to the 10th
    again: Path  # and once more as of the 10th
    full: Path  # as of the 10th, by a full refresh of the same file
    backfill: Path  # as of the 9th, built later and beside
    repeated: Path  # from a landing that got every page twice


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, land_and_build: Callable[..., Path]) -> Built:
    root = tmp_path_factory.mktemp("loads")
    exports = root / "exports"
    exports.mkdir()

    def build(
        export: Files, day: date, workspace: str, copy: str, *arguments: str, **environment: str
    ) -> Path:
        (exports / "agreement.yml").write_text(AGREEMENT)
        at = f"{day + timedelta(days=1)} 01:00:00"
        (exports / "mapping.yml").write_text(MAPPING.format(at=at))
        for name, lines in export.items():
            (exports / f"{name}.csv").write_text("\n".join([HEADERS[name], *lines]) + "\n")
        warehouse = land_and_build(
            exports, root / workspace, arguments=arguments,
            **{"UNIFIED_FUNNEL_AS_OF": day.isoformat()} | environment,
        )  # fmt: skip
        return shutil.copy(warehouse, root / f"{copy}.duckdb")

    first = build(first_export(), MARCH_9, "run", "first")
    known = datetime.now(UTC).isoformat()
    increment = build(second_export(), MARCH_10, "run", "increment")
    again = build(second_export(), MARCH_10, "run", "again")
    full = build(second_export(), MARCH_10, "run", "full", "--full-refresh")
    (root / "run" / "warehouse.duckdb").unlink()
    backfill = build(
        second_export(), MARCH_10, "run", "backfill",
        UNIFIED_FUNNEL_AS_OF=MARCH_9.isoformat(), UNIFIED_FUNNEL_LOADS_UNTIL=known,
    )  # fmt: skip
    build(repeated(first_export()), MARCH_9, "twice", "first_of_twice")
    twice = build(repeated(second_export()), MARCH_10, "twice", "twice")
    return Built(first, increment, again, full, backfill, twice)


def rows(warehouse: Path, query: str, *values: object) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        return connection.execute(query, list(values)).fetchall()


def test_g06_purge_leaves_closed_days_as_they_were(built: Built) -> None:
    closed = """
        select stage, balance_date, opening, moved_in, moved_out, closing, undated, undated_out
        from marts.rpt_stage_balance where balance_date < date '2026-03-01' order by all
    """
    assert rows(built.increment, closed) == rows(built.first, closed)
    day = "select moved_in from marts.rpt_stage_balance where stage = 'mql' and balance_date = ?"
    # Five of the full list, two of the log.
    assert rows(built.increment, day, PURGED) == [(7,)]


def test_g06_purge_and_a_full_refresh_leave_raw_alone(built: Built) -> None:
    raw = """
        select _load_id, changed_record_id, changed_at from raw_files.field_changes order by all
    """
    landed = rows(built.full, raw)
    # 8 of the first export, 3 of the second.
    assert len(landed) == 11
    assert sum(PURGED.isoformat() in at for _, _, at in landed) == 7
    assert rows(built.increment, raw) == landed
    assert compare(built.increment, built.full) == {}


def test_g57_late_event_an_increment_equals_a_full_refresh(built: Built) -> None:
    assert compare(built.increment, built.full) == {}
    query = """
        select cast(occurred_at as varchar) from intermediate.int_activities
        where activity_key like '%late'
    """
    assert rows(built.first, query) == []
    assert rows(built.increment, query) == [("2026-03-01 14:00:00",)]


def test_g61_the_same_as_of_twice_is_equal(built: Built) -> None:
    assert compare(built.increment, built.again) == {}
    assert compare(built.first, built.again) != {}


def test_g61_a_backfilled_day_is_what_it_was(built: Built) -> None:
    assert compare(built.first, built.backfill) == {}


def test_g63_the_same_page_twice_counts_once(built: Built) -> None:
    delivered = "select sum(rows_delivered) from ops.loads where source = 'files'"
    assert rows(built.repeated, delivered) > rows(built.increment, delivered)
    assert compare(built.increment, built.repeated) == {}
