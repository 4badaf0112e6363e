"""Overview: what both teams look at first."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from orchestration.report.figure import Column, Figure, Table, Tile, Tiles
from orchestration.report.page import Page
from orchestration.report.promise import tile_of
from orchestration.report.wording import worded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from orchestration.report.reading import Reading

# By where a target's actual value is: key of the agreement, label, unit.
_METRICS = {
    "pipeline_created": ("Pipeline created", "money"),
    "won_opportunities": ("Won opportunities", "count"),
    "won_value": ("Won value", "money"),
    "win_rate": ("Win rate by count", "share"),
}


def _figures(reading: Reading) -> Iterator[Figure]:
    yield _promises(reading)
    yield _targets(reading)
    yield _standing(reading)
    yield _data(reading)


def _promises(reading: Reading) -> Figure:
    answer = reading.ask(f"""
        select s.team || '/' || s.metric || '/' || s.period_start as row_key, s.team, d.label,
            d.target_unit as unit, s.period_type, s.period_start, s.kind, s.target as goal,
            s.actual, s.n, s.n < {reading.minimum_sample} as is_small_sample
        from marts.rpt_scorecards as s
        inner join marts.dim_slas as d
            on s.metric = d.sla and s.period_type = d.period and d.is_in_force
        where s.kind in ('frozen', 'current')
            and s.period_start > date '{reading.as_of_date}' - interval 40 month
        order by s.team, s.metric, s.period_start
        """)
    tiles = [
        tile_of(list(rows), reading.running[period], "handoffs.html")
        for (_, _, period), rows in groupby(
            answer.rows, key=lambda row: (row["team"], row["label"], row["period_type"])
        )
    ]
    return Figure(
        key="promises",
        title="What both teams promised each other",
        definition="The SLAs of the agreement in force, each for its last period that is over. Of a"
        " clock: the share that was met of all that were due (met, late or overdue). The bars are"
        " the periods before, the dashed line the target.",
        unit="clocks or hand-offs, as each SLA says",
        period="month or fiscal quarter, as each SLA says; as published when it closed",
        basis="clocks that were due, or hand-offs behind a volume or share",
        answer=answer,
        parts=[Tiles(tiles=tiles)],
    )


def _targets(reading: Reading) -> Figure:
    answer = reading.ask(f"""
        with entries as (
            select 'stage:' || s.stage as metric, d.month_start, d.fiscal_quarter_start
            from marts.fct_pass_stages as s
            inner join marts.dim_dates as d on s.entered_date = d.calendar_date
        ),
        actuals as (
            select metric, 'month' as period_type, month_start as period_start,
                count(*)::double as actual, count(*) as n, false as is_small_sample
            from entries group by all
            union all
            select metric, 'quarter', fiscal_quarter_start, count(*), count(*), false
            from entries group by all
            union all
            select 'pipeline_created', period_type, period_start, pipeline_created, created, false
            from marts.rpt_pipeline where segment = 'all'
            union all
            select 'won_value', period_type, period_start, won_value, won, false
            from marts.rpt_pipeline where segment = 'all'
            union all
            select 'won_opportunities', period_type, period_start, won, won, false
            from marts.rpt_pipeline where segment = 'all'
            union all
            select 'win_rate', period_type, period_start, win_rate, won + lost, is_small_sample
            from marts.rpt_win_loss where segment = 'all'
        )
        select t.team || '/' || t.metric || '/' || a.period_start as row_key, t.team, t.metric,
            a.period_type, a.period_start, t.value as goal, a.actual, a.n, a.is_small_sample
        from agreement.targets as t
        inner join actuals as a on t.metric = a.metric and t.period = a.period_type
        where t.version = {reading.version} and a.period_start <= date '{reading.as_of_date}'
            and a.period_start > date '{reading.as_of_date}' - interval 40 month
        order by t.team, t.metric, a.period_start
        """)
    tiles = []
    for (_, metric, period), rows in groupby(
        answer.rows, key=lambda row: (row["team"], row["metric"], row["period_type"])
    ):
        stage = reading.stages.get(metric.removeprefix("stage:"), metric)
        label, unit = _METRICS.get(metric, (f"New: {stage}", "count"))
        label = f"{label}, {reading.currency}" if unit == "money" else label
        href = "funnel.html" if metric.startswith("stage:") else "wins.html"
        given = [{**row, "label": label, "unit": unit} for row in rows]
        tiles.append(tile_of(given, reading.running[period], href))
    return Figure(
        key="targets",
        title="Targets of the agreement",
        definition="Passes that really entered a stage with a date, opportunities and money of new"
        " business, beside the targets in force. Pipeline created is the amount as of the creation;"
        " won value and win rate go by the day of closing.",
        unit="pass, opportunity, or money in the reporting currency",
        policy="any: the stage was really entered",
        period="the last one that is over, as each target says",
        basis="passes that entered; opportunities created, won, or closed",
        answer=answer,
        parts=[Tiles(tiles=tiles)],
    )


def _standing(reading: Reading) -> Figure:
    answer = reading.ask(f"""
        select d.label as stage, b.opening, b.moved_in, b.moved_out, b.closing, b.undated
        from (
            select stage, arg_min(opening, balance_date) as opening, sum(moved_in) as moved_in,
                sum(moved_out) as moved_out, arg_max(closing, balance_date) as closing,
                max(undated) as undated
            from marts.rpt_stage_balance
            where balance_date > date '{reading.as_of_date}' - 30
            group by stage
        ) as b
        inner join marts.dim_stages as d on b.stage = d.stage and d.is_in_force
        order by d.stage_rank
        """)
    return Figure(
        key="standing",
        title="Who stands where today",
        definition="Passes that stand in each stage at the end of the day of this report, and how"
        " that came about in the last 30 days: opening + in − out = closing.",
        unit="pass",
        policy="any: dated states as they were; nothing is implied",
        period=f"30 days to {reading.as_of_date}",
        basis="every column counts passes",
        answer=answer,
        parts=[
            Table(
                caption="Balance of the last 30 days",
                source="marts.rpt_stage_balance",
                columns=[
                    Column("stage", "Stage"),
                    Column("opening", "Opening", "number"),
                    Column("moved_in", "In", "number"),
                    Column("moved_out", "Out", "number"),
                    Column("closing", "Closing", "number"),
                    Column("undated", "Undated beside it", "number"),
                ],
            )
        ],
    )


def _data(reading: Reading) -> Figure:
    answer = reading.ask("""
        select 'persons' as what, 'Persons' as label, count(*) as n, '' as told
        from marts.dim_persons where not is_placeholder
        union all
        select 'open_passes', 'Open passes', count(*), '' from marts.fct_passes
        where outcome = 'open'
        union all
        select 'open_opportunities', 'Open opportunities', count(*), ''
        from marts.fct_opportunities where not is_closed and not is_deleted
        union all
        select 'stale_exports', 'Exports that are old', count(*),
            'of ' || (select count(*) from quality.source_freshness)
        from quality.source_freshness where is_stale
        union all
        select 'findings', 'Findings of data quality', count(*),
            count(*) filter (severity in ('critical', 'error')) || ' critical or errors'
        from quality.findings
        """)
    hrefs = {"stale_exports": "quality.html#freshness", "findings": "quality.html#findings"}
    tiles = [
        Tile(
            row=row["what"],
            label=row["label"],
            value=row["n"],
            told=worded(row["n"], "number"),
            basis=row["told"],
            href=hrefs.get(row["what"], ""),
        )
        for row in answer.rows
    ]
    return Figure(
        key="data",
        title="What the figures rest on",
        definition="Persons behind one or more records (placeholders left out), passes and"
        " opportunities that are open, and what to look at before a figure is believed.",
        unit="person, pass, opportunity, export, finding: as named",
        period=f"as of {reading.as_of_date}",
        basis="the count itself",
        answer=answer,
        parts=[Tiles(tiles=tiles)],
    )


PAGE = Page(
    key="overview",
    title="Overview",
    lead="One funnel, one agreement: what both teams promised, what came of it, and how far the"
    " figures can be trusted.",
    needs=(
        "marts.rpt_scorecards", "marts.dim_slas", "marts.dim_dates", "marts.fct_pass_stages",
        "marts.rpt_pipeline", "marts.rpt_win_loss", "marts.rpt_stage_balance",
        "marts.dim_stages", "marts.dim_persons", "marts.fct_passes", "marts.fct_opportunities",
        "quality.source_freshness", "quality.findings", "agreement.targets", "agreement.settings",
    ),
    figures=_figures,
)  # fmt: skip
