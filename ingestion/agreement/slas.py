"""Service levels: what each team owes the other, and the clock that measures it."""

import re
from dataclasses import dataclass
from typing import Annotated, Literal, Self, get_args

from pydantic import Field, model_validator

from ingestion.agreement.scorecards import FIGURES
from ingestion.agreement.stages import Role
from ingestion.agreement.values import Identifier, Part, Share, Text
from ingestion.yaml_tree import wrong

Unit = Literal["minutes", "count", "share"]
Period = Literal["month", "quarter"]
MetricName = Literal[
    "speed_to_lead",
    "rep_response",
    "decision",
    "handoffs_delivered",
    "handoff_completeness",
    "acceptance_rate",
]


@dataclass(frozen=True)
class Metric:
    """A metric that the engine measures, and the clock of one that is measured in minutes."""

    label: str
    unit: Unit
    starts_at_stage: bool = False
    clock_start: str | None = None
    clock_stop: str | None = None


METRICS: dict[str, Metric] = {
    "speed_to_lead": Metric(
        "time to the first human attempt", "minutes", True, "role:hand_off", "first_attempt"
    ),
    "rep_response": Metric(
        "time from assignment to the first human attempt",
        "minutes",
        False,
        "assigned",
        "first_attempt",
    ),
    "decision": Metric(
        "time to accept, or reject with a reason", "minutes", True, "role:hand_off", "decided"
    ),
    "handoffs_delivered": Metric("complete hand-offs", "count"),
    "handoff_completeness": Metric("share of hand-offs that are complete", "share"),
    "acceptance_rate": Metric("share of decided hand-offs that were accepted", "share"),
}

# Words for a moment: `stage:<key>` or `role:<role>` a stage is entered, `assigned` the first human
# owner, `first_attempt` the first qualifying one, `decided` accepted, or rejected with a reason.
STAGE_EVENT = re.compile(r"(stage|role):(.+)")


class Sla(Part):
    """One promise of one team. Targets of clocks are business minutes of the calendar."""

    key: Identifier
    """Short name, unique over both teams."""
    label: Text
    """What people call it."""
    metric: MetricName
    """What is measured."""
    target: Annotated[float, Field(gt=0)]
    """Minutes for a clock, hand-offs a period for a volume, a fraction for a share."""
    period: Period
    """How long one period lasts."""
    attainment_target: Share = 1.0
    """Share of clocks that must be met, or of the volume that must be delivered."""
    clock_start: Text | None = None
    """stage:<key>, role:<role> or assigned. Left out: what is usual for the metric."""
    clock_stop: Text | None = None
    """first_attempt or decided. Left out: what is usual for the metric."""
    calendar: Identifier | None = None
    """Calendar of the clock. Left out: the first one."""
    segment: Identifier | None = None
    """Only for this segment of the reporting part."""
    segment_value: Text | None = None
    """And only for this value of it."""

    @property
    def is_clock(self) -> bool:
        """Whether it is measured in minutes."""
        return METRICS[self.metric].unit == "minutes"

    @model_validator(mode="after")
    def _target_fits(self) -> Self:
        if self.key in FIGURES:
            raise wrong(
                f"an SLA is called '{self.key}'",
                "Scorecards have a figure of that name anyway: use another key.",
            )
        if METRICS[self.metric].unit == "share" and self.target > 1:
            raise wrong(
                f"the target of '{self.key}' is {self.target:g}",
                f"{self.metric} is a share: write a fraction, like 0.95.",
            )
        return self


class Slas(Part):
    """Two separate lists, each of a handful."""

    marketing: tuple[Sla, ...] = ()
    """What marketing owes sales."""
    sales: tuple[Sla, ...] = ()
    """What sales owes marketing."""


def clock_fault(sla: str, metric: str, start: str | None, stop: str | None) -> str | None:
    """Return what is wrong with the clock of an SLA, whatever its stages are, or None."""
    known = METRICS[metric]
    if known.unit != "minutes":
        clock = f"'{sla}' has a clock, but {metric} is not measured in minutes"
        return clock if start or stop else None
    at_stage = known.starts_at_stage and bool(start and STAGE_EVENT.fullmatch(start))
    if start and start != known.clock_start and not at_stage:
        return f"the clock of '{sla}' starts at '{start}'"
    if stop and stop != known.clock_stop:
        return f"the clock of '{sla}' stops at '{stop}'"
    return None


def clock_advice(metric: str) -> str:
    """Return which clock a metric takes."""
    known = METRICS[metric]
    if known.unit != "minutes":
        return "Leave out clock_start and clock_stop."
    start = "stage:<key> or role:<role>" if known.starts_at_stage else known.clock_start
    return f"The clock of {metric} starts at {start} and stops at {known.clock_stop}."


ROLES: tuple[str, ...] = get_args(Role)
