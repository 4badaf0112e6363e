"""How figures are cut, and what they are measured against."""

from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    Field,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)

from ingestion.agreement.fields import SEGMENT_FIELDS
from ingestion.agreement.slas import Period
from ingestion.agreement.stages import Team
from ingestion.agreement.values import (
    Count,
    Currency,
    Identifier,
    Part,
    Text,
    TimeZone,
    advice,
)
from ingestion.yaml_tree import wrong

_UNUSED_AFTER = 180  # days
# Segments that reports have of their own, whatever an agreement says.
REPORT_SEGMENTS = (
    "assigned_owner",
    "handed_off_campaign",
    "handed_off_pass",
    "deal_owner",
    "deal_product",
    "deal_source",
    "deal_competitor",
)

TARGET_METRICS = ("pipeline_created", "won_value", "won_opportunities", "win_rate")


class Segment(Part):
    """One way to cut the figures."""

    key: Identifier
    """Short name; `all` is the total and taken, as are the segments that reports always have."""
    label: Text
    """What people call it."""
    field: Text
    """Canonical field, like person.lead_source."""

    @model_validator(mode="after")
    def _known(self) -> Self:
        if self.field not in SEGMENT_FIELDS:
            raise wrong(
                f"'{self.field}' is no field to segment by", f"Known: {', '.join(SEGMENT_FIELDS)}."
            )
        if self.key == "all":
            raise wrong("a segment is called 'all'", "That is the total: use another key.")
        if self.key in REPORT_SEGMENTS:
            raise wrong(
                f"a segment is called '{self.key}'",
                "Reports have one of that name anyway: use another key.",
            )
        return self


class Persona(Part):
    """A kind of person in the buying team."""

    key: Identifier
    """Short name."""
    label: Text
    """What people call it."""


class BuyingStage(Part):
    """A step of the buyer, in the order of the list."""

    key: Identifier
    """Short name."""
    label: Text
    """What people call it."""


def _target_metric(value: str) -> str:
    if not value.startswith("stage:") and value not in TARGET_METRICS:
        raise wrong(
            f"'{value}' is no metric of a target", advice(value, ["stage:<key>", *TARGET_METRICS])
        )
    return value


class Target(Part):
    """A figure to reach."""

    team: Team
    """Whose target it is."""
    metric: Annotated[str, AfterValidator(_target_metric)]
    """stage:<key> for passes that enter a stage, or a figure of the pipeline."""
    period: Period
    """How long one period lasts."""
    value: Annotated[float, Field(ge=0)]
    """Passes, money in the reporting currency, opportunities, or a fraction for a rate."""


class Reporting(Part):
    """How figures are cut."""

    time_zone: TimeZone
    """Zone of the business day."""
    currency: Currency
    """Currency of the reports."""
    fiscal_year_start_month: Annotated[int, Field(ge=1, le=12)] = 1
    """First month of the fiscal year, which is named by the year in which it ends."""
    conversion_windows: tuple[Annotated[int, Field(ge=1)], ...] = (30, 90)
    """Days within which a conversion is counted, beside 'ever'."""
    minimum_sample_size: Annotated[int, Field(ge=1)] = 30
    """Percentages on fewer are flagged."""
    content_stale_after_days: Annotated[int, Field(ge=1)] = 365
    """When content that nobody changed counts as stale."""
    content_unused_after_days: Annotated[int, Field(ge=1)] = _UNUSED_AFTER
    """When content that nobody touched counts as unused."""
    closing_grace_business_days: Count = 5
    """Business days after a period before its figures are frozen."""
    segments: tuple[Segment, ...] = ()
    """How figures are cut."""
    personas: tuple[Persona, ...] = ()
    """Who takes part in a purchase."""
    buying_stages: tuple[BuyingStage, ...] = ()
    """The buyer's steps, first to last."""
    targets: tuple[Target, ...] = ()
    """What each team is to reach."""

    @model_serializer(mode="wrap")
    def _only_what_is_said(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        # Versions that were in force before content could be unused keep their digest.
        said: dict[str, Any] = dump(self)
        if self.content_unused_after_days == _UNUSED_AFTER:
            said.pop("content_unused_after_days", None)
        return said
