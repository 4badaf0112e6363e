"""The rows that one version adds to each table."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ingestion.agreement.calendars import opening_times, weekdays
from ingestion.agreement.content import content_text, digest
from ingestion.agreement.criteria import alternatives
from ingestion.agreement.slas import METRICS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from ingestion.agreement.criteria import Criterion
    from ingestion.agreement.qualification import Rule
    from ingestion.agreement.version import Version

Row = dict[str, Any]


def rows_of(version: Version) -> dict[str, Iterable[Row]]:
    """Return the rows by table, without `version`; keys that a table lacks are not loaded."""
    builders = {**_FUNNEL, **_BUYERS, **_CLOCKS, **_FIGURES}
    return {name: build(version) for name, build in builders.items()}


def _version(version: Version) -> Iterator[Row]:
    signed = version.signed
    yield {
        "effective_from": version.effective_from,
        "marketing_signed_by": signed.marketing.by,
        "marketing_signed_on": signed.marketing.date,
        "sales_signed_by": signed.sales.by,
        "sales_signed_on": signed.sales.date,
        "note": version.note or None,
        "digest": digest(version),
        "content": content_text(version),
    }


def _settings(version: Version) -> Iterator[Row]:
    yield {
        **version.reporting.model_dump(),
        "content_unused_after_days": version.reporting.content_unused_after_days,
        **version.engine.model_dump(),
        **version.attribution.model_dump(),
        **version.publication.model_dump(),
    }


def _stages(version: Version) -> Iterator[Row]:
    for stage in version.stages:
        yield {
            "stage": stage.key,
            "label": stage.label,
            "description": stage.description or None,
            "stage_rank": stage.rank,
            "team": stage.team,
            "authority": stage.authority,
            "moves_to": stage.moves_to,
        }


def _criteria(version: Version) -> Iterator[Row]:
    for place, criterion in _placed_criteria(version):
        if not criterion.is_simple:
            continue
        row: Row = {**place, "source": criterion.source, "field": criterion.field}
        if criterion.bounds:
            yield {**row, "operator": "at_least", "threshold": criterion.bounds[0]}
        for value in criterion.values:
            yield {**row, "operator": "in", "value": value}


def _compound_conditions(version: Version) -> Iterator[Row]:
    for place, criterion in _placed_criteria(version):
        if criterion.is_simple:
            continue
        for number, alternative in enumerate(alternatives(criterion), 1):
            for condition_number, (is_negated, condition) in enumerate(alternative, 1):
                row = {
                    **place,
                    "alternative_number": number,
                    "condition_number": condition_number,
                    "is_negated": is_negated,
                }
                yield from ({**row, **one} for one in _condition_rows(condition))


def _placed_criteria(version: Version) -> Iterator[tuple[Row, Criterion]]:
    lists = [
        *(("stage", stage.key, stage.entered_when) for stage in version.stages),
        *(("exit", exit_.key, exit_.left_when) for exit_ in version.exits),
    ]
    for kind, target, criteria in lists:
        for number, criterion in enumerate(criteria, 1):
            place = {"target_kind": kind, "target": target, "criterion_number": number}
            yield place, criterion


def _condition_rows(condition: Criterion) -> Iterator[Row]:
    said = condition.model_dump(mode="json", exclude_none=True)
    row: Row = {
        "condition": json.dumps(said, sort_keys=True, ensure_ascii=False),
        "source": condition.source,
        "field": condition.field,
        "within_days": condition.within_days,
    }
    if condition.field == "activity":
        row["minimum_count"] = condition.count or 1
    if condition.bounds:
        minimum, maximum = condition.bounds
        yield {**row, "operator": "between", "minimum": minimum, "maximum": maximum}
    for value in condition.values:
        yield {**row, "operator": "in", "value": value}


def _rule_rows(rules: tuple[Rule, ...], **common: str) -> Iterator[Row]:
    for number, rule in enumerate(rules, 1):
        row: Row = {
            **common,
            "rule_number": number,
            "field": rule.field,
            "description": rule.description or None,
        }
        for value in rule.any_of or ():
            yield {**row, "operator": "in", "value": value}
        for operator, bound in (("at_least", rule.at_least), ("at_most", rule.at_most)):
            if bound is not None:
                yield {**row, "operator": operator, "threshold": bound}


def _qualification(version: Version) -> Iterator[Row]:
    for team in ("agreed", "marketing", "sales"):
        definition = getattr(version.qualification, team)
        for kind in ("qualifies", "disqualifies", "discards"):
            yield from _rule_rows(getattr(definition, kind), team=team, kind=kind)


def _profiles(version: Version) -> Iterator[Row]:
    for key in ("marketing", "sales", "agreed"):
        if profile := getattr(version.buyer_profiles, key):
            yield {
                "profile": key,
                "label": profile.label,
                "description": profile.description or None,
                "fits_from": profile.fits_from,
            }


def _profile_traits(version: Version) -> Iterator[Row]:
    for key in ("marketing", "sales", "agreed"):
        profile = getattr(version.buyer_profiles, key)
        for number, trait in enumerate(profile.traits if profile else (), 1):
            subject, field = trait.field.split(".")
            row = {
                "profile": key,
                "trait_number": number,
                "subject": subject,
                "field": field,
                "weight": trait.weight,
            }
            for value in trait.any_of or ():
                yield {**row, "operator": "in", "value": value}
            if trait.any_of is None:
                bounds = {"minimum": trait.at_least, "maximum": trait.at_most}
                yield {**row, "operator": "between", **bounds}


def _customer_definitions(version: Version) -> Iterator[Row]:
    yield from _rule_rows(version.buyer_profiles.good_customer, kind="good")
    yield from _rule_rows(version.buyer_profiles.bad_customer, kind="bad")


def _recipients(version: Version) -> Iterator[Row]:
    for one in version.hand_off.recipients:
        row = {
            "recipient": one.key,
            "kind": one.kind,
            "label": one.label,
            "owner": one.owner,
            "territory_field": one.territory.field if one.territory else None,
        }
        for value in one.territory.any_of if one.territory else (None,):
            yield {**row, "territory_value": value}


def _slas(version: Version) -> Iterator[Row]:
    holders = {role: stage.key for stage in version.stages for role in version.roles(stage)}
    for team, sla in version.slas_by_team():
        metric = METRICS[sla.metric]
        start = sla.clock_start or metric.clock_start
        if start and start.startswith("role:"):
            start = f"stage:{holders[start.removeprefix('role:')]}"  # type: ignore[index]
        yield {
            "sla": sla.key,
            "label": sla.label,
            "team": team,
            "metric": sla.metric,
            "target": sla.target,
            "target_unit": metric.unit,
            "period": sla.period,
            "clock_start": start,
            "clock_stop": sla.clock_stop or metric.clock_stop,
            "calendar": sla.calendar or version.calendars[0].key,
            "segment": sla.segment,
            "segment_value": sla.segment_value,
            "attainment_target": sla.attainment_target,
        }


def _calendars(version: Version) -> Iterator[Row]:
    for calendar in version.calendars:
        yield {
            "calendar": calendar.key,
            "label": calendar.label,
            "time_zone": calendar.time_zone or version.reporting.time_zone,
            "zone_of": calendar.zone_of,
            "is_always_open": calendar.always_open,
        }


def _calendar_hours(version: Version) -> list[Row]:
    rows = [
        {"calendar": calendar.key, "weekday": weekday, "opens": opens, "closes": closes}
        for calendar in version.calendars
        for days, hours in calendar.hours.items()
        for weekday in weekdays(days)
        for opens, closes in opening_times(hours)
    ]
    return sorted(rows, key=lambda row: (str(row["calendar"]), row["weekday"], row["opens"]))


def _activity_types(version: Version) -> Iterator[Row]:
    for one in version.activities.types:
        yield {
            "activity_type": one.key,
            "is_attempt": one.is_attempt,
            "direction": one.direction or ("outbound" if one.is_attempt else "inbound"),
            "must_be_completed": one.must_be_completed,
        }


def _segments(version: Version) -> Iterator[Row]:
    for one in version.reporting.segments:
        entity, field = one.field.split(".")
        yield {"segment": one.key, "label": one.label, "entity": entity, "field": field}


_Builders = dict[str, "Callable[[Version], Iterable[Row]]"]

_FUNNEL: _Builders = {
    "versions": _version,
    "settings": _settings,
    "stages": _stages,
    "stage_roles": lambda version: (
        {"stage": stage.key, "role": role}
        for stage in version.stages
        for role in version.roles(stage)
    ),
    "exits": lambda version: (
        {
            "exit": one.key,
            "label": one.label,
            "team": one.team,
            "is_reason_required": one.is_reason_required,
        }
        for one in version.exits
    ),
    "exit_reasons": lambda version: (
        {"exit": one.key, "reason": reason.key, "label": reason.label}
        for one in version.exits
        for reason in one.reasons
    ),
    "criteria": _criteria,
    "compound_conditions": _compound_conditions,
}

_BUYERS: _Builders = {
    "qualification_rules": _qualification,
    "profiles": _profiles,
    "profile_traits": _profile_traits,
    "customer_definitions": _customer_definitions,
    "required_fields": lambda version: (
        {
            "field": one.field,
            "label": one.label,
            "format": one.format,
            "description": one.description or None,
        }
        for one in version.hand_off.required_fields
    ),
    "recipients": _recipients,
    "handoff_contacts": lambda version: (one.model_dump() for one in version.hand_off.contacts),
    "quality_ratings": lambda version: (
        {"rating": one.key, "label": one.label} for one in version.hand_off.ratings
    ),
}

_CLOCKS: _Builders = {
    "slas": _slas,
    "calendars": _calendars,
    "calendar_hours": _calendar_hours,
    "holidays": lambda version: (
        {"calendar": calendar.key, "holiday_date": day, "name": name}
        for calendar in version.calendars
        for day, name in calendar.holidays.items()
    ),
    "activity_types": _activity_types,
    "excluded_users": lambda version: (
        {"user_id": one.user, "why": one.why} for one in version.activities.excluded_users
    ),
}

_FIGURES: _Builders = {
    "role_mailboxes": lambda version: (
        {"mailbox": mailbox} for mailbox in version.identity.role_mailboxes
    ),
    "free_mail_domains": lambda version: (
        {"domain": domain} for domain in version.identity.free_mail_domains
    ),
    "survivorship": lambda version: (
        {"attribute": attribute, "source": source, "source_rank": rank}
        for attribute, sources in version.identity.survivorship.items()
        for rank, source in enumerate(sources, 1)
    ),
    "qualifying_touches": lambda version: (
        {"activity_type": one} for one in version.attribution.qualifying_touches
    ),
    "lead_source_teams": lambda version: (
        {"lead_source": source, "team": team}
        for source, team in version.attribution.lead_source_teams.items()
    ),
    "segments": _segments,
    "conversion_windows": lambda version: (
        {"window_days": days} for days in version.reporting.conversion_windows
    ),
    "personas": lambda version: (
        {"persona": one.key, "label": one.label} for one in version.reporting.personas
    ),
    "buying_stages": lambda version: (
        {"buying_stage": one.key, "label": one.label, "position": position}
        for position, one in enumerate(version.reporting.buying_stages, 1)
    ),
    "targets": lambda version: (one.model_dump() for one in version.reporting.targets),
}
