"""Data quality and freshness: how far the figures can be trusted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestration.report.figure import Column, Figure, Mark, Picker, Table
from orchestration.report.page import Page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from orchestration.report.reading import Reading

_SHOWN = 100
_STALE = Mark("is_stale", "old", "older than the agreement allows, or never came")
_DIFFERENT = Mark("is_different", "does not add up", "rows are missing or too many")


def _figures(reading: Reading) -> Iterator[Figure]:
    yield _freshness(reading)
    yield _findings(reading)
    yield _each_finding(reading)
    if reading.has("quality.handoff_findings"):
        yield _handoffs(reading)
    yield _buckets(reading)
    yield _layers(reading)


def _freshness(reading: Reading) -> Figure:
    answer = reading.ask("""
        select export, source, instance, entity, delivered_until, hours_old, stale_after_hours,
            is_stale
        from quality.source_freshness
        order by is_stale desc, hours_old desc nulls first, export
        """)
    return Figure(
        key="freshness",
        title="How fresh each source is",
        definition="Real hours from the newest delivery of each export to the moment of this"
        " report; negative where it tells of later.",
        unit="export",
        period=f"as of {reading.as_of_date}",
        basis="every row is one export",
        answer=answer,
        parts=[
            Table(
                caption="Exports",
                source="quality.source_freshness",
                columns=[
                    Column("export", "Export"),
                    Column("source", "System"),
                    Column("instance", "Instance"),
                    Column("entity", "Entity"),
                    Column("delivered_until", "Tells until (UTC)", "moment"),
                    Column("hours_old", "Hours old", "number"),
                    Column("stale_after_hours", "Old from", "number"),
                ],
                marks=[_STALE],
            )
        ],
    )


def _findings(reading: Reading) -> Figure:
    answer = reading.ask("""
        select finding, severity, entity, count(*) as findings
        from quality.findings
        group by finding, severity, entity
        order by case severity when 'critical' then 0 when 'error' then 1 when 'warning' then 2
            else 3 end, findings desc, finding, entity
        """)
    return Figure(
        key="findings",
        title="What to look at",
        definition="What the models found and did not repair or drop, by kind.",
        unit="finding",
        period=f"as of {reading.as_of_date}",
        basis="records with the finding",
        answer=answer,
        parts=[
            Table(
                caption="Findings by kind",
                source="quality.findings",
                columns=[
                    Column("finding", "Finding"),
                    Column("severity", "Severity"),
                    Column("entity", "Entity"),
                    Column("findings", "Records (n)", "number"),
                ],
            )
        ],
    )


def _each_finding(reading: Reading) -> Figure:
    answer = reading.ask(f"""
        select finding, severity, entity, record_key, detail, count(*) over () as in_all
        from quality.findings
        order by case severity when 'critical' then 0 when 'error' then 1 when 'warning' then 2
            else 3 end, finding, record_key
        limit {_SHOWN}
        """)
    return Figure(
        key="each-finding",
        title="One by one",
        definition="The most severe findings with the record and what was found of it.",
        unit="finding",
        period=f"as of {reading.as_of_date}",
        basis="every row is one finding",
        answer=answer,
        parts=[
            Table(
                caption="Findings",
                source="quality.findings",
                total=answer.rows[0]["in_all"] if answer.rows else 0,
                shown=_SHOWN,
                columns=[
                    Column("finding", "Finding"),
                    Column("severity", "Severity"),
                    Column("record_key", "Record", "code"),
                    Column("detail", "What was found"),
                ],
            )
        ],
    )


def _handoffs(reading: Reading) -> Figure:
    answer = reading.ask("""
        select description, rule, severity, count(distinct handoff_key) as handoffs
        from quality.handoff_findings group by all order by handoffs desc, description, rule
        """)
    return Figure(
        key="handoff-contract",
        title="The contract of hand-offs",
        definition="Rules of the hand-off that single hand-offs break; they are told and set aside,"
        " never dropped.",
        unit="hand-off",
        period="the whole time",
        basis="hand-offs that break the rule",
        answer=answer,
        parts=[
            Table(
                caption="Broken rules",
                source="quality.handoff_findings",
                columns=[
                    Column("description", "Rule"),
                    Column("severity", "Severity"),
                    Column("handoffs", "Hand-offs (n)", "number"),
                ],
            )
        ],
    )


def _buckets(reading: Reading) -> Figure:
    answer = reading.ask("""
        select entity, sum(row_count)::bigint as delivered,
            coalesce(sum(row_count) filter (bucket = 'in_funnel'), 0)::bigint as in_funnel,
            coalesce(sum(row_count) filter (bucket = 'superseded'), 0)::bigint as superseded,
            coalesce(sum(row_count) filter (bucket = 'merged'), 0)::bigint as merged,
            coalesce(sum(row_count) filter (bucket = 'deleted'), 0)::bigint as deleted,
            coalesce(sum(row_count) filter (bucket = 'reference'), 0)::bigint as reference,
            coalesce(sum(row_count) filter (bucket = 'quarantined'), 0)::bigint as quarantined,
            coalesce(sum(row_count) filter (bucket = 'set_aside'), 0)::bigint as set_aside
        from quality.reconciliation group by entity order by delivered desc, entity
        """)
    return Figure(
        key="buckets",
        title="Where every delivered row went",
        definition="Every row that a source delivered ends in exactly one bucket.",
        unit="delivered row",
        period="all loads",
        basis="every column counts rows",
        answer=answer,
        parts=[
            Table(
                caption="Rows by bucket",
                source="quality.reconciliation",
                columns=[
                    Column("entity", "Entity"),
                    Column("delivered", "Delivered (n)", "number"),
                    Column("in_funnel", "In the funnel", "number"),
                    Column("superseded", "Superseded", "number"),
                    Column("merged", "Merged", "number"),
                    Column("deleted", "Deleted", "number"),
                    Column("reference", "Looked up", "number"),
                    Column("quarantined", "Quarantined", "number"),
                    Column("set_aside", "Set aside", "number"),
                ],
            )
        ],
    )


def _layers(reading: Reading) -> Figure:
    answer = reading.ask("""
        select case when expected = found then 'yes' else 'no' end as adds_up, layer, expected,
            found, expected <> found as is_different
        from quality.layer_counts order by is_different desc, layer
        """)
    return Figure(
        key="layers",
        title="Each layer beside the one before it",
        definition="How many rows a layer should have by the one before it, and how many it has.",
        unit="row",
        period="all loads",
        basis="rows of the layer",
        answer=answer,
        parts=[
            Table(
                caption="Layers",
                source="quality.layer_counts",
                pickers=[
                    Picker(
                        "adds_up",
                        "Which add up",
                        answer.rows[0]["adds_up"] if answer.rows else None,
                    )
                ],
                columns=[
                    Column("layer", "Layer"),
                    Column("expected", "Should have", "number"),
                    Column("found", "Has", "number"),
                ],
                marks=[_DIFFERENT],
            )
        ],
    )


PAGE = Page(
    key="quality",
    title="Data quality",
    lead="How fresh the sources are, what was found in them, and whether every row adds up.",
    needs=(
        "quality.source_freshness", "quality.findings", "quality.reconciliation",
        "quality.layer_counts",
    ),
    figures=_figures,
)  # fmt: skip
