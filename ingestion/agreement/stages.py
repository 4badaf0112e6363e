"""Stages and exits."""

from typing import Annotated, Literal

from pydantic import Field

from ingestion.agreement.criteria import Decisive
from ingestion.agreement.values import Identifier, Part, Text

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
    entered_when: tuple[Decisive, ...] = ()
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
    left_when: tuple[Decisive, ...] = ()
    """Any of these ends the pass with this exit."""
