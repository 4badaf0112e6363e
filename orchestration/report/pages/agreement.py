"""The signed agreement: what every figure is held against."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestration.report.figure import Column, Figure, Picker, Table
from orchestration.report.page import Page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from orchestration.report.reading import Answer, Reading

_TARGET_KINDS = {"stage": "Enters the stage", "exit": "Leaves by"}
_RULE_KINDS = {"qualifies": "Qualifies", "disqualifies": "Disqualifies", "discards": "Discards"}
_TEAMS = {"agreed": "Agreed", "marketing": "Marketing's own", "sales": "Sales' own"}


def _figures(reading: Reading) -> Iterator[Figure]:
    yield _versions(reading)
    yield _stages(reading)
    yield _criteria(reading)
    yield _exits(reading)
    yield _slas(reading)
    yield _handoff(reading)
    yield _rules(reading)
    yield _settings(reading)


def _versions(reading: Reading) -> Figure:
    return _figure(
        "versions",
        "Who signed what, and since when",
        "Every version of the agreement. A version in force never changes; the first one applies to"
        " all time before it, too.",
        reading.ask(f"""
            select version, effective_from, marketing_signed_by, marketing_signed_on,
                sales_signed_by, sales_signed_on, note, version = {reading.version} as is_in_force
            from agreement.versions order by version desc
            """),
        Table(
            caption="Versions",
            source="agreement.versions",
            columns=[
                Column("version", "Version", "number"),
                Column("is_in_force", "In force", "flag"),
                Column("effective_from", "From", "date"),
                Column("marketing_signed_by", "Signed for marketing"),
                Column("marketing_signed_on", "On", "date"),
                Column("sales_signed_by", "Signed for sales"),
                Column("sales_signed_on", "On", "date"),
                Column("note", "Note"),
            ],
        ),
    )


def _stages(reading: Reading) -> Figure:
    return _figure(
        "stages",
        "Stages",
        "The stages of the funnel, in order, with the team that owns each.",
        reading.ask(f"""
            select s.label, s.description, s.team, s.stage,
                string_agg(r.role, ', ' order by r.role) as roles, s.authority, s.moves_to
            from agreement.stages as s
            left join agreement.stage_roles as r using (version, stage)
            where s.version = {reading.version}
            group by s.label, s.description, s.team, s.stage, s.authority, s.moves_to
            order by min(s.stage_rank)
            """),
        Table(
            caption="Stages in force",
            source="agreement.stages",
            columns=[
                Column("label", "Stage"),
                Column("description", "What it means"),
                Column("team", "Team"),
                Column("roles", "Roles"),
                Column("authority", "Authority"),
                Column("stage", "Key", "code"),
            ],
        ),
    )


def _criteria(reading: Reading) -> Figure:
    return _figure(
        "criteria",
        "What makes somebody enter or leave",
        "Any one criterion is enough. They look at single signals and canonical values; a compound"
        " one is spelled out below its number, and all parts of one alternative must hold.",
        reading.ask(f"""
            with written as (
                select target_kind, target, criterion_number,
                    field || ' ' || replace(operator, '_', ' ') || ' '
                        || coalesce(string_agg(value, ', ' order by value),
                            any_value(threshold)::varchar, '') as criterion,
                    source
                from agreement.criteria where version = {reading.version}
                group by target_kind, target, criterion_number, source, field, operator
                union all
                select target_kind, target, criterion_number,
                    'alternative ' || alternative_number || ': ' || string_agg(
                        case when is_negated then 'not ' else '' end
                        || coalesce(field, condition, '') || ' '
                        || coalesce(value, concat_ws(' to ', minimum, maximum), '')
                        || case when minimum_count > 1
                            then ', ' || minimum_count || ' times' else '' end
                        || case when within_days is not null
                            then ' within ' || within_days || ' days' else '' end,
                        '; and ' order by condition_number),
                    max(source)
                from agreement.compound_conditions where version = {reading.version}
                group by target_kind, target, criterion_number, alternative_number
            )
            select w.target_kind, coalesce(s.label, e.label, w.target) as target,
                w.criterion_number, w.criterion, coalesce(w.source, 'any system') as source
            from written as w
            left join agreement.stages as s
                on w.target = s.stage and w.target_kind = 'stage' and s.version = {reading.version}
            left join agreement.exits as e
                on w.target = e.exit and w.target_kind = 'exit' and e.version = {reading.version}
            order by w.target_kind desc, s.stage_rank, w.target, w.criterion_number, w.criterion
            """),
        Table(
            caption="Criteria in force",
            source="agreement.criteria",
            pickers=[Picker("target_kind", "Criteria", "stage", _TARGET_KINDS)],
            columns=[
                Column("target", "Stage or exit"),
                Column("criterion_number", "Criterion", "number"),
                Column("criterion", "What must hold"),
                Column("source", "In which system"),
            ],
        ),
    )


def _exits(reading: Reading) -> Figure:
    return _figure(
        "exits",
        "Exits and reasons",
        "How a pass ends without being won, and the reasons that both teams agreed on.",
        reading.ask(f"""
            select e.label, e.team, e.is_reason_required,
                string_agg(r.label, '; ' order by r.label) as reasons
            from agreement.exits as e
            left join agreement.exit_reasons as r using (version, exit)
            where e.version = {reading.version}
            group by all order by e.label
            """),
        Table(
            caption="Exits in force",
            source="agreement.exits",
            columns=[
                Column("label", "Exit"),
                Column("team", "Team"),
                Column("is_reason_required", "Reason owed", "flag"),
                Column("reasons", "Reasons"),
            ],
        ),
    )


def _slas(reading: Reading) -> Figure:
    return _figure(
        "slas",
        "What each team promised",
        "Targets of clocks are business minutes of the calendar that is named; of volumes hand-offs"
        " a period; of shares a fraction.",
        reading.ask(f"""
            select label, team, target, target_unit, attainment_target, period, clock_start,
                clock_stop, calendar, segment, segment_value
            from agreement.slas where version = {reading.version} order by team, sla
            """),
        Table(
            caption="SLAs in force",
            source="agreement.slas",
            columns=[
                Column("label", "What is owed"),
                Column("team", "By"),
                Column("target", "Target", "decimal"),
                Column("target_unit", "In"),
                Column("attainment_target", "To be met", "share"),
                Column("period", "Each"),
                Column("clock_start", "Starts at"),
                Column("clock_stop", "Stops at"),
                Column("calendar", "Calendar"),
                Column("segment_value", "Only for"),
            ],
        ),
    )


def _handoff(reading: Reading) -> Figure:
    return _figure(
        "hand-off",
        "What a hand-off must have, and who gets it",
        "Fields are judged as of the hand-off; placeholders count as missing.",
        reading.ask(f"""
            select 'Required field' as kind, label, coalesce(description, '') as what,
                coalesce(format, '') as detail
            from agreement.required_fields where version = {reading.version}
            union all
            select 'Recipient', label, kind || coalesce(': ' || territory_field || ' is '
                    || string_agg(territory_value, ', ' order by territory_value), ''),
                coalesce(owner, '')
            from agreement.recipients where version = {reading.version}
            group by recipient, label, kind, territory_field, owner
            union all
            select 'Rating by sales', label, '', '' from agreement.quality_ratings
            where version = {reading.version}
            union all
            select 'Contact', question, contact, team from agreement.handoff_contacts
            where version = {reading.version}
            order by 1 desc, 2
            """),
        Table(
            caption="The hand-off in force",
            source="agreement.required_fields",
            columns=[
                Column("label", "Name"),
                Column("kind", "Kind"),
                Column("what", "What"),
                Column("detail", "Detail"),
            ],
        ),
    )


def _rules(reading: Reading) -> Figure:
    return _figure(
        "qualification",
        "What makes a lead qualified",
        "The agreed rules, and what each team used on its own before. All of what qualifies must"
        " hold; any one of the others rules out.",
        reading.ask(f"""
            select team, kind, rule_number, field || ' ' || replace(operator, '_', ' ') || ' '
                    || coalesce(string_agg(value, ', ' order by value),
                        any_value(threshold)::varchar, '') as rule,
                max(description) as description
            from agreement.qualification_rules where version = {reading.version}
            group by team, kind, rule_number, field, operator
            order by team, kind desc, rule_number
            """),
        Table(
            caption="Rules in force",
            source="agreement.qualification_rules",
            columns=[
                Column("rule", "Rule"),
                Column("team", "Whose", labels=_TEAMS),
                Column("kind", "What it does", labels=_RULE_KINDS),
                Column("description", "Why"),
            ],
        ),
    )


def _settings(reading: Reading) -> Figure:
    return _figure(
        "settings",
        "How figures are cut",
        "Settings of the version in force that figures depend on.",
        reading.ask(f"""
            with agreed as (select * from agreement.settings where version = {reading.version})
            select 'Reporting time zone' as setting, time_zone as setting_value from agreed
            union all select 'Currency', currency from agreed
            union all select 'Fiscal year starts in month', fiscal_year_start_month::varchar
                from agreed
            union all select 'Minimum sample', minimum_sample_size::varchar from agreed
            union all select 'Grace before a period is frozen, business days',
                closing_grace_business_days::varchar from agreed
            union all select 'Debounce, minutes', debounce_minutes::varchar from agreed
            union all select 'Re-entry window, days', reentry_window_days::varchar from agreed
            union all select 'Expires after silence, days',
                coalesce(expiry_days::varchar, 'never') from agreed
            union all select 'Sourced by', sourced_rule from agreed
            union all select 'Influence window, days', influence_window_days::varchar from agreed
            union all select 'Old sources', stale_source_policy from agreed
            union all select 'A source is old after, hours', stale_after_hours::varchar from agreed
            union all select 'Personal details are published',
                case when publish_personal_details then 'yes' else 'no' end from agreed
            """),
        Table(
            caption="Settings in force",
            source="agreement.settings",
            columns=[Column("setting", "Setting"), Column("setting_value", "Value")],
        ),
    )


def _figure(key: str, title: str, definition: str, answer: Answer, table: Table) -> Figure:
    return Figure(
        key=key,
        title=title,
        definition=definition,
        unit="what was agreed",
        period="the version in force" if key != "versions" else "all versions",
        basis="every row is one agreed thing",
        answer=answer,
        parts=[table],
    )


PAGE = Page(
    key="agreement",
    title="The agreement",
    lead="What marketing and sales signed. Every figure of this report is held against it.",
    needs=(
        "agreement.versions", "agreement.stages", "agreement.stage_roles", "agreement.criteria",
        "agreement.compound_conditions", "agreement.exits", "agreement.exit_reasons",
        "agreement.slas", "agreement.required_fields", "agreement.recipients",
        "agreement.quality_ratings", "agreement.handoff_contacts",
        "agreement.qualification_rules", "agreement.settings",
    ),
    figures=_figures,
)  # fmt: skip
