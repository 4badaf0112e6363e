"""Why deals were lost, as a warehouse tells it, beside the truth of the company."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import duckdb

if TYPE_CHECKING:
    from tests.truth.companies import Company

_TOLD = """
select segment, segment_value, dimension, value, lost
from warehouse.marts.rpt_loss_reasons
where period_type = 'all' and segment in ('all', 'product')
"""
# A product, a reason or a competitor that nobody wrote down is one of the rows.
_TRUE = """
with lost as (
    select * from truth.opportunities
    where type = 'new_business' and closed_at is not null and not is_won
),

cut as (
    select *, 'all' as segment, 'all' as segment_value from lost
    union all
    select *, 'product', product from lost
)

select segment, segment_value, 'reason' as dimension, reason as value, count(*) as lost
from cut group by all
union all
select segment, segment_value, 'competitor', competitor, count(*) from cut group by all
union all
select segment, segment_value, 'stage', lost_in, count(*) from cut group by all
"""
# Cells in which the rows are not all that was lost, or the shares not one.
_SUMS = """
select
    r.period_type, r.period_start, r.segment, r.segment_value, r.dimension,
    sum(r.lost) as lost, sum(r.share_of_lost) as share_of_lost, max(w.lost) as all_lost
from warehouse.marts.rpt_loss_reasons as r
left join warehouse.marts.rpt_win_loss as w
    on
        r.period_type = w.period_type
        and r.period_start is not distinct from w.period_start
        and r.segment = w.segment
        and r.segment_value is not distinct from w.segment_value
group by all
having sum(r.lost) is distinct from max(w.lost) or abs(sum(r.share_of_lost) - 1) > 1e-9
"""
_PERIODS = """
select period_type, dimension, value, sum(lost)
from warehouse.marts.rpt_loss_reasons where segment = 'all' group by all
"""


def differences(company: Company) -> dict[str, list[tuple[Any, ...]]]:
    """Return what only the warehouse says of a company's losses, what only the truth does, and
    the cells that do not add up."""
    with _opened(company) as connection:
        return {
            "told": connection.execute(f"({_TOLD}) except ({_TRUE})").fetchall(),
            "true": connection.execute(f"({_TRUE}) except ({_TOLD})").fetchall(),
            "cells": connection.execute(_SUMS).fetchall(),
        }


def reasons(company: Company) -> dict[str | None, int]:
    """Return reason (none: nobody knows) -> deals lost for it, in truth."""
    query = f"select value, lost from ({_TRUE}) where segment = 'all' and dimension = 'reason'"
    with _opened(company) as connection:
        return dict(connection.execute(query).fetchall())


def periods(company: Company) -> dict[str, set[tuple[Any, ...]]]:
    """Return type of period -> (dimension, value, deals lost) summed over the periods."""
    with _opened(company) as connection:
        found: dict[str, set[tuple[Any, ...]]] = {}
        for period, *row in connection.execute(_PERIODS).fetchall():
            found.setdefault(period, set()).add(tuple(row))
        return found


def _opened(company: Company) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute(f"attach '{company.warehouse}' as warehouse (read_only)")
    connection.execute("create schema truth")
    path = company.truth / "opportunities.parquet"
    connection.execute(f"create view truth.opportunities as from '{path}'")
    return connection
