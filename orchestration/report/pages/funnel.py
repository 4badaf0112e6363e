"""The funnel: as it was at the end of any month, how many go on, and how long they take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orchestration.report.figure import (
    IMMATURE,
    LEFT_TRUNCATED,
    LOW_N,
    Chart,
    Column,
    Figure,
    Funnel,
    Mark,
    Picker,
    Table,
)
from orchestration.report.form import Intervals, Lines, Point
from orchestration.report.page import Page
from orchestration.report.wording import worded

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from orchestration.report.reading import Reading

# Month ends that can be picked, and values of each segment: a page is not a warehouse.
_ENDS = 60
_VALUES = 10

_UNITS = {"person": "Person", "pass": "Pass", "account": "Account", "opportunity": "Opportunity"}
_POLICIES = {
    "implied": "Implied (default)",
    "any": "Any: really entered",
    "strict": "Strict: every stage before it",
}
_COUNTINGS = {
    "cohort": "Cohort, ever",
    "in_period": "In-period",
}
_UNDATED = Mark("has_undated", "undated", "some entries have no date of their own")


def _figures(reading: Reading) -> Iterator[Figure]:
    yield _as_it_was(reading)
    yield _over_time(reading)
    yield _conversion(reading)
    yield _by_segment(reading)
    yield _velocity(reading)


def _as_it_was(reading: Reading) -> Figure:
    answer = reading.ask(f"""
        with reached as (
            -- Reached by a day, policy implied: something at or below the stage was really entered
            -- by then, and something at or above it.
            select pass_key, stage, stage_rank,
                min(entered_date) over (partition by pass_key order by stage_rank
                    rows between unbounded preceding and current row) as below,
                min(entered_date) over (partition by pass_key order by stage_rank
                    rows between current row and unbounded following) as above
            from marts.fct_pass_stages
        ),
        dated as (
            select pass_key, stage, stage_rank,
                case when below is not null and above is not null
                    then greatest(below, above) end as reached_date
            from reached
        ),
        paired as (
            select *, lead(reached_date) over (partition by pass_key order by stage_rank)
                as next_date
            from dated
        ),
        ranks as (
            select stage, stage_rank from marts.dim_stages where is_in_force
        ),
        states as (
            select t.pass_key, t.transition_date, t.transition_number,
                case when t.kind = 'enter' and b.stage_rank > a.stage_rank then t.from_stage
                    else a.stage end as state
            from marts.fct_stage_transitions as t
            left join ranks as a on t.to_stage = a.stage
            left join ranks as b on t.from_stage = b.stage
            where t.transition_date is not null
        ),
        moves as (
            select pass_key, transition_date, state,
                lag(state) over (partition by pass_key order by transition_number) as state_before
            from states
        ),
        facts as (
            select pass_key, stage, reached_date as fact_date, 1 as reached, 0 as converted,
                0 as standing
            from paired where reached_date is not null
            union all
            select pass_key, stage, greatest(reached_date, next_date), 0, 1, 0
            from paired where reached_date is not null and next_date is not null
            union all
            select pass_key, state, transition_date, 0, 0, 1
            from moves where state is not null and state is distinct from state_before
            union all
            select pass_key, state_before, transition_date, 0, 0, -1
            from moves where state_before is not null and state is distinct from state_before
        ),
        attributed as (
            select p.pass_key, p.origin, p.entry_path, p.agreed_profile, o.region, a.industry
            from marts.fct_passes as p
            left join marts.dim_owners as o on p.owner_key = o.owner_key
            left join marts.dim_accounts as a on p.account_key = a.account_key
        ),
        by_month as (
            select least(last_day(f.fact_date), date '{reading.as_of_date}') as period_end, f.stage,
                a.origin, a.entry_path, a.agreed_profile, a.region, a.industry,
                sum(f.reached) as reached, sum(f.converted) as converted,
                sum(f.standing) as standing
            from facts as f
            inner join attributed as a on f.pass_key = a.pass_key
            group by all
        ),
        by_segment as (
            select period_end, stage, 'all' as segment, null as segment_value, reached, converted,
                standing from by_month
            union all
            select period_end, stage, 'origin', origin, reached, converted, standing from by_month
            union all
            select period_end, stage, 'entry_path', entry_path, reached, converted, standing
            from by_month
            union all
            select period_end, stage, 'profile', agreed_profile, reached, converted, standing
            from by_month where agreed_profile is not null
            union all
            select period_end, stage, 'region', region, reached, converted, standing from by_month
            union all
            select period_end, stage, 'industry', industry, reached, converted, standing
            from by_month
        ),
        sizes as (
            select segment, segment_value, row_number() over (
                partition by segment order by sum(reached) desc, segment_value) as place
            from by_segment
            group by segment, segment_value
        ),
        -- The first and the last month end of those that can be picked, and all between.
        ends as (
            select distinct least(last_day(calendar_date), date '{reading.as_of_date}')
                as period_end
            from marts.dim_dates
            where calendar_date <= date '{reading.as_of_date}'
                and calendar_date >= (select min(period_end) - 40 from by_month)
            order by period_end desc limit {_ENDS}
        ),
        summed as (
            select e.period_end, r.stage, r.stage_rank, z.segment, z.segment_value,
                coalesce(sum(b.reached), 0)::bigint as reached,
                coalesce(sum(b.converted), 0)::bigint as converted,
                coalesce(sum(b.standing), 0)::bigint as standing
            from ends as e
            cross join ranks as r
            inner join sizes as z on z.place <= {_VALUES}
            left join by_segment as b
                on b.stage = r.stage and b.segment = z.segment
                and b.segment_value is not distinct from z.segment_value
                and b.period_end <= e.period_end
            group by all
        )
        select period_end,
            case segment when 'all' then 'All passes'
                when 'origin' then 'Origin: ' || coalesce(segment_value, '(no value)')
                when 'entry_path' then 'Begun by: ' || coalesce(segment_value, '(no value)')
                when 'profile' then 'Agreed buyer profile: ' || segment_value
                when 'region' then 'Region of the owner: ' || coalesce(segment_value, '(no value)')
                else 'Industry: ' || coalesce(segment_value, '(no value)') end as segment,
            stage, reached, converted, standing,
            coalesce(t.is_left_truncated, false) as is_left_truncated
        from summed
        left join (
            -- All is from the beginning on: what holds of the period all holds of each end.
            select from_stage, arg_min(is_left_truncated, b.stage_rank) as is_left_truncated
            from marts.rpt_funnel_conversion as c
            inner join ranks as b on c.to_stage = b.stage
            where c.method = 'cohort' and c.policy = 'implied' and c.unit = 'pass'
                and c.window_days is null and c.period_type = 'all' and c.segment = 'all'
            group by from_stage
        ) as t on summed.stage = t.from_stage
        order by period_end desc, segment <> 'All passes', segment, stage_rank
        """)
    last = answer.rows[0]["period_end"] if answer.rows else None
    return Figure(
        key="as-it-was",
        title="The funnel as it was",
        definition="Passes that had reached each stage by the end of the picked month, as known"
        " now, and how many of these had reached the next stage by then. A pass that began in the"
        " middle counts from there on only, so the funnel may widen. Standing are those who were in"
        " the stage at that moment. Origin, buyer profile, owner and account are those of the"
        " pass's beginning.",
        unit="pass",
        policy="implied: every stage between the lowest entered and the furthest",
        period=f"the last {_ENDS} month ends, and {reading.as_of_date}; all from the beginning",
        basis="the count at each stage; the rate's is told beside it",
        answer=answer,
        parts=[
            Funnel(
                caption="Passes by stage",
                stages=reading.stages,
                pickers=[
                    Picker("period_end", "At the end of", last, kind="date"),
                    Picker("segment", "Of", "All passes"),
                ],
                minimum=reading.minimum_sample,
            )
        ],
    )


def _over_time(reading: Reading) -> Figure:
    answer = reading.ask(f"""
        with ranks as (
            select stage, stage_rank, lead(stage) over (order by stage_rank) as next_stage
            from marts.dim_stages where is_in_force
        )
        select c.period_start, c.from_stage, c.to_stage, c.entered, c.converted,
            c.conversion_rate, c.is_small_sample, c.is_left_truncated,
            c.window_days is not null and c.mature_share < 1 as is_immature
        from marts.rpt_funnel_conversion as c
        inner join ranks as r on c.from_stage = r.stage and c.to_stage = r.next_stage
        where c.method = 'cohort' and c.policy = 'implied' and c.unit = 'person'
            and c.period_type = 'quarter' and c.segment = 'all'
            and c.window_days is not distinct from (
                select max(window_days) from agreement.conversion_windows
                where version = {reading.version})
            and c.period_start > date '{reading.as_of_date}' - interval 5 year
        order by r.stage_rank, c.period_start
        """)
    points = [
        Point(
            at=row["period_start"],
            value=row["conversion_rate"],
            series=_pair(reading, row),
            is_low=row["is_small_sample"] or row["is_left_truncated"] or row["is_immature"],
            told=f"{_pair(reading, row)}, quarter from {row['period_start']:%b %Y}:"
            f" {worded(row['conversion_rate'], 'share')} of {row['entered']:,}",
        )
        for row in answer.rows
        if row["conversion_rate"] is not None
    ]
    return Figure(
        key="conversion-over-time",
        title="Do more go on than before?",
        definition="Of the persons who entered a stage in a quarter, the share that entered the"
        " next one within the longest agreed window. With one window for all, a recent quarter is"
        " not beaten by an old one only because it had less time.",
        unit="person: first entry in the quarter",
        policy="implied",
        period="fiscal quarter of the entry, the last five years",
        basis="persons who entered the stage in the quarter",
        answer=answer,
        parts=[
            *_lines(points, "Conversion from each stage to the next, by quarter."),
            Table(
                caption="Cohort conversion by quarter",
                source="marts.rpt_funnel_conversion",
                columns=[
                    Column("from_stage", "From", labels=reading.stages),
                    Column("to_stage", "To", labels=reading.stages),
                    Column("period_start", "Quarter from", "month"),
                    Column("entered", "Entered (n)", "number"),
                    Column("converted", "Went on", "number"),
                    Column("conversion_rate", "Rate", "share"),
                ],
                marks=[LOW_N, LEFT_TRUNCATED, IMMATURE],
                shown=160,
            ),
        ],
    )


def _lines(points: Sequence[Point], text: str) -> list[Chart]:
    if not points:
        return []
    return [
        Chart(
            draw=Lines(points=points, kind="share"),
            text=text + " The table has the numbers.",
            note="Hollow points: low n, left-truncated or immature; the table says which.",
        )
    ]


def _pair(reading: Reading, row: Any) -> str:
    # Short names: what stands in brackets is what people call a stage.
    names = [reading.stages.get(row[side], row[side]) for side in ("from_stage", "to_stage")]
    return " → ".join(one.split("(")[-1].rstrip(")") for one in names)


def _conversion(reading: Reading) -> Figure:
    answer = reading.ask("""
        select c.unit, c.policy,
            c.method || coalesce(' ' || c.window_days, '') as counting,
            c.from_stage, c.to_stage, c.entered, c.converted, c.undated, c.conversion_rate,
            c.mature_share, c.is_small_sample, c.is_left_truncated,
            coalesce(c.mature_share < 1, false) as is_immature, c.undated > 0 as has_undated
        from marts.rpt_funnel_conversion as c
        inner join marts.dim_stages as a on c.from_stage = a.stage and a.is_in_force
        inner join marts.dim_stages as b on c.to_stage = b.stage and b.is_in_force
        where c.period_type = 'all' and c.segment = 'all'
        order by c.unit, c.policy, c.method, c.window_days nulls first, a.stage_rank, b.stage_rank
        """)
    countings = {
        one: f"Cohort, within {one.split()[1]} days" if " " in one else _COUNTINGS[one]
        for one in dict.fromkeys(row["counting"] for row in answer.rows)
    }
    return Figure(
        key="conversion",
        title="Conversion of every pair of stages",
        definition="Cohort: of the units that entered A, the share that entered B, ever or within a"
        " window. In-period: entries to B over entries to A, which may exceed 100 %.",
        unit="as picked",
        policy="as picked",
        period="the whole time",
        basis="units that entered A",
        answer=answer,
        parts=[
            Table(
                caption="Conversion from stage A to stage B",
                source="marts.rpt_funnel_conversion",
                pickers=[
                    Picker("unit", "Unit", "person", _UNITS),
                    Picker("policy", "Policy", "implied", _POLICIES),
                    Picker("counting", "Counting", "cohort", countings),
                ],
                columns=[
                    Column("from_stage", "From A", labels=reading.stages),
                    Column("to_stage", "To B", labels=reading.stages),
                    Column("entered", "Entered A (n)", "number"),
                    Column("converted", "Entered B", "number"),
                    Column("conversion_rate", "Rate", "share"),
                    Column("undated", "Undated", "number"),
                    Column("mature_share", "Observed long enough", "share"),
                ],
                marks=[LOW_N, LEFT_TRUNCATED, IMMATURE, _UNDATED],
            )
        ],
    )


def _by_segment(reading: Reading) -> Figure:
    answer = reading.ask("""
        with ranks as (
            select stage, stage_rank, lead(stage) over (order by stage_rank) as next_stage
            from marts.dim_stages where is_in_force
        )
        select c.segment, c.segment_value, c.from_stage, c.to_stage, c.entered, c.converted,
            c.conversion_rate, c.is_small_sample, c.is_left_truncated
        from marts.rpt_funnel_conversion as c
        inner join ranks as r on c.from_stage = r.stage and c.to_stage = r.next_stage
        where c.method = 'cohort' and c.policy = 'implied' and c.unit = 'person'
            and c.window_days is null and c.period_type = 'all' and c.segment <> 'all'
        order by c.segment, r.stage_rank, c.entered desc, c.segment_value
        """)
    first = answer.rows[0] if answer.rows else {}
    return Figure(
        key="segments",
        title="Which segments go on",
        definition="Of the persons of a segment who ever entered a stage, the share that entered"
        " the next one, ever. The segment is that of the entry: a later edit moves nobody.",
        unit="person",
        policy="implied",
        period="the whole time",
        basis="persons of the segment who entered the stage",
        answer=answer,
        parts=[
            Table(
                caption="Conversion to the next stage by segment",
                source="marts.rpt_funnel_conversion",
                pickers=[
                    Picker("segment", "Segment", first.get("segment"), reading.segments),
                    Picker("from_stage", "From", first.get("from_stage"), reading.stages),
                ],
                columns=[
                    Column("segment_value", "Value"),
                    Column("to_stage", "To", labels=reading.stages),
                    Column("entered", "Entered (n)", "number"),
                    Column("converted", "Went on", "number"),
                    Column("conversion_rate", "Rate", "share"),
                ],
                marks=[LOW_N, LEFT_TRUNCATED],
                shown=40,
            )
        ],
    )


def _velocity(reading: Reading) -> Figure:
    answer = reading.ask("""
        select v.unit, v.policy, v.from_stage, v.to_stage, v.completed, v.still_open,
            v.median_days, v.kaplan_meier_median_days, v.p75_days, v.p90_days, v.mean_days,
            v.is_small_sample, v.is_left_truncated, b.stage_rank = n.next_rank as is_next
        from marts.rpt_funnel_velocity as v
        inner join marts.dim_stages as a on v.from_stage = a.stage and a.is_in_force
        inner join marts.dim_stages as b on v.to_stage = b.stage and b.is_in_force
        inner join (
            select stage, lead(stage_rank) over (order by stage_rank) as next_rank
            from marts.dim_stages where is_in_force
        ) as n on v.from_stage = n.stage
        where v.period_type = 'all' and v.segment = 'all'
        order by v.unit, v.policy, a.stage_rank, b.stage_rank
        """)
    drawn = [
        row
        for row in answer.rows
        if (row["unit"], row["policy"]) == ("pass", "any")
        and row["is_next"]
        and row["median_days"] is not None
    ]
    return Figure(
        key="velocity",
        title="How long it takes",
        definition="Days from entering A to entering B within one pass, of those who completed it."
        " Who is still open is censored, not dropped: the Kaplan–Meier median counts them; none is"
        " told where half of them were not through. Dates that are the wrong way round stay, as"
        " negative days.",
        unit="as picked; the chart: pass",
        policy="as picked; the chart: any",
        period="the whole time",
        basis="completed; still open stands beside it",
        answer=answer,
        parts=[
            *_velocity_chart(reading, drawn),
            Table(
                caption="Days between stages",
                source="marts.rpt_funnel_velocity",
                pickers=[
                    Picker("unit", "Unit", "pass", _UNITS),
                    Picker("policy", "Policy", "any", _POLICIES),
                ],
                columns=[
                    Column("from_stage", "From A", labels=reading.stages),
                    Column("to_stage", "To B", labels=reading.stages),
                    Column("completed", "Completed (n)", "number"),
                    Column("still_open", "Still open", "number"),
                    Column("median_days", "Median", "days"),
                    Column("kaplan_meier_median_days", "Kaplan–Meier median", "days"),
                    Column("p75_days", "75 %", "days"),
                    Column("p90_days", "90 %", "days"),
                    Column("mean_days", "Mean", "days"),
                ],
                marks=[LOW_N, LEFT_TRUNCATED],
            ),
        ],
    )


def _velocity_chart(reading: Reading, rows: Sequence[dict[str, Any]]) -> list[Chart]:
    if not rows:
        return []
    points = [
        Point(
            at=_pair(reading, row),
            value=row["median_days"],
            low=row["median_days"],
            high=row["p90_days"],
            is_low=row["is_small_sample"],
            told=f"{_pair(reading, row)}: median {worded(row['median_days'], 'days')},"
            f" 90 % within {worded(row['p90_days'], 'days')}, n = {row['completed']:,}",
        )
        for row in rows
    ]
    return [
        Chart(
            draw=Intervals(points=points, kind="days"),
            text="Median days from each stage to the next, with a bar to the days within which nine"
            " of ten were through. The table has the numbers.",
            note="Point: median of the completed. Bar: to the 90th percentile. Hollow: low n.",
        )
    ]


PAGE = Page(
    key="funnel",
    title="Funnel",
    lead="How many passes reach each stage, how many go on, and how long that takes: now, and as it"
    " was at the end of any month.",
    needs=(
        "marts.fct_pass_stages", "marts.fct_stage_transitions", "marts.fct_passes",
        "marts.dim_owners", "marts.dim_accounts", "marts.dim_dates", "marts.dim_stages",
        "marts.rpt_funnel_conversion", "marts.rpt_funnel_velocity", "agreement.segments",
        "agreement.settings", "agreement.conversion_windows",
    ),
    figures=_figures,
)  # fmt: skip
