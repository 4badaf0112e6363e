"""The periods that are not over at the as_of of a publication."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

    import duckdb

# Whether a period is over is said by its scorecards: on its last day it is, once the day is.
_RUNNING = """
select
    case when {month} then d.month_start else min(n.month_start) end,
    case when {quarter} then d.fiscal_quarter_start else min(n.fiscal_quarter_start)
        filter (n.fiscal_quarter_start > d.fiscal_quarter_start) end
from marts.dim_dates as d
inner join marts.dim_dates as n on n.month_start > d.month_start
where d.calendar_date = ?
group by d.month_start, d.fiscal_quarter_start
"""
_IS_RUNNING = """(
        select coalesce(bool_or(s.status = 'running'), true) from marts.rpt_scorecards as s
        where s.period_type = '{period}' and s.period_start = d.{column}
    )"""


@dataclass(frozen=True)
class RunningPeriods:
    """First days of the month and of the fiscal quarter that run."""

    month: date
    quarter: date


def running_periods(
    connection: duckdb.DuckDBPyConnection, as_of_date: date
) -> RunningPeriods | None:
    """Return the periods that run after the last day that counts; None where no day is known.

    `connection` is open on a publication; `as_of_date` is its own.
    """
    statement = _RUNNING.format(
        month=_IS_RUNNING.format(period="month", column="month_start"),
        quarter=_IS_RUNNING.format(period="quarter", column="fiscal_quarter_start"),
    )
    row = connection.execute(statement, [as_of_date]).fetchone()
    return None if row is None else RunningPeriods(*row)
