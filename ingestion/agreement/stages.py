"""Stages, exits, and the criteria by which a person enters or leaves."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from ingestion.agreement.fields import CRITERION_FIELDS
from ingestion.agreement.values import Identifier, Part, Text, Texts
from ingestion.yaml_tree import wrong

Team = Literal["marketing", "sales", "customer_success"]
Role = Literal[
    "inquiry",
    "marketing_qualified",
    "hand_off",
    "accepted",
    "sales_qualified",
    "opportunity",
    "won",
    "retained",
]
ExitKey = Literal["rejected", "recycled", "disqualified", "lost", "churned"]
Outcomes = Annotated[tuple[Literal["won", "lost"], ...], Field(min_length=1)]


class AtLeast(Part):
    """A threshold."""

    at_least: float
    """The smallest value that is enough."""


class Criterion(Part):
    """One signal that is enough by itself: exactly one field, of one source or of any."""

    source: Identifier | None = None
    """The system that the signal must come from, as mappings name it. Left out: any."""
    status: Texts | None = None
    """Canonical lead statuses, any of them."""
    lifecycle_stage: Texts | None = None
    """Canonical lifecycle stages, any of them."""
    score: AtLeast | None = None
    """The score reaches a threshold."""
    activity: Texts | None = None
    """Activity types, any of them."""
    opportunity_stage: Texts | None = None
    """Canonical opportunity stages, any of them."""
    opportunity_outcome: Outcomes | None = None
    """How an opportunity closed."""

    @property
    def field(self) -> str:
        """The one field that this criterion looks at."""
        return next(name for name in CRITERION_FIELDS if getattr(self, name) is not None)

    @property
    def values(self) -> tuple[str, ...]:
        """The values of which any is enough; empty for a threshold."""
        values = getattr(self, self.field)
        return () if isinstance(values, AtLeast) else tuple(values)

    @model_validator(mode="after")
    def _one_field(self) -> Self:
        named = [name for name in CRITERION_FIELDS if getattr(self, name) is not None]
        if len(named) != 1:
            looks_at = " and ".join(named) or "none"
            raise wrong(
                f"a criterion looks at one field, this one looks at {looks_at}",
                f"Write one list item for each of: {', '.join(CRITERION_FIELDS)}.",
            )
        return self


class Stage(Part):
    """One stage of the funnel."""

    key: Identifier
    """Short name that is never reused for something else."""
    label: Text
    """What people call the stage."""
    description: str = ""
    """What it means, and what it does not mean."""
    rank: Annotated[int, Field(ge=0)]
    """Position in the funnel; leave gaps for later stages."""
    team: Team
    """The team that owns whoever stands in this stage."""
    roles: tuple[Role, ...] = ()
    """What reports and clocks use this stage as; each role at most once."""
    authority: Identifier | None = None
    """The system whose signals may move somebody back or out. Left out: any."""
    entered_when: tuple[Criterion, ...] = ()
    """Any of these enters the stage. Empty: it is reached only by reaching a later one."""
    moves_to: Identifier | None = None
    """Only for a stage that this version drops: where those who stand in it go."""


class Reason(Part):
    """One reason for an exit."""

    key: Identifier
    """Short name."""
    label: Text
    """What people pick from the list."""


class Exit(Part):
    """One way out of a pass. Silence ('expired') needs no entry here: see `engine`."""

    key: ExitKey
    """Which of the five exits."""
    label: Text
    """What people call it."""
    team: Team
    """The team that decides on it."""
    is_reason_required: bool = False
    """Whether a reason is owed."""
    reasons: tuple[Reason, ...] = ()
    """The reasons to choose from."""
    left_when: tuple[Criterion, ...] = ()
    """Any of these ends the pass with this exit."""
