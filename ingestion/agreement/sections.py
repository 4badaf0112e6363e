"""The parts of one version, each as a section that both teams can read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingestion.agreement.slas import METRICS
from ingestion.agreement.wording import criteria, grid, minutes, number, share, test, words

if TYPE_CHECKING:
    from collections.abc import Callable

    from ingestion.agreement.slas import Sla
    from ingestion.agreement.version import Version


def sections(version: Version) -> list[str]:
    """Return all parts of a version as Markdown lines."""
    lines: list[str] = []
    for heading, section in _SECTIONS:
        lines += [f"## {heading}", "", *section(version)]
    return lines


def _stages(version: Version) -> list[str]:
    lines = ["Whoever meets any one entry condition is in the stage, and stays in.", ""]
    lines += grid(
        ("Rank", "Stage", "What it means", "Owner", "Entered when", "Moved back or out by"),
        (
            (
                stage.rank,
                f"**{stage.label}** (`{stage.key}`)",
                stage.description,
                words(stage.team),
                f"dropped: goes to `{stage.moves_to}`"
                if stage.moves_to
                else criteria(stage.entered_when) or "only by reaching a later stage",
                stage.authority or "any system",
            )
            for stage in sorted(version.stages, key=lambda one: one.rank)
        ),
    )
    roles = [
        (words(role), stage.label)
        for stage in sorted(version.stages, key=lambda one: one.rank)
        for role in version.roles(stage)
    ]
    return [*lines, "Reports and clocks use them as:", "", *grid(("Role", "Stage"), roles)]


def _exits(version: Version) -> list[str]:
    silence = version.engine.expiry_days
    ends = f"also ends after {silence} days of silence" if silence else "never ends by silence"
    return [
        *grid(
            ("Exit", "Decided by", "Left when", "Reason owed", "Reasons"),
            (
                (
                    f"**{one.label}** (`{one.key}`)",
                    words(one.team),
                    criteria(one.left_when),
                    one.is_reason_required,
                    ", ".join(reason.label for reason in one.reasons),
                )
                for one in version.exits
            ),
        ),
        f"A pass {ends}.",
        "",
    ]


def _qualification(version: Version) -> list[str]:
    lines: list[str] = []
    kinds = (
        ("qualifies", "Qualifies, when all hold"),
        ("disqualifies", "Disqualifies, when any holds"),
        ("discards", "Discards, when any holds"),
    )
    for title, definition in (
        ("Agreed", version.qualification.agreed),
        ("Marketing's own, for comparison", version.qualification.marketing),
        ("Sales' own, for comparison", version.qualification.sales),
    ):
        rows = [
            (label, test(rule), rule.description)
            for kind, label in kinds
            for rule in getattr(definition, kind)
        ]
        lines += [f"### {title}", "", *grid(("", "Rule", "Why"), rows)]
    return lines


def _profiles(version: Version) -> list[str]:
    profiles = version.buyer_profiles
    lines: list[str] = []
    for title, profile in (
        ("Agreed", profiles.agreed),
        ("Marketing's own", profiles.marketing),
        ("Sales' own", profiles.sales),
    ):
        if profile is None:
            lines += [f"### {title}", "", "None agreed.", ""]
            continue
        lines += [f"### {title}: {profile.label}", ""]
        lines += [profile.description, ""] if profile.description else []
        traits = ((test(trait), trait.weight) for trait in profile.traits)
        lines += grid(("Trait", "Weight"), traits)
        share = (
            f"at least {profile.fits_from:.0%} of the weight" if profile.fits_from < 1 else "all"
        )
        lines += [
            f"A buyer is in the profile when {share} of these hold."
            if share == "all"
            else f"A buyer is in the profile when {share} holds.",
            "",
        ]
    for title, rules in (
        ("A good customer, when all hold", profiles.good_customer),
        ("Warning signs of a bad customer", profiles.bad_customer),
    ):
        lines += [f"### {title}", ""]
        lines += grid(("Rule", "Why"), ((test(rule), rule.description) for rule in rules))
    return lines


def _hand_off(version: Version) -> list[str]:
    hand_off = version.hand_off
    lines = ["Sales receives at least:", ""]
    lines += grid(
        ("Field", "Looks like", "Why"),
        (
            (f"{one.label} (`{one.field}`)", one.format or "any real value", one.description)
            for one in hand_off.required_fields
        ),
    )
    lines += ["Received by:", ""]
    lines += grid(
        ("Recipient", "Kind", "For", "Answerable"),
        (
            (
                one.label,
                one.kind,
                f"{words(one.territory.field.replace('.', ' '))}: {', '.join(one.territory.any_of)}"
                if one.territory
                else "all others",
                one.owner,
            )
            for one in hand_off.recipients
        ),
    )
    lines += ["Whom to ask:", ""]
    contacts = ((one.question, one.contact, words(one.team)) for one in hand_off.contacts)
    lines += grid(("Question", "Contact", "Team"), contacts)
    if hand_off.rejection:
        lines += [f"A rejection: {hand_off.rejection}", ""]
    if hand_off.ratings:
        ratings = ", ".join(one.label for one in hand_off.ratings)
        lines += [f"Sales may rate a hand-off: {ratings}.", ""]
    return lines


def _slas(version: Version) -> list[str]:
    lines: list[str] = []
    for title, slas in (
        ("Marketing owes sales", version.slas.marketing),
        ("Sales owes marketing", version.slas.sales),
    ):
        lines += [f"### {title}", ""]
        lines += grid(
            ("SLA", "What is measured", "Target", "Met in", "Per", "Clock", "Only for"),
            (_sla(version, sla) for sla in slas),
        )
    return lines


def _sla(version: Version, sla: Sla) -> tuple[object, ...]:
    metric = METRICS[sla.metric]
    start = sla.clock_start or metric.clock_start
    target = {"minutes": minutes, "count": number, "share": share}[metric.unit](sla.target)
    calendar = sla.calendar or version.calendars[0].key
    return (
        f"**{sla.label}**",
        metric.label,
        f"at most {target}" if metric.unit == "minutes" else f"at least {target}",
        share(sla.attainment_target),
        sla.period,
        f"{_moment(version, start)} → {_moment(version, sla.clock_stop or metric.clock_stop)}, "
        f"{_calendar_label(version, calendar)}"
        if start
        else None,
        f"{words(sla.segment)} {sla.segment_value}" if sla.segment else None,
    )


def _calendar_label(version: Version, key: str) -> str:
    return next((one.label for one in version.calendars if one.key == key), key)


def _moment(version: Version, event: str | None) -> str:
    kind, _, name = (event or "").partition(":")
    if kind == "stage":
        return next(stage.label for stage in version.stages if stage.key == name)
    if kind == "role":
        return next(stage.label for stage in version.stages if name in version.roles(stage))
    return words(kind)


def _calendars(version: Version) -> list[str]:
    lines: list[str] = []
    for one in version.calendars:
        zone = one.time_zone or version.reporting.time_zone
        whose = {"calendar": "", "owner": ", in the owner's zone", "lead": ", in the lead's zone"}
        lines += [f"### {one.label}", "", f"{zone}{whose[one.zone_of]}.", ""]
        if one.always_open:
            lines += ["Always open.", ""]
            continue
        lines += grid(("Days", "Hours"), one.hours.items())
        if one.holidays:
            lines += ["Holidays:", ""]
            lines += grid(("Day", "Holiday"), one.holidays.items())
    return lines


def _activities(version: Version) -> list[str]:
    return [
        "A human attempt is what is marked so here, done by a person and not by a machine.",
        "",
        *grid(
            ("Activity", "Is an attempt", "Direction", "Must be completed"),
            (
                (
                    words(one.key),
                    one.is_attempt,
                    one.direction or ("outbound" if one.is_attempt else "inbound"),
                    one.must_be_completed,
                )
                for one in version.activities.types
            ),
        ),
        "Users that never count:",
        "",
        *grid(("User", "Why"), ((one.user, one.why) for one in version.activities.excluded_users)),
    ]


def _reading(version: Version) -> list[str]:
    engine, identity, attribution = version.engine, version.identity, version.attribution
    touches = ", ".join(words(one) for one in attribution.qualifying_touches) or "all inbound ones"
    lines = grid(
        ("Rule", "Agreed"),
        (
            ("A slip shorter than this is ignored", f"{engine.debounce_minutes} minutes"),
            ("Back within this time: the same pass", f"{engine.reentry_window_days} days"),
            ("An opportunity is sourced by", words(attribution.sourced_rule)),
            ("A touch influences for", f"{attribution.influence_window_days} days"),
            ("Marketing touches that count", touches),
            *(
                (f"Lead source {source} is credited to", words(team))
                for source, team in attribution.lead_source_teams.items()
            ),
            ("Mailboxes of a role, never a person", ", ".join(identity.role_mailboxes)),
            ("Mail domains that name no company", ", ".join(identity.free_mail_domains)),
        ),
    )
    order = ((words(name), " > ".join(one)) for name, one in identity.survivorship.items())
    return [*lines, "Which system is believed first:", "", *grid(("Attribute", "Order"), order)]


def _reporting(version: Version) -> list[str]:
    reporting = version.reporting
    windows = ", ".join(str(days) for days in reporting.conversion_windows)
    lines = grid(
        ("Setting", "Agreed"),
        (
            ("Business day of", reporting.time_zone),
            ("Currency", reporting.currency),
            ("Fiscal year starts in month", reporting.fiscal_year_start_month),
            ("Conversions are counted within, and ever", f"{windows} days"),
            ("Percentages are flagged below a sample of", reporting.minimum_sample_size),
            ("Content is stale after", f"{reporting.content_stale_after_days} days unchanged"),
            ("Content is unused after", f"{reporting.content_unused_after_days} days untouched"),
            (
                "A period is frozen after",
                f"{reporting.closing_grace_business_days} business days",
            ),
        ),
    )
    lines += ["### Segments", ""]
    lines += grid(
        ("Segment", "Cut by"),
        ((one.label, words(one.field.replace(".", " "))) for one in reporting.segments),
    )
    lines += ["### Personas and buying stages", ""]
    lines += grid(("Persona",), ((one.label,) for one in reporting.personas))
    lines += grid(("Buying stage",), ((one.label,) for one in reporting.buying_stages))
    lines += ["### Targets", ""]
    targets = (
        (words(one.team), _target(version, one.metric), number(one.value), one.period)
        for one in reporting.targets
    )
    return [*lines, *grid(("Team", "Figure", "Target", "Per"), targets)]


def _target(version: Version, metric: str) -> str:
    return f"entries to {_moment(version, metric)}" if ":" in metric else words(metric)


def _publication(version: Version) -> list[str]:
    publication = version.publication
    return grid(
        ("Setting", "Agreed"),
        (
            ("A source is old after", f"{publication.stale_after_hours} hours"),
            ("Then", words(publication.stale_source_policy)),
            ("Personal details are published", publication.publish_personal_details),
            ("Alerts go to", publication.alert_contact),
        ),
    )


_SECTIONS: tuple[tuple[str, Callable[[Version], list[str]]], ...] = (
    ("Stages", _stages),
    ("Exits", _exits),
    ("What qualifies a lead", _qualification),
    ("Buyer profiles", _profiles),
    ("Hand-off", _hand_off),
    ("SLAs", _slas),
    ("Calendars", _calendars),
    ("Activities", _activities),
    ("How histories are read", _reading),
    ("Reporting", _reporting),
    ("Publication", _publication),
)
