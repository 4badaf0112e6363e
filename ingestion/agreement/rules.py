"""What must hold between the parts of one version.

Read from the tree and not from the models, so that a slip in one part does not hide another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from ingestion.agreement.calendars import BUSINESS_HOURS
from ingestion.agreement.problem import Fault
from ingestion.agreement.slas import METRICS, ROLES, STAGE_EVENT, clock_advice, clock_fault
from ingestion.agreement.values import advice

if TYPE_CHECKING:
    from ingestion.yaml_tree import Branch

Faults = Iterator[Fault]

# List of the version, the key that tells its items apart, and what people call that.
UNIQUE = (
    (("stages",), "key", "stage"),
    (("stages",), "rank", "rank"),
    (("exits",), "key", "exit"),
    (("calendars",), "key", "calendar"),
    (("activities", "types"), "key", "activity type"),
    (("activities", "excluded_users"), "user", "excluded user"),
    (("hand_off", "required_fields"), "field", "required field"),
    (("hand_off", "recipients"), "key", "recipient"),
    (("hand_off", "contacts"), "question", "question"),
    (("hand_off", "ratings"), "key", "rating"),
    (("reporting", "segments"), "key", "segment"),
    (("reporting", "personas"), "key", "persona"),
    (("reporting", "buying_stages"), "key", "buying stage"),
)


def version_faults(version: Branch) -> list[Fault]:
    """Return what is wrong between the parts of one version."""
    return [fault for rule in RULES for fault in rule(version)]


def _twice(items: tuple[Branch, ...], key: str, noun: str) -> Faults:
    seen: dict[object, int] = {}
    for item in items:
        branch = item.child(key)
        if branch is None or isinstance(branch.value, dict | tuple) or branch.value is None:
            continue
        if branch.value in seen:
            yield Fault(
                branch.line,
                f"{noun} '{branch.value}' is used twice, first on line {seen[branch.value]}",
                f"Give each {noun} once.",
            )
        seen.setdefault(branch.value, branch.line)


def _names_once(version: Branch) -> Faults:
    for path, key, noun in UNIQUE:
        yield from _twice(version.items(*path), key, noun)
    yield from _twice((*_slas(version),), "key", "SLA")
    for exit_ in version.items("exits"):
        yield from _twice(exit_.items("reasons"), "key", "reason")


def _values_once(branch: Branch) -> Faults:
    """Any list of plain values: a repeat would count its rows twice."""
    below = branch.value if isinstance(branch.value, tuple) else ()
    if isinstance(branch.value, dict):
        below = tuple(branch.value.values())
    seen: set[object] = set()
    for item in below:
        if isinstance(item.value, dict | tuple):
            yield from _values_once(item)
        elif isinstance(branch.value, tuple) and item.value in seen:
            yield Fault(item.line, f"'{item.value}' stands in one list twice", "Keep one of them.")
        else:
            seen.add(item.value)


def _targets_once(version: Branch) -> Faults:
    seen: dict[tuple[str | None, ...], int] = {}
    for target in version.items("reporting", "targets"):
        names = tuple(target.text(key) for key in ("team", "metric", "period"))
        if names in seen:
            yield Fault(
                target.line,
                f"the target of {names[0]} for {names[1]} a {names[2]} is given twice, "
                f"first on line {seen[names]}",
                "Keep one of them.",
            )
        seen.setdefault(names, target.line)


def _roles_once(version: Branch) -> Faults:
    seen: dict[str, str | None] = {}
    for stage in version.items("stages"):
        for role in stage.items("roles"):
            if not isinstance(role.value, str):
                continue
            if seen.get(role.value, stage.text("key")) != stage.text("key"):
                yield Fault(
                    role.line,
                    f"role '{role.value}' is used twice: by '{seen[role.value]}' "
                    f"and by '{stage.text('key')}'",
                    "At most one stage may hold a role.",
                )
            seen.setdefault(role.value, stage.text("key"))


def _dropped_stages(version: Branch) -> Faults:
    stages = version.items("stages")
    kept = [str(one.text("key")) for one in stages if not one.text("moves_to")]
    for stage in stages:
        moves_to = stage.text("moves_to")
        if not moves_to:
            continue
        if moves_to not in kept:
            yield Fault(
                stage.line_of("moves_to"),
                f"stage '{stage.text('key')}' moves to '{moves_to}', "
                "which is no stage that this version keeps",
                advice(moves_to, kept),
            )
        for key in ("roles", "entered_when"):
            if stage.items(key):
                yield Fault(
                    stage.line_of(key),
                    f"stage '{stage.text('key')}' is dropped and still has '{key}:'",
                    f"Leave out '{key}:', or 'moves_to:' if the stage stays.",
                )


def _slas(version: Branch) -> Iterator[Branch]:
    slas = version.child("slas")
    for team in ("marketing", "sales"):
        yield from slas.items(team) if slas else ()


def _sla_clocks(version: Branch) -> Faults:
    stages = [
        key
        for one in version.items("stages")
        if (key := one.text("key")) and not one.text("moves_to")
    ]
    held = {str(role.value) for one in version.items("stages") for role in one.items("roles")}
    if "marketing_qualified" in held:
        held.add("hand_off")
    for sla in _slas(version):
        key, metric = str(sla.text("key")), str(sla.text("metric"))
        if metric not in METRICS:
            continue
        start, stop = sla.text("clock_start"), sla.text("clock_stop")
        fault = clock_fault(key, metric, start, stop)
        if fault:
            wrong_key = "clock_stop" if "stops at" in fault or not start else "clock_start"
            yield Fault(sla.line_of(wrong_key), fault, clock_advice(metric))
            continue
        event = STAGE_EVENT.fullmatch(start or METRICS[metric].clock_start or "")
        if not stages:
            continue
        if event and event[1] == "stage" and event[2] not in stages:
            yield Fault(
                sla.line_of("clock_start"),
                f"the clock of '{key}' starts at the unknown stage '{event[2]}'",
                advice(event[2], stages),
            )
        if event and event[1] == "role" and event[2] not in held:
            mend = (
                "Give a stage this role, or start the clock at 'stage:<key>'."
                if event[2] in ROLES
                else advice(event[2], list(ROLES))
            )
            yield Fault(
                sla.line_of("clock_start"),
                f"the clock of '{key}' starts at the role '{event[2]}', which no stage holds",
                mend,
            )


def _sla_calendars(version: Branch) -> Faults:
    calendars = [key for one in version.items("calendars") if (key := one.text("key"))]
    known = calendars if version.child("calendars") else [BUSINESS_HOURS.key]
    for sla in _slas(version):
        calendar = sla.text("calendar")
        if calendar and calendar not in known:
            yield Fault(
                sla.line_of("calendar"),
                f"SLA '{sla.text('key')}' runs on the unknown calendar '{calendar}'",
                advice(calendar, known),
            )


def _sla_segments(version: Branch) -> Faults:
    known = [str(one.text("key")) for one in version.items("reporting", "segments")]
    for sla in _slas(version):
        segment = sla.text("segment")
        if segment and segment not in known:
            yield Fault(
                sla.line_of("segment"),
                f"SLA '{sla.text('key')}' is for the unknown segment '{segment}'",
                advice(segment, known),
            )
        if bool(segment) != bool(sla.text("segment_value")):
            yield Fault(
                sla.line_of("segment"),
                f"SLA '{sla.text('key')}' has only one of segment and segment_value",
                "Give both, or none.",
            )


def _target_stages(version: Branch) -> Faults:
    stages = [key for one in version.items("stages") if (key := one.text("key"))]
    for target in version.items("reporting", "targets"):
        metric = target.text("metric") or ""
        stage = metric.removeprefix("stage:")
        if stages and metric.startswith("stage:") and stage not in stages:
            yield Fault(
                target.line_of("metric"),
                f"a target counts the unknown stage '{stage}'",
                advice(stage, stages),
            )


def _parts(criterion: Branch) -> Iterator[Branch]:
    """Yield a criterion and all that its groups hold."""
    yield criterion
    below = (*criterion.items("all"), *criterion.items("any"), criterion.child("not"))
    for part in below:
        yield from _parts(part) if part else ()


def _activity_types(version: Branch) -> Faults:
    known = [str(one.text("key")) for one in version.items("activities", "types")]
    if not known:
        return
    criteria = [
        criterion
        for parts, key in (("stages", "entered_when"), ("exits", "left_when"))
        for part in version.items(parts)
        for criterion in part.items(key)
    ]
    named = [
        value
        for criterion in criteria
        for part in _parts(criterion)
        for value in part.items("activity")
    ]
    for value in (*named, *version.items("attribution", "qualifying_touches")):
        if isinstance(value.value, str) and value.value not in known:
            yield Fault(
                value.line,
                f"'{value.value}' is no activity type of this agreement",
                f"{advice(value.value, known)} New ones go under 'activities: types:'.",
            )


RULES: tuple[Callable[[Branch], Faults], ...] = (
    _names_once,
    _values_once,
    _targets_once,
    _roles_once,
    _dropped_stages,
    _sla_clocks,
    _sla_calendars,
    _sla_segments,
    _target_stages,
    _activity_types,
)
