"""Content: what there is for whom at which step, what state it is in, and whom it reached."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestration.report.figure import LOW_N, Chart, Column, Figure, Mark, Picker, Table
from orchestration.report.form import Bars, Point
from orchestration.report.page import Page
from orchestration.report.wording import worded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from orchestration.report.reading import Reading

_STATES = {
    "active": "active",
    "unused": "unused",
    "orphaned": "orphaned: nobody's",
    "stale": "stale",
    "retired": "retired",
    "lost": "lost: in no inventory",
}
_USED_BY = {
    "marketing": "marketing",
    "sales": "sales",
    "both": "both teams",
    "nobody": "nobody",
}

GAP = Mark("is_gap", "gap", "no current content for this persona at this step")
UNMAPPED = Mark("has_unmapped", "unmapped tag", "names a persona or step the agreement lacks")


def _figures(reading: Reading) -> Iterator[Figure]:
    yield _coverage(reading)
    yield _states(reading)
    yield _audit(reading)
    yield _influence(reading)


def _coverage(reading: Reading) -> Figure:
    answer = reading.ask("""
        select coalesce(campaign_name, campaign) as campaign, persona_label, buying_stage_label,
            buying_stage_position, assets, helpful, selling, stale, retired,
            not is_covered as is_gap,
            coverage
        from marts.rpt_content_coverage
        order by campaign <> 'all', campaign, persona_label, buying_stage_position
        """)
    points = [
        Point(
            at=f"{row['persona_label']}: {row['buying_stage_label']}",
            value=row[name],
            series=name,
            told=f"{row['persona_label']}, {row['buying_stage_label']}: {row[name]:,} {name}",
        )
        for row in answer.rows
        if row["campaign"] == "all"
        for name in ("helpful", "selling")
    ]
    chart = Chart(
        draw=Bars(points=points, kind="number"),
        text="Current content for each persona and buying stage, helpful and selling. Empty rows"
        " are gaps. The table has the numbers.",
        note="All campaigns. Content whose message nobody classified is in the table only.",
    )
    share = next((row["coverage"] for row in answer.rows if row["campaign"] == "all"), None)
    told = (
        ""
        if share is None
        else f" Covered over all campaigns: {worded(share, 'share')} of the cells."
    )
    return Figure(
        key="coverage",
        title="Content for each persona at each step",
        definition="Assets that are neither retired nor stale, for every persona and buying stage"
        f" of the agreement in force; one that names several counts in each of its cells.{told}",
        unit="content asset",
        period="as of the publication",
        basis="current assets that serve the cell",
        answer=answer,
        parts=[
            *([chart] if points else []),
            Table(
                caption="Coverage, gaps included",
                source="marts.rpt_content_coverage",
                pickers=[Picker("campaign", "Campaign", "all", {"all": "All"})],
                columns=[
                    Column("persona_label", "Persona"),
                    Column("buying_stage_label", "Buying stage"),
                    Column("assets", "Current (n)", "number"),
                    Column("helpful", "Helpful", "number"),
                    Column("selling", "Selling", "number"),
                    Column("stale", "Stale", "number"),
                    Column("retired", "Retired", "number"),
                ],
                marks=[GAP],
            ),
        ],
    )


def _states(reading: Reading) -> Figure:
    answer = reading.ask("""
        select state, coalesce(owner_team, '(nobody)') as owner_team, count(*) as assets,
            sum(people_touched) as people_touched
        from marts.rpt_content_audit
        group by all order by state, owner_team
        """)
    points = [
        Point(
            at=label,
            value=row["assets"],
            series=row["owner_team"],
            told=f"{label}, {row['owner_team']}: {row['assets']:,}",
        )
        for state, label in _STATES.items()
        for row in answer.rows
        if row["state"] == state
    ]
    chart = Chart(
        draw=Bars(points=points, kind="number"),
        text="Content assets by state and owning team. The table has the numbers.",
    )
    return Figure(
        key="states",
        title="What state the content is in",
        definition="The first that holds: lost (touches name it, no inventory has it), retired,"
        " stale (unchanged for longer than agreed), orphaned (no owner), unused (no touch for"
        " longer than agreed), else active.",
        unit="content asset",
        period="as of the publication",
        basis="content assets",
        answer=answer,
        parts=[
            *([chart] if points else []),
            Table(
                caption="Assets by state and team",
                source="marts.rpt_content_audit",
                columns=[
                    Column("state", "State", labels=_STATES),
                    Column("owner_team", "Team"),
                    Column("assets", "Assets (n)", "number"),
                    Column("people_touched", "People touched, by asset", "number"),
                ],
            ),
        ],
    )


def _audit(reading: Reading) -> Figure:
    total = reading.ask("select count(*) as assets from marts.rpt_content_audit")
    answer = reading.ask("""
        select state, name, content_type, message_type, replace(personas, ';', ', ') as personas,
            replace(buying_stages, ';', ', ') as buying_stages, owner_team, used_by,
            location, days_unchanged, days_unused, marketing_touches, sales_touches, people_touched,
            passes_touched, unmapped_tags > 0 as has_unmapped
        from marts.rpt_content_audit
        order by people_touched desc, name, content_key
        limit 600
        """)
    return Figure(
        key="audit",
        title="Every asset",
        definition="What it is, whom it is for, who looks after it and who uses it, where it lies,"
        " and whom it reached. Touches by machines count as use, not as people.",
        unit="content asset",
        period="the whole time",
        basis="every row is one asset",
        answer=answer,
        parts=[
            Table(
                caption="Content assets",
                source="marts.rpt_content_audit",
                total=total.rows[0]["assets"],
                shown=600,
                columns=[
                    Column("name", "Asset"),
                    Column("state", "State", labels=_STATES),
                    Column("content_type", "Type"),
                    Column("message_type", "Message"),
                    Column("personas", "Personas"),
                    Column("buying_stages", "Steps"),
                    Column("owner_team", "Team"),
                    Column("used_by", "Used by", labels=_USED_BY),
                    Column("days_unchanged", "Unchanged", "days"),
                    Column("days_unused", "Unused", "days"),
                    Column("people_touched", "People (n)", "number"),
                    Column("passes_touched", "Passes", "number"),
                    Column("location", "Where it lies"),
                ],
                marks=[UNMAPPED],
            )
        ],
    )


def _influence(reading: Reading) -> Figure:
    answer = reading.ask("""
        select i.stage, a.name, i.touched_passes, i.touched_converted, i.touched_conversion,
            i.compared_passes, i.compared_others, i.expected_conversion, i.associated_difference,
            i.associated_difference_lower, i.associated_difference_upper, i.is_small_sample
        from marts.rpt_content_influence as i
        inner join marts.rpt_content_audit as a on i.content_key = a.content_key
        where i.touched_passes > 0 and i.next_stage is not null
        order by i.stage_rank, i.is_small_sample, i.associated_difference desc nulls last, a.name,
            i.content_key
        """)
    first = answer.rows[0]["stage"] if answer.rows else None
    return Figure(
        key="influence",
        title="How those who were touched went on",
        definition="Passes that the asset touched within the influence window before they entered"
        " the stage, and how many went beyond it; beside what untouched passes of the same"
        " segments would lead one to expect. An association: who is shown an asset differs in more"
        " than that.",
        unit="pass",
        policy="any: stages really entered",
        period="the whole time",
        basis="touched passes, once each",
        answer=answer,
        parts=[
            Table(
                caption="Conversion of touched passes beside that of others",
                source="marts.rpt_content_influence",
                pickers=[Picker("stage", "From stage", first, reading.stages)],
                columns=[
                    Column("name", "Asset"),
                    Column("touched_passes", "Touched (n)", "number"),
                    Column("touched_converted", "Went on", "number"),
                    Column("touched_conversion", "Share", "share"),
                    Column("compared_passes", "Compared", "number"),
                    Column("compared_others", "with others", "number"),
                    Column("expected_conversion", "Expected", "share"),
                    Column("associated_difference", "Difference", "points"),
                    Column("associated_difference_lower", "95 % from", "points"),
                    Column("associated_difference_upper", "to", "points"),
                ],
                marks=[LOW_N],
            )
        ],
    )


PAGE = Page(
    key="content",
    title="Content",
    lead="Which content there is for whom at which step, what is missing, stale, unused or"
    " nobody's, and whom it reached.",
    needs=(
        "marts.rpt_content_coverage",
        "marts.rpt_content_audit",
        "marts.rpt_content_influence",
    ),
    figures=_figures,
)
