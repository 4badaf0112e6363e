"""Hand-offs and SLAs: what each team owes the other, how it stands, and what is urgent."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from orchestration.report.figure import LOW_N, Chart, Column, Figure, Mark, Picker, Table, Tiles
from orchestration.report.form import Lines, Point
from orchestration.report.page import Page
from orchestration.report.promise import tile_of
from orchestration.report.wording import worded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from orchestration.report.reading import Reading

_URGENT = 50
_PERIODS = {"all": "The whole time", "quarter": "Quarter", "month": "Month"}
_OVERDUE = Mark("is_overdue", "overdue", "not done and past due")
_LEFT = Mark("has_owner_left", "owner left", "the owner is not active any more: ask the manager")
_UNKNOWN = Mark("has_unknown", "unknown", "for some, nobody knows whether the fields were there")


def _figures(reading: Reading) -> Iterator[Figure]:
    for team in ("marketing", "sales"):
        yield _team(reading, team)
    yield _attainment(reading)
    yield _urgent(reading)
    yield _incomplete(reading)
    yield _acceptance(reading)
    yield _contacts(reading)


def _team(reading: Reading, team: str) -> Figure:
    answer = reading.ask(f"""
        select a.sla || '/' || a.period_start as row_key, a.team, d.label, d.target_unit as unit,
            a.period_type, a.period_start, a.target as goal, a.actual, a.n, a.is_small_sample,
            case when d.target_unit = 'minutes' then a.met end as met,
            case when d.target_unit = 'minutes' then a.late end as late,
            case when d.target_unit = 'minutes' then a.overdue end as overdue,
            case when d.target_unit = 'minutes' then a.pending end as pending,
            case when d.target_unit = 'minutes' then a.void end as void,
            case when d.target_unit = 'minutes' then d.target end as minutes,
            case when d.target_unit = 'count' then a.pace end as pace, a.median_minutes
        from marts.rpt_sla_attainment as a
        inner join marts.dim_slas as d
            on a.sla = d.sla and a.period_type = d.period and d.is_in_force
        where a.team = '{team}' and a.segment = 'all'
            and a.period_start <= date '{reading.as_of_date}'
            and a.period_start > date '{reading.as_of_date}' - interval 40 month
        order by a.period_start desc, d.label
        """)
    tiles, points = [], []
    promises = sorted(answer.rows, key=lambda row: (row["label"], row["period_start"]))
    for (label, period), grouped in groupby(
        promises, key=lambda row: (row["label"], row["period_type"])
    ):
        rows = list(grouped)
        tiles.append(tile_of(rows, reading.running[period]))
        points += [
            Point(
                at=row["period_start"],
                value=row["actual"],
                series=label,
                is_low=row["is_small_sample"],
                told=f"{label}, {period} from {row['period_start']:%b %Y}:"
                f" {worded(row['actual'], 'share')} of {row['n']:,}",
            )
            for row in rows
            if row["unit"] != "count"
            and row["actual"] is not None
            and row["period_start"] < reading.running[period]
        ]
    drawn = [
        Chart(
            draw=Lines(points=points, kind="share"),
            text=f"Shares that {team} kept, period by period. The table has the numbers.",
            note="Hollow points: low n.",
        )
    ]
    return Figure(
        key=team,
        title=f"What {team} owes {'sales' if team == 'marketing' else 'marketing'}",
        definition="Attainment is met ÷ (met + late + overdue) of the clocks that were due in the"
        " period, in business minutes of the agreed calendar; what is pending or void is in no"
        " share. Volumes are complete hand-offs; shares are of all hand-offs, or of the decided"
        " ones.",
        unit="clock, or hand-off",
        period="month or fiscal quarter of the due date, as known now",
        basis="clocks that were due; hand-offs behind a volume or share",
        answer=answer,
        parts=[
            Tiles(tiles=tiles),
            *(drawn if points else []),
            Table(
                caption=f"The SLAs of {team} by period, newest first",
                source="marts.rpt_sla_attainment",
                columns=[
                    Column("label", "What is owed"),
                    Column("period_start", "Period from", "month"),
                    Column("minutes", "Within", "minutes"),
                    Column("goal", "Target", unit="unit"),
                    Column("actual", "Actual", unit="unit"),
                    Column("n", "n", "number"),
                    Column("met", "Met", "number"),
                    Column("late", "Late", "number"),
                    Column("overdue", "Overdue", "number"),
                    Column("pending", "Pending", "number"),
                    Column("void", "Void", "number"),
                    Column("median_minutes", "Median", "minutes"),
                    Column("pace", "Pace", "number"),
                ],
                marks=[LOW_N],
                shown=60,
            ),
        ],
    )


def _attainment(reading: Reading) -> Figure:
    answer = reading.ask(f"""
        select a.segment, a.sla, case a.segment when 'assigned_owner'
                then coalesce(o.name, a.segment_value) else a.segment_value end as value,
            a.actual, a.n, a.met, a.late, a.overdue, a.pending, a.median_minutes,
            a.is_small_sample
        from marts.rpt_sla_attainment as a
        left join marts.dim_owners as o on a.segment_value = o.owner_key
        where a.period_type = 'all' and a.segment <> 'all'
            and a.sla in (select sla from marts.dim_slas
                where agreement_version = {reading.version} and target_unit = 'minutes')
        order by a.segment, a.sla, a.n desc, value
        """)
    first = answer.rows[0] if answer.rows else {}
    return Figure(
        key="attainment",
        title="Who keeps the clocks, by segment and owner",
        definition="Attainment of each clock by the segment as of the hand-off, or by the owner"
        " whose clock it was.",
        unit="clock",
        period="the whole time",
        basis="clocks that were due",
        answer=answer,
        parts=[
            Table(
                caption="Attainment by segment",
                source="marts.rpt_sla_attainment",
                pickers=[
                    Picker("segment", "By", first.get("segment"), reading.segments),
                    Picker("sla", "SLA", first.get("sla"), reading.slas),
                ],
                columns=[
                    Column("value", "Value"),
                    Column("actual", "Met", "share"),
                    Column("n", "n", "number"),
                    Column("met", "Met, clocks", "number"),
                    Column("late", "Late", "number"),
                    Column("overdue", "Overdue", "number"),
                    Column("pending", "Pending", "number"),
                    Column("median_minutes", "Median", "minutes"),
                ],
                marks=[LOW_N],
                shown=40,
            )
        ],
    )


def _urgent(reading: Reading) -> Figure:
    answer = reading.ask(f"""
        select handoff_key, team, sla_label, status, due_at, hours_to_due, business_minutes, ask,
            has_owner_left, status = 'overdue' as is_overdue, count(*) over () as in_all
        from marts.rpt_handoffs_at_risk
        order by team, urgency
        limit {_URGENT}
        """)
    return Figure(
        key="urgent",
        title="Hand-offs that are urgent now",
        definition="Clocks that are overdue or run, and that somebody can still stop: first what"
        " can still be met, then the latest breaches.",
        unit="clock",
        period=f"as of {reading.as_of_date}",
        basis="every row is one clock",
        answer=answer,
        parts=[
            Table(
                caption="The most urgent clocks",
                source="marts.rpt_handoffs_at_risk",
                total=answer.rows[0]["in_all"] if answer.rows else 0,
                columns=[
                    Column("handoff_key", "Hand-off", "code"),
                    Column("team", "Team"),
                    Column("sla_label", "Clock"),
                    Column("due_at", "Due (UTC)", "moment"),
                    Column("hours_to_due", "Hours to due", "number"),
                    Column("business_minutes", "So far", "minutes"),
                    Column("ask", "Ask"),
                ],
                marks=[_OVERDUE, _LEFT],
            )
        ],
    )


def _incomplete(reading: Reading) -> Figure:
    answer = reading.ask("""
        with missing as (
            select trim(unnest(string_split(missing_fields, ','))) as field, state
            from marts.fct_handoffs
            where missing_fields is not null and missing_fields <> ''
        )
        select field, count(*) as handoffs,
            count(*) filter (state in ('waiting', 'assigned', 'attempted')) as open_now,
            count(*) / (select count(*) from marts.fct_handoffs where is_complete is not null)
                as share,
            (select count(*) from marts.fct_handoffs where is_complete is null) > 0 as has_unknown
        from missing
        group by field
        order by handoffs desc, field
        """)
    return Figure(
        key="incomplete",
        title="What hand-offs lack",
        definition="Required fields that were missing, a placeholder (n/a, -, none, test, 123) or"
        " malformed, as of the hand-off and not as of today.",
        unit="hand-off",
        period="the whole time",
        basis="hand-offs of which it is known",
        answer=answer,
        parts=[
            Table(
                caption="Missing fields",
                source="marts.fct_handoffs",
                columns=[
                    Column("field", "Field"),
                    Column("handoffs", "Hand-offs without it", "number"),
                    Column("share", "Of all that are known", "share"),
                    Column("open_now", "Of these not answered yet", "number"),
                ],
                marks=[_UNKNOWN],
            )
        ],
    )


def _acceptance(reading: Reading) -> Figure:
    answer = reading.ask(f"""
        select a.segment, a.period_type, case a.segment when 'assigned_owner'
                then coalesce(o.name, a.segment_value)
                when 'all' then strftime(a.period_start, '%Y-%m') else a.segment_value end as value,
            a.handoffs, a.complete, a.accepted, a.accepted_untouched, a.rejected, a.recycled,
            a.disqualified, a.without_reason, a.undecided, a.acceptance_rate, a.is_small_sample
        from marts.rpt_handoff_acceptance as a
        left join marts.dim_owners as o on a.segment_value = o.owner_key
        where (a.segment = 'all' and a.period_type <> 'all'
                and a.period_start > date '{reading.as_of_date}' - interval 40 month)
            or (a.segment <> 'all' and a.period_type = 'all')
        order by a.segment <> 'all', a.segment, a.period_type, a.period_start desc, a.handoffs desc
        """)
    return Figure(
        key="acceptance",
        title="How sales answers",
        definition="Acceptance is accepted ÷ answered hand-offs. Accepted untouched: said yes"
        " without any human attempt. By period: of the hand-off.",
        unit="hand-off",
        period="month or fiscal quarter of the hand-off; segments: the whole time",
        basis="hand-offs; the rate is of the answered ones",
        answer=answer,
        parts=[
            Table(
                caption="Answers to hand-offs",
                source="marts.rpt_handoff_acceptance",
                pickers=[
                    Picker("segment", "By", "all", {**reading.segments, "all": "Period"}),
                    Picker("period_type", "Period", "quarter", _PERIODS),
                ],
                columns=[
                    Column("value", "Value"),
                    Column("handoffs", "Hand-offs (n)", "number"),
                    Column("complete", "Complete", "number"),
                    Column("accepted", "Accepted", "number"),
                    Column("accepted_untouched", "Untouched", "number"),
                    Column("rejected", "Rejected", "number"),
                    Column("recycled", "Recycled", "number"),
                    Column("disqualified", "Disqualified", "number"),
                    Column("without_reason", "Without reason", "number"),
                    Column("undecided", "Open", "number"),
                    Column("acceptance_rate", "Acceptance", "share"),
                ],
                marks=[LOW_N],
                shown=40,
            )
        ],
    )


def _contacts(reading: Reading) -> Figure:
    answer = reading.ask("""
        select question, contact, team from marts.dim_handoff_contacts
        where is_in_force order by team, question
        """)
    return Figure(
        key="contacts",
        title="Whom to ask",
        definition="The contact that the agreement names for each kind of question.",
        unit="question",
        period="the agreement in force",
        basis="every row is one question",
        answer=answer,
        parts=[
            Table(
                caption="Contacts",
                source="marts.dim_handoff_contacts",
                columns=[
                    Column("question", "Question"),
                    Column("contact", "Contact"),
                    Column("team", "Team"),
                ],
            )
        ],
    )


PAGE = Page(
    key="handoffs",
    title="Hand-offs and SLAs",
    lead="What marketing and sales promised each other, how it stands, and which hand-offs need"
    " somebody today.",
    needs=(
        "marts.rpt_sla_attainment", "marts.dim_slas", "marts.dim_owners", "marts.dim_dates",
        "marts.rpt_handoffs_at_risk", "marts.fct_handoffs", "marts.rpt_handoff_acceptance",
        "marts.rpt_scorecards", "marts.dim_handoff_contacts", "agreement.segments",
    ),
    figures=_figures,
)  # fmt: skip
