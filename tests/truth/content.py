"""The content audit of a simulated company beside the truth about its content."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import duckdb

if TYPE_CHECKING:
    from tests.truth.companies import Company

# What an inventory lists, and what is lost; nothing else is called as the company's content is.
_TOLD = """
select
    source, instance, content_id, name, personas, buying_stages, owner_team, state,
    is_lost, is_retired, is_stale, is_orphaned, is_unused, used_by, marketing_touches,
    sales_touches, last_touched_at
from warehouse.marts.dim_content
where name in (select name from truth.contents)
"""
_TRUE = """
select
    system, instance, record_id, name, personas, buying_stages, owner_team, state,
    is_lost, is_retired, is_stale, is_orphaned, is_unused, used_by, marketing_touches,
    sales_touches, last_touched_at
from truth.contents
"""
_CELLS_TOLD = """
select persona, buying_stage, assets
from warehouse.marts.rpt_content_coverage where campaign = 'all'
"""
_CELLS_TRUE = "select persona, buying_stage, assets from truth.content_coverage"
_FINDINGS = """
select finding, count(*) from warehouse.quality.findings where entity = 'contents' group by 1
"""


def differences(company: Company) -> dict[str, list[tuple[Any, ...]]]:
    """Return what only the warehouse says of the company's content and what only the truth does."""
    with _opened(company) as connection:
        found = {}
        for what, told, true in (("assets", _TOLD, _TRUE), ("cells", _CELLS_TOLD, _CELLS_TRUE)):
            found[f"{what} told"] = connection.execute(f"({told}) except ({true})").fetchall()
            found[f"{what} true"] = connection.execute(f"({true}) except ({told})").fetchall()
    return found


def states(company: Company) -> dict[str, int]:
    """Return how many assets are in each state, in truth."""
    with _opened(company) as connection:
        query = "select state, count(*) from truth.contents group by 1"
        return dict(connection.execute(query).fetchall())


def gaps(company: Company) -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
    """Return the cells that nothing was ever made for, and those that are reported empty."""
    with _opened(company) as connection:
        planted = "select persona, buying_stage from truth.content_coverage where is_gap"
        told = f"select persona, buying_stage from ({_CELLS_TOLD}) where assets = 0"
        return set(connection.execute(planted).fetchall()), set(connection.execute(told).fetchall())


def findings(company: Company) -> dict[str, int]:
    """Return how often content is found to be what."""
    with _opened(company) as connection:
        return dict(connection.execute(_FINDINGS).fetchall())


def _opened(company: Company) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute(f"attach '{company.warehouse}' as warehouse (read_only)")
    connection.execute("create schema truth")
    for name in ("contents", "content_coverage"):
        path = company.truth / f"{name}.parquet"
        connection.execute(f"create view truth.{name} as from '{path}'")
    return connection
