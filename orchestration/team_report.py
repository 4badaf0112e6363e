"""What each team owes the other and how it stands, of a publication; for the terminal."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import duckdb

from orchestration.publication import DATABASE
from orchestration.running_periods import running_periods
from orchestration.terminal import as_table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from pathlib import Path

TEAMS = ("marketing", "sales")
_URGENT = 10

_STANDING = """
select d.team, d.sla, d.label, d.target_unit, d.period, d.target, d.attainment_target,
    a.period_start, a.actual, a.n, a.median_minutes, a.pace
from marts.dim_slas as d
left join marts.rpt_sla_attainment as a
    on d.sla = a.sla and d.period = a.period_type and a.segment = 'all'
    and a.period_start <= case d.period when 'month' then ? else ? end
where d.is_in_force
order by d.team, d.sla, a.period_start
"""

# Of each hand-off the clock that is most urgent.
_URGENT_OF_SALES = """
select handoff_key, sla_label || case status when 'overdue' then ' overdue' else ' due' end,
    due_at, ask
from (
    select *, row_number() over (partition by handoff_key order by urgency) as place
    from marts.rpt_handoffs_at_risk
    where team = 'sales'
)
where place = 1
order by urgency
limit ?
"""

# What sales cannot work on for want of information, then what came back last.
_URGENT_OF_MARKETING = """
select handoff_key, what, since, ask
from (
    select handoff_key, 'lacks ' || missing_fields as what, handed_off_at as since, 0 as place
    from marts.fct_handoffs
    where not is_complete and state in ('waiting', 'assigned', 'attempted')
    union all
    select handoff_key,
        decision || coalesce(': ' || lower(coalesce(reason_label, reason)), ' without reason'),
        decided_at, 1
    from marts.rpt_rejected_leads
    where what_next = 'with_marketing'
)
cross join (
    select min(contact) as ask from marts.dim_handoff_contacts
    where team = 'marketing' and is_in_force
)
order by place, since desc, handoff_key
limit ?
"""


@dataclass(frozen=True)
class Period:
    """How an SLA stood in one period: a share of 1, or hand-offs for a volume; None where nothing
    was due. `median_minutes` are business minutes of what was done.
    """

    start: date
    actual: float | None
    n: int
    median_minutes: float | None
    pace: float | None


@dataclass(frozen=True)
class Standing:
    """One SLA in force and its periods up to the running one, oldest first."""

    team: str
    label: str
    unit: str
    period: str
    target: float
    attainment_target: float
    running_start: date
    periods: tuple[Period, ...] = ()

    @property
    def goal(self) -> float:
        """What a period's `actual` is held against: for a clock the share that must be met."""
        return self.attainment_target if self.unit == "minutes" else self.target

    @property
    def running(self) -> Period | None:
        """The period that is not over, if anything fell into it."""
        return next((one for one in self.periods if one.start == self.running_start), None)

    @property
    def closed(self) -> tuple[Period, ...]:
        """The periods that are over, oldest first."""
        return tuple(one for one in self.periods if one.start < self.running_start)


@dataclass(frozen=True)
class Urgent:
    """A hand-off to look at: what is wrong, since or until when (UTC), whom to ask."""

    handoff_key: str
    what: str
    at: str
    ask: str


@dataclass(frozen=True)
class Team:
    """A team with what it promised and the hand-offs that need it first."""

    name: str
    standings: tuple[Standing, ...]
    urgent: tuple[Urgent, ...]


def read_teams(publication: Path, as_of_date: date) -> tuple[Team, ...]:
    """Read what both teams promised from a publication's database; as_of_date is its own."""
    with duckdb.connect(str(publication / DATABASE), read_only=True) as connection:
        running = running_periods(connection, as_of_date)
        if running is None:
            return ()
        starts = {"month": running.month, "quarter": running.quarter}
        rows = connection.execute(_STANDING, list(starts.values())).fetchall()
        urgent = {
            team: tuple(
                Urgent(key, what, f"{at:%Y-%m-%d %H:%M}" if at else "", ask or "")
                for key, what, at, ask in connection.execute(query, [_URGENT]).fetchall()
            )
            for team, query in zip(TEAMS, (_URGENT_OF_MARKETING, _URGENT_OF_SALES), strict=True)
        }
    periods: dict[str, list[Period]] = {}
    promises: dict[str, Standing] = {}
    for team, sla, label, unit, period, target, attained, start, *figures in rows:
        promises[sla] = Standing(team, label, unit, period, target, attained, starts[period])
        if start is not None:
            periods.setdefault(sla, []).append(Period(start, *figures))
    standings = [
        replace(standing, periods=tuple(periods.get(sla, ()))) for sla, standing in promises.items()
    ]
    return tuple(
        Team(name, tuple(one for one in standings if one.team == name), urgent[name])
        for name in TEAMS
    )


def describe_teams(teams: Sequence[Team]) -> list[str]:
    """Return the lines of both teams for the terminal."""
    lines: list[str] = []
    for team in teams:
        if not team.standings:
            continue
        heads = ("what it owes", "promised", "running", "last", "before", "trend", "median")
        table = as_table(heads, [cells(one) for one in team.standings])
        lines += ["", f"{team.name}", *(f"  {line}" for line in table)]
        if team.urgent:
            rows = [(one.handoff_key, one.what, one.at, one.ask) for one in team.urgent]
            table = as_table(("most urgent", "what", "UTC", "ask"), rows)
            lines += [f"  {line}" for line in table]
    return lines


def cells(standing: Standing) -> tuple[str, ...]:
    """Return the seven texts of an SLA: label, promise, three periods, trend, median."""
    last, before = ([None, None, *standing.closed])[:-3:-1]
    return (
        standing.label,
        _promise(standing),
        figure(standing, standing.running, with_pace=True),
        figure(standing, last),
        figure(standing, before),
        _trend(standing, last, before),
        f"{last.median_minutes:,.0f} min" if last and last.median_minutes is not None else "",
    )


def _promise(standing: Standing) -> str:
    each = f"a {standing.period}"
    if standing.unit == "minutes":
        return f"{standing.goal:.0%} in {standing.target:,.0f} min"
    return f"{standing.goal:,.0f} {each}" if standing.unit == "count" else f"{standing.goal:.0%}"


def figure(standing: Standing, period: Period | None, *, with_pace: bool = False) -> str:
    """Return how a period stood: a share of how many, or a count."""
    if period is None or period.actual is None:
        return "-"
    if standing.unit != "count":
        share = f"{100 * period.actual:.1f}".removesuffix(".0")
        return f"{share}% of {period.n:,}"
    pace = f" (pace {period.pace:,.0f})" if with_pace and period.pace is not None else ""
    return f"{period.actual:,.0f}{pace}"


def _trend(standing: Standing, last: Period | None, before: Period | None) -> str:
    if last is None or before is None or last.actual is None or before.actual is None:
        return ""
    is_count = standing.unit == "count"
    change = round((last.actual - before.actual) * (1 if is_count else 100))
    return (f"{change:+,}" if change else "0") + ("" if is_count else " pt")
