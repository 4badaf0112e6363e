"""How a person moves: the rules of docs/engine.md, one case each."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import duckdb


def moves(
    connection: duckdb.DuckDBPyConnection, record: str, system: str = "crm"
) -> list[tuple[Any, ...]]:
    return connection.execute(
        "select t.pass_number, t.kind, t.from_stage, t.to_stage"
        " from marts.fct_stage_transitions as t"
        " join intermediate.int_persons_resolved as p on t.person_key = p.person_key"
        " where p.record_key = ? order by t.pass_number, t.transition_number",
        [f"{system}/main/{record}"],
    ).fetchall()


def test_g03_bounce_within_the_debounce_is_one_entry(warehouse: duckdb.DuckDBPyConnection) -> None:
    assert moves(warehouse, "G03") == [
        (1, "enter", None, "sql"), (1, "forward", "sql", "opportunity"),
    ]  # fmt: skip
    kept = warehouse.execute(
        "select count(*) from raw_files.field_changes where changed_record_id = 'G03-deal'"
    ).fetchall()
    assert kept == [(3,)]


def test_a_stay_of_the_debounce_itself_is_none(warehouse: duckdb.DuckDBPyConnection) -> None:
    assert moves(warehouse, "slow") == [
        (1, "enter", None, "sql"), (1, "forward", "sql", "opportunity"),
        (1, "back", "opportunity", "sql"), (1, "forward", "sql", "opportunity"),
    ]  # fmt: skip


def test_g11_flicker_is_one_pass(warehouse: duckdb.DuckDBPyConnection) -> None:
    assert moves(warehouse, "G11", "marketing") == [(1, "enter", None, "mql")]


def test_who_comes_back_within_the_window_restarts_the_pass(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    assert moves(warehouse, "within") == [
        (1, "enter", None, "sal"), (1, "recycle", "sal", "recycled"),
        (1, "restart", "recycled", "mql"),
    ]  # fmt: skip
    assert moves(warehouse, "after")[2:] == [(2, "enter", None, "mql")]
    assert warehouse.execute(
        "select outcome, current_stage, furthest_stage, ended_at from marts.fct_passes"
        " where person_key = 'crm/main/within'"
    ).fetchall() == [("open", "mql", "sal", None)]


def test_silence_ends_a_pass_and_machines_do_not_break_it(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    assert moves(warehouse, "silent", "marketing") == [
        (1, "enter", None, "inquiry"), (1, "forward", "inquiry", "mql"),
        (1, "expire", "mql", "expired"), (2, "enter", None, "inquiry"),
    ]  # fmt: skip
    assert warehouse.execute(
        "select ended_at, evidence from marts.fct_passes"
        " join marts.fct_stage_transitions using (person_key, pass_number)"
        " where person_key = 'marketing/main/silent' and kind = 'expire'"
    ).fetchall() == [(datetime(2025, 11, 28, 15), "inferred")]
    assert moves(warehouse, "alive", "marketing") == [
        (1, "enter", None, "inquiry"), (1, "forward", "inquiry", "mql"),
    ]  # fmt: skip


def test_a_compound_criterion_moves_where_it_turns_true(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    assert moves(warehouse, "visits", "marketing") == [(1, "enter", None, "mql")]
    assert moves(warehouse, "rare-visits", "marketing") == []
