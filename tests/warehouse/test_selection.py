"""An analyst builds a part of the warehouse into a file that has nothing else in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_a_selected_mart_builds_alone(
    land_and_build: Callable[..., Path], cases_folder: Path, tmp_path: Path
) -> None:
    path = land_and_build(
        cases_folder, tmp_path, has_tests=True, arguments=["--select", "+rpt_win_loss"]
    )
    with duckdb.connect(str(path), read_only=True) as connection:
        marts = connection.execute(
            "select table_name from information_schema.tables where table_schema = 'marts'"
        ).fetchall()
    assert marts == [("rpt_win_loss",)]
