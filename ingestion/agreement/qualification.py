"""What qualifies a lead, what a good buyer looks like, and what a good customer is."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from ingestion.agreement.fields import (
    CUSTOMER_FIELDS,
    NUMBER_FIELDS,
    RULE_FIELDS,
    TRAIT_FIELDS,
)
from ingestion.agreement.values import Part, Text, Texts
from ingestion.yaml_tree import wrong


class Test(Part):
    """A field and what it must be: any of some values, or a number within bounds."""

    __test__ = False  # the name is the agreement's word; pytest is not to collect it

    field: Text
    """Canonical field that is looked at."""
    any_of: Texts | None = None
    """Values, any of which will do."""
    at_least: float | None = None
    """Smallest number that will do."""
    at_most: float | None = None
    """Largest number that will do."""

    @classmethod
    def known_fields(cls) -> tuple[str, ...]:
        """Return the fields that this kind of test may look at."""
        return RULE_FIELDS

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        known = self.known_fields()
        if self.field not in known:
            raise wrong(
                f"'{self.field}' is no field that this list may look at",
                f"Known: {', '.join(known)}.",
            )
        bounds = [bound for bound in (self.at_least, self.at_most) if bound is not None]
        if (self.any_of is None) == (not bounds):
            raise wrong(
                f"'{self.field}' needs either 'any_of' or a bound",
                "Write 'any_of: [...]', or 'at_least:' and 'at_most:'.",
            )
        if bounds and self.field not in NUMBER_FIELDS:
            numbers = [field for field in known if field in NUMBER_FIELDS]
            raise wrong(
                f"'{self.field}' is text and has no bounds",
                f"Use 'any_of: [...]'; bounds go with {', '.join(numbers)}.",
            )
        if self.any_of and self.field in NUMBER_FIELDS:
            raise wrong(
                f"'{self.field}' is a number and has no list of values",
                "Use 'at_least:' and 'at_most:'.",
            )
        if bounds != sorted(bounds):
            raise wrong(f"'{self.field}' has its bounds the wrong way round", "Swap the two.")
        return self


class Rule(Test):
    """One rule about a lead."""

    description: str = ""
    """Why, in a few words."""

    @model_validator(mode="after")
    def _one_bound(self) -> Self:
        if self.at_least is not None and self.at_most is not None:
            raise wrong(
                f"the rule on '{self.field}' has two bounds", "Write one rule for each bound."
            )
        return self


class CustomerRule(Rule):
    """One sign of a good or a bad customer."""

    @classmethod
    def known_fields(cls) -> tuple[str, ...]:
        """Return the fields that a customer is judged by."""
        return CUSTOMER_FIELDS


class Definition(Part):
    """One definition of a qualified lead."""

    qualifies: tuple[Rule, ...] = ()
    """All of these must hold."""
    disqualifies: tuple[Rule, ...] = ()
    """Any of these means: never."""
    discards: tuple[Rule, ...] = ()
    """Any of these means: no lead at all, not even a bad one."""


class Qualification(Part):
    """The agreed definition, and what each team used on its own before."""

    agreed: Definition = Field(default_factory=Definition)
    """What both teams signed."""
    marketing: Definition = Field(default_factory=Definition)
    """Marketing's own earlier definition, kept so that the difference can be counted."""
    sales: Definition = Field(default_factory=Definition)
    """Sales' own earlier definition, kept so that the difference can be counted."""


class Trait(Test):
    """One trait of a buyer."""

    weight: Annotated[float, Field(ge=0)] = 1.0
    """How much it counts beside the other traits."""

    @classmethod
    def known_fields(cls) -> tuple[str, ...]:
        """Return the person and account attributes that a profile may name."""
        return TRAIT_FIELDS


class Profile(Part):
    """A picture of the buyer that a team wants."""

    label: Text
    """What people call it."""
    description: str = ""
    """In a sentence."""
    traits: tuple[Trait, ...] = ()
    """What such a buyer looks like."""
    fits_from: Annotated[float, Field(gt=0, le=1)] = 1.0
    """Share of the traits' weight that must hold to be in the profile; 1: all traits."""


class BuyerProfiles(Part):
    """Marketing's, sales' and the agreed picture, and who turned out a good customer."""

    marketing: Profile | None = None
    """What marketing aimed at on its own."""
    sales: Profile | None = None
    """What sales aimed at on its own."""
    agreed: Profile | None = None
    """What both teams signed."""
    good_customer: tuple[CustomerRule, ...] = ()
    """All of these make a good customer."""
    bad_customer: tuple[CustomerRule, ...] = ()
    """Any of these is a warning sign."""
