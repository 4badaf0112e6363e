"""Two full exports of the same system: what changed, what is gone, what only seems so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import duckdb
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

AGREEMENT = """
name: later
versions:
  - version: 1
    effective_from: 2024-01-01
    signed:
      marketing: {by: Head of Marketing, date: 2023-12-14}
      sales: {by: Head of Sales, date: 2023-12-14}
    stages:
      - {key: mql, label: MQL, rank: 20, team: marketing, roles: [marketing_qualified],
         entered_when: [{status: [mql]}]}
      - {key: sal, label: SAL, rank: 30, team: sales, roles: [accepted], authority: crm,
         entered_when: [{status: [sal]}]}
    exits:
      - {key: recycled, label: Recycled, team: sales, left_when: [{status: [recycled]}]}
    reporting: {time_zone: Asia/Tokyo, currency: JPY}
"""

MAPPING = """
name: later
title: Two exports of one system
as_of: 2026-04-30
source_time_zone: Asia/Tokyo
reporting_time_zone: Asia/Tokyo
agreement: agreement.yml
outcomes: won_and_lost
files:
  - {{file: leads.csv, system: crm, entity: persons, load: full, exported_at: {exported_at},
     key: id, columns: {{status: status, status_at: status_at, created_at: created_at}}}}
  - {{file: prospects.csv, system: marketing, entity: persons, load: full,
     exported_at: {exported_at}, key: id,
     columns: {{status: status, status_at: status_at, linked_id: lead,
       linked_source: {{value: crm}}}}}}
"""

FIRST = """id,status,status_at,created_at
stamped,mql,2026-01-10,
nodates,mql,,
created,mql,,2023-01-01
gone,mql,2026-01-10,
unreadable,mql,2026-01-10,
guarded,sal,2026-01-10,
"""
SECOND = """id,status,status_at,created_at
stamped,sal,2026-02-10,
nodates,sal,,
created,sal,,2023-01-01
unreadable,mql,2026-01-10,
unreadable,sal,2026-01-11,
guarded,sal,2026-01-10,
"""
PROSPECTS = "id,status,status_at,lead\nP1,recycled,2026-02-01,guarded\n"


@pytest.fixture(scope="module")
def build(
    tmp_path_factory: pytest.TempPathFactory, land_and_build: Callable[..., Path]
) -> Callable[..., duckdb.DuckDBPyConnection]:
    folder = tmp_path_factory.mktemp("later")

    def _build(**environment: str) -> duckdb.DuckDBPyConnection:
        workspace = tmp_path_factory.mktemp("workspace")
        for exported_at, leads in (("2026-02-01", FIRST), ("2026-03-01", SECOND)):
            (folder / "agreement.yml").write_text(AGREEMENT)
            (folder / "mapping.yml").write_text(MAPPING.format(exported_at=exported_at))
            (folder / "leads.csv").write_text(leads)
            (folder / "prospects.csv").write_text(PROSPECTS)
            path = land_and_build(
                folder, workspace, is_built=exported_at == "2026-03-01", **environment
            )
        return duckdb.connect(str(path), read_only=True)

    return _build


@pytest.fixture(scope="module")
def warehouse(build: Callable[..., duckdb.DuckDBPyConnection]) -> Iterator[Any]:
    with build() as connection:
        yield connection


def entries(connection: duckdb.DuckDBPyConnection, record: str) -> list[tuple[Any, ...]]:
    return connection.execute(
        "select t.to_stage, cast(t.transition_date as varchar), t.evidence"
        " from marts.fct_stage_transitions as t"
        " join intermediate.int_persons_resolved as p using (person_key)"
        " where p.record_key = ? order by t.pass_number, t.transition_number",
        [f"crm/main/{record}"],
    ).fetchall()


def test_a_stamped_stage_stays_when_the_record_moves_on(warehouse: Any) -> None:
    assert entries(warehouse, "stamped") == [
        ("mql", "2026-01-10", "stamped"), ("sal", "2026-02-10", "stamped"),
    ]  # fmt: skip


@pytest.mark.parametrize("record", ["nodates", "created"])
def test_a_difference_is_observed_and_what_was_before_has_no_date(
    warehouse: Any, record: str
) -> None:
    assert sorted(entries(warehouse, record)) == [
        ("mql", None, "observed"), ("sal", "2026-03-01", "observed"),
    ]  # fmt: skip


def test_absence_is_a_deletion_and_a_row_set_aside_is_no_absence(warehouse: Any) -> None:
    found = warehouse.execute(
        "select record_id, is_record_deleted from staging.stg_files__persons"
        " where record_id in ('gone', 'unreadable')"
    ).fetchall()
    assert dict(found) == {"gone": True, "unreadable": False}


def test_before_the_export_that_lacks_it_a_record_is_there(
    build: Callable[..., duckdb.DuckDBPyConnection],
) -> None:
    with build(UNIFIED_FUNNEL_AS_OF="2026-02-15") as connection:
        assert connection.execute(
            "select is_record_deleted from staging.stg_files__persons where record_id = 'gone'"
        ).fetchall() == [(False,)]


def test_only_the_authority_over_a_stage_moves_somebody_out(warehouse: Any) -> None:
    # Marketing recycles somebody whom sales has accepted: the CRM has the say there.
    assert [to for to, _, _ in entries(warehouse, "guarded")] == ["sal"]
