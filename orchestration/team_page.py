"""The page of both teams: one file that needs nothing else, no internet either."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from orchestration.disk import replace_text
from orchestration.team_report import cells, figure

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from orchestration.team_report import Standing, Team

PAGE = "teams.html"
_PERIODS_DRAWN = 12


def write_page(folder: Path, teams: Sequence[Team], title: str, as_of: str) -> Path:
    """Write the page into a folder, replacing the former one in one step; return its path.

    One file that needs nothing else, no internet either. Raises OSError.
    """
    path = folder / PAGE
    replace_text(path, _page(teams, title, as_of))
    return path


def _page(teams: Sequence[Team], title: str, as_of: str) -> str:
    parts = "\n".join(_section(team) for team in teams if team.standings)
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}: both teams</title>
<style>{_STYLE}</style></head><body>
<h1>{html.escape(title)}</h1>
<p class="note">What marketing and sales promised each other, as of {html.escape(as_of)}.
Shares are of what was due in the period; minutes are business minutes.</p>
{parts}
</body></html>
"""


_STYLE = """
body{font:15px/1.45 system-ui,sans-serif;color:#1c2733}
body{max-width:72rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.5rem;margin:0}h2{font-size:1.15rem;margin:2rem 0 .5rem;text-transform:capitalize}
h3{font-size:1rem;margin:1.2rem 0 .3rem}.note{color:#5b6875;margin:.3rem 0}
table{border-collapse:collapse;width:100%}
th{font-weight:600;text-align:left;color:#5b6875;font-size:.85rem}
th,td{padding:.35rem .7rem .35rem 0;border-bottom:1px solid #e3e8ed;vertical-align:middle}
.number{text-align:right;font-variant-numeric:tabular-nums}.met{color:#0b6b3a}.missed{color:#a3261d}
svg{display:block}.key{font-family:ui-monospace,monospace;font-size:.85rem}
"""


def _section(team: Team) -> str:
    rows = "\n".join(_row(one) for one in team.standings)
    urgent = "\n".join(
        f'<tr><td class="key">{html.escape(one.handoff_key)}</td><td>{html.escape(one.what)}</td>'
        f"<td>{html.escape(one.at)}</td><td>{html.escape(one.ask)}</td></tr>"
        for one in team.urgent
    )
    table = (
        f"<h3>Hand-offs that need {html.escape(team.name)} first</h3><table><tr><th>Hand-off</th>"
        f"<th>What</th><th>UTC</th><th>Ask</th></tr>{urgent}</table>"
        if urgent
        else ""
    )
    return f"""<h2>{html.escape(team.name)}</h2><table>
<tr><th>What it owes</th><th>Promised</th>
<th class="number">Running</th><th class="number">Last</th>
<th class="number">Before</th><th class="number">Trend</th><th class="number">Median</th>
<th>Last {_PERIODS_DRAWN} periods</th></tr>
{rows}</table>{table}"""


def _row(standing: Standing) -> str:
    label, promise, running, last, before, trend, median = map(html.escape, cells(standing))
    done = standing.closed[-1] if standing.closed else None
    state = ""
    if done is not None and done.actual is not None:
        state = " met" if done.actual >= standing.goal else " missed"
    numbers = "".join(f'<td class="number">{one}</td>' for one in (before, trend, median))
    return (
        f'<tr><td>{label}</td><td>{promise}</td><td class="number">{running}</td>'
        f'<td class="number{state}">{last}</td>{numbers}<td>{_sparkline(standing)}</td></tr>'
    )


def _sparkline(standing: Standing) -> str:
    """Bars of the last periods; the line is the goal."""
    shown = standing.closed[-_PERIODS_DRAWN:]
    top = max([standing.goal, *(one.actual or 0 for one in shown)])
    bars = "".join(
        f'<rect x="{place * 11}" y="{28 * (1 - (one.actual or 0) / top):.1f}" width="8"'
        f' height="{28 * (one.actual or 0) / top:.1f}"'
        f' fill="{"#2f855a" if (one.actual or 0) >= standing.goal else "#c05650"}">'
        f"<title>{one.start}: {figure(standing, one)}</title></rect>"
        for place, one in enumerate(shown)
    )
    goal = f"{28 * (1 - standing.goal / top):.1f}"
    return (
        f'<svg width="{_PERIODS_DRAWN * 11}" height="29" role="img" aria-label="last periods">'
        f'{bars}<line x1="0" x2="{_PERIODS_DRAWN * 11}" y1="{goal}" y2="{goal}"'
        ' stroke="#5b6875" stroke-dasharray="3 2"/></svg>'
    )
