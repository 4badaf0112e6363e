"""How facts are read: activities, engine, identity, attribution, publication."""

from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    Field,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)

from ingestion.agreement.fields import SURVIVORSHIP_ATTRIBUTES
from ingestion.agreement.stages import Team
from ingestion.agreement.values import Count, Identifier, Part, Text, advice, text_schema
from ingestion.yaml_tree import wrong


class ActivityType(Part):
    """One type of activity."""

    key: Identifier
    """Canonical activity type."""
    is_attempt: bool = False
    """Whether it counts as a human attempt to reach the lead."""
    direction: Literal["inbound", "outbound"] | None = None
    """Only this direction counts. Left out: outbound for an attempt, inbound otherwise."""
    must_be_completed: bool = True
    """Whether a planned one does not count."""


class ExcludedUser(Part):
    """A user whose activities never count as human."""

    user: Text
    """User id in its system."""
    why: Text
    """What the user is."""


class Activities(Part):
    """What counts as a human attempt."""

    types: tuple[ActivityType, ...] = (
        ActivityType(key="call", is_attempt=True),
        ActivityType(key="email", is_attempt=True),
        ActivityType(key="meeting", is_attempt=True),
    )
    """All activity types that this agreement speaks of."""
    excluded_users: tuple[ExcludedUser, ...] = ()
    """Integration and sequence users."""


class Engine(Part):
    """How the engine reads a history."""

    debounce_minutes: Count = 5
    """A stay shorter than this between two stays in one and the same stage is a slip."""
    reentry_window_days: Count = 30
    """Who comes back within this many days restarts the same pass."""
    expiry_days: Annotated[int, Field(ge=1)] | None = None
    """Silence after which a pass ends. Null: never, e.g. where no activities are delivered."""


def _attribute(value: str) -> str:
    if value not in SURVIVORSHIP_ATTRIBUTES:
        raise wrong(
            f"'{value}' is no attribute of a person or account",
            advice(value, list(SURVIVORSHIP_ATTRIBUTES)),
        )
    return value


class Identity(Part):
    """How records become persons."""

    role_mailboxes: tuple[Text, ...] = (
        "admin",
        "contact",
        "hello",
        "info",
        "marketing",
        "office",
        "sales",
        "support",
    )
    """Mailboxes of a role: they never make two records one person."""
    free_mail_domains: tuple[Text, ...] = (
        "aol.com",
        "gmail.com",
        "gmx.net",
        "hotmail.com",
        "icloud.com",
        "outlook.com",
        "proton.me",
        "yahoo.com",
    )
    """Domains that say nothing about the company."""
    survivorship: dict[
        Annotated[str, AfterValidator(_attribute), text_schema(enum=list(SURVIVORSHIP_ATTRIBUTES))],
        Annotated[tuple[Identifier, ...], Field(min_length=1)],
    ] = Field(default_factory=dict)
    """Which system is believed first, by attribute; `default` for all that are not listed."""


class Attribution(Part):
    """Who is credited."""

    sourced_rule: Literal["first_touch", "creator", "lead_source"] = "first_touch"
    """How the one sourcing team of an opportunity is found."""
    influence_window_days: Count = 90
    """How long before a milestone a touch counts."""
    qualifying_touches: tuple[Identifier, ...] = ()
    """Activity types that count as a marketing touch. Empty: all inbound ones."""
    lead_source_teams: dict[Text, Team] = Field(default_factory=dict)
    """Team of each lead source, for the rule `lead_source`. Others are sales'."""

    @model_serializer(mode="wrap")
    def _only_what_is_said(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        # Versions that were in force before teams of lead sources existed keep their digest.
        said: dict[str, Any] = dump(self)
        return {key: value for key, value in said.items() if value or key != "lead_source_teams"}

    @model_validator(mode="after")
    def _teams_named(self) -> Self:
        if self.sourced_rule == "lead_source" and not self.lead_source_teams:
            raise wrong(
                "the sourced rule is lead_source, and no lead source has a team",
                "Add lead_source_teams, such as {webinar: marketing, referral: sales}.",
            )
        return self


class Publication(Part):
    """When and what is published."""

    stale_source_policy: Literal["publish_with_warning", "hold"] = "publish_with_warning"
    """What happens when a source is old."""
    stale_after_hours: Annotated[int, Field(ge=1)] = 48
    """When a source counts as old."""
    publish_personal_details: bool = False
    """Whether names, e-mails and phones leave the warehouse."""
    alert_contact: Text = "operations"
    """Whom alerts go to."""
