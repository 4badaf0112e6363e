"""The rejection loop: what sales gave back, why, and what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestration.report.figure import Chart, Column, Figure, Mark, Picker, Table
from orchestration.report.form import Bars, Point
from orchestration.report.page import Page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from orchestration.report.reading import Reading

_SHOWN = 60
_NEXT = {
    "accepted_later": "Accepted later",
    "turned_down_again": "Turned down again",
    "delivered_again": "Delivered again, not answered",
    "closed": "Closed: disqualified",
    "with_marketing": "With marketing",
}
_DECISIONS = {
    "rejected": "Rejected", "recycled": "Recycled", "disqualified": "Disqualified",
}  # fmt: skip
_NO_REASON = Mark("is_without_reason", "no reason", "the reason that is owed was not given")
_NOT_AGREED = Mark("is_not_agreed", "not agreed", "a reason that the agreement does not know")


def _figures(reading: Reading) -> Iterator[Figure]:
    yield _reasons(reading)
    yield _next(reading)
    yield _origins(reading)
    yield _last(reading)


def _reasons(reading: Reading) -> Figure:
    answer = reading.ask("""
        select decision, coalesce(reason_label, reason) as reason, count(*) as leads,
            count(*) / sum(count(*)) over (partition by decision) as share,
            count(*) filter (what_next = 'accepted_later') as accepted_later,
            bool_or(reason is null) as is_without_reason,
            bool_or(reason is not null and not is_reason_agreed) as is_not_agreed
        from marts.rpt_rejected_leads
        group by decision, coalesce(reason_label, reason)
        order by leads desc, decision, reason
        """)
    points = [
        Point(
            at=row["reason"] or "(no reason)",
            value=row["leads"],
            series=_DECISIONS.get(row["decision"], row["decision"]),
            told=f"{row['decision']}, {row['reason'] or 'no reason'}: {row['leads']:,}",
        )
        for row in answer.rows
    ]
    chart = Chart(
        draw=Bars(points=points, kind="number"),
        text="Hand-offs that sales did not accept, by reason and decision. The table has the"
        " numbers.",
    )
    return Figure(
        key="reasons",
        title="Why hand-offs come back",
        definition="Hand-offs that sales rejected (not accepted), recycled (valid, not now) or"
        " disqualified (never), by the reason. Those without a reason stay in the count: the"
        " shares are not re-based.",
        unit="hand-off",
        period="the whole time",
        basis="hand-offs; the share is of those with the same decision",
        answer=answer,
        parts=[
            *([chart] if points else []),
            Table(
                caption="Reasons",
                source="marts.rpt_rejected_leads",
                columns=[
                    Column("reason", "Reason"),
                    Column("decision", "Decision", labels=_DECISIONS),
                    Column("leads", "Hand-offs (n)", "number"),
                    Column("share", "Of the decision", "share"),
                    Column("accepted_later", "Accepted later", "number"),
                ],
                marks=[_NO_REASON, _NOT_AGREED],
            ),
        ],
    )


def _next(reading: Reading) -> Figure:
    answer = reading.ask(f"""
        select d.fiscal_quarter_start as quarter, what_next, count(*) as leads
        from marts.rpt_rejected_leads as r
        inner join marts.dim_dates as d on r.decided_date = d.calendar_date
        where d.fiscal_quarter_start > date '{reading.as_of_date}' - interval 3 year
        group by all order by quarter desc, what_next
        """)
    # A chart reads from the oldest on.
    points = [
        Point(
            at=f"{row['quarter']:%Y-%m}",
            value=row["leads"],
            series=_NEXT.get(row["what_next"], row["what_next"]),
            told=f"decided from {row['quarter']:%b %Y}: {row['leads']:,}"
            f" {_NEXT.get(row['what_next'], row['what_next']).lower()}",
        )
        for row in reversed(answer.rows)
    ]
    chart = Chart(
        draw=Bars(points=points, kind="number"),
        text="What became of hand-offs that came back, by quarter. The table has the numbers.",
    )
    return Figure(
        key="next",
        title="What became of them",
        definition="Whether the person was handed off again, and what sales said then. With"
        " marketing: nothing since.",
        unit="hand-off",
        period="fiscal quarter of the decision, the last three years; undated ones left out",
        basis="hand-offs that came back",
        answer=answer,
        parts=[
            *([chart] if points else []),
            Table(
                caption="What happened next",
                source="marts.rpt_rejected_leads",
                columns=[
                    Column("quarter", "Quarter from", "month"),
                    Column("what_next", "What next", labels=_NEXT),
                    Column("leads", "Hand-offs (n)", "number"),
                ],
            ),
        ],
    )


def _origins(reading: Reading) -> Figure:
    answer = reading.ask("""
        with counted as (
            select 'lead_source' as kind, lead_source as value, decision
            from marts.rpt_rejected_leads
            union all
            select 'campaign', campaign, decision from marts.rpt_rejected_leads
            union all
            select 'quality_rating', quality_rating, decision from marts.rpt_rejected_leads
            union all
            select 'owner', coalesce(o.name, r.owner_key), r.decision
            from marts.rpt_rejected_leads as r
            left join marts.dim_owners as o on r.owner_key = o.owner_key
        )
        select kind, value, count(*) as leads,
            count(*) filter (decision = 'rejected') as rejected,
            count(*) filter (decision = 'recycled') as recycled,
            count(*) filter (decision = 'disqualified') as disqualified
        from counted group by kind, value order by kind, leads desc, value
        """)
    kinds = {
        "lead_source": "Lead source",
        "campaign": "Campaign",
        "owner": "First owner",
        "quality_rating": "Rating by sales",
    }
    return Figure(
        key="origins",
        title="Where they come from",
        definition="The same hand-offs by channel and campaign of the person's earliest record, by"
        " the first human owner, and by what sales said of the lead.",
        unit="hand-off",
        period="the whole time",
        basis="hand-offs that came back; how many were handed off is on the page of hand-offs",
        answer=answer,
        parts=[
            Table(
                caption="Hand-offs that came back",
                source="marts.rpt_rejected_leads",
                pickers=[Picker("kind", "By", "lead_source", kinds)],
                columns=[
                    Column("value", "Value"),
                    Column("leads", "Hand-offs (n)", "number"),
                    Column("rejected", "Rejected", "number"),
                    Column("recycled", "Recycled", "number"),
                    Column("disqualified", "Disqualified", "number"),
                ],
                shown=40,
            )
        ],
    )


def _last(reading: Reading) -> Figure:
    answer = reading.ask(f"""
        select r.handoff_key, r.decided_date, r.decision,
            coalesce(r.reason_label, r.reason) as reason,
            r.quality_rating, r.missing_fields, r.lead_source, r.campaign,
            coalesce(o.name, r.owner_key) as owner, r.what_next,
            r.reason is null as is_without_reason,
            r.reason is not null and not r.is_reason_agreed as is_not_agreed,
            count(*) over () as in_all
        from marts.rpt_rejected_leads as r
        left join marts.dim_owners as o on r.owner_key = o.owner_key
        order by r.decided_date desc nulls last, r.handoff_key
        limit {_SHOWN}
        """)
    return Figure(
        key="last",
        title="The last ones",
        definition="The newest hand-offs that came back, one by one. Look into one with"
        " make timeline PERSON=….",
        unit="hand-off",
        period="the newest first",
        basis="every row is one hand-off",
        answer=answer,
        parts=[
            Table(
                caption="Hand-offs that came back last",
                source="marts.rpt_rejected_leads",
                total=answer.rows[0]["in_all"] if answer.rows else 0,
                columns=[
                    Column("handoff_key", "Hand-off", "code"),
                    Column("decided_date", "Decided", "date"),
                    Column("decision", "Decision", labels=_DECISIONS),
                    Column("reason", "Reason"),
                    Column("quality_rating", "Rating"),
                    Column("missing_fields", "Lacked"),
                    Column("lead_source", "Lead source"),
                    Column("campaign", "Campaign"),
                    Column("owner", "First owner"),
                    Column("what_next", "What next", labels=_NEXT),
                ],
                marks=[_NO_REASON, _NOT_AGREED],
            )
        ],
    )


PAGE = Page(
    key="rejections",
    title="Rejection loop",
    lead="Which hand-offs sales gave back, why, and whether marketing's second try was worth it.",
    needs=("marts.rpt_rejected_leads", "marts.dim_owners", "marts.dim_dates"),
    figures=_figures,
)
