"""Criteria: by which signals, and by what fit beside them, a person enters or leaves."""

from __future__ import annotations

from itertools import chain, product
from math import prod
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    Field,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)

from ingestion.agreement.fields import CRITERION_FIELDS, TRAIT_FIELDS
from ingestion.agreement.values import Identifier, Part, Texts
from ingestion.yaml_tree import wrong

Outcomes = Annotated[tuple[Literal["won", "lost"], ...], Field(min_length=1)]
Group = Annotated[tuple["Criterion", ...], Field(min_length=1)]

GROUPS = ("all", "any", "not")
FORMS = (*CRITERION_FIELDS, *TRAIT_FIELDS, *GROUPS)
MOST_ALTERNATIVES = 64


class AtLeast(Part):
    """A threshold."""

    at_least: float
    """The smallest value that is enough."""


class Bounds(Part):
    """A number within bounds."""

    at_least: float | None = None
    """Smallest number that will do."""
    at_most: float | None = None
    """Largest number that will do."""

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        bounds = [bound for bound in (self.at_least, self.at_most) if bound is not None]
        if not bounds:
            raise wrong("a number needs a bound", "Write 'at_least:', 'at_most:' or both.")
        if bounds != sorted(bounds):
            raise wrong("the bounds stand the wrong way round", "Swap the two.")
        return self


class Criterion(Part):
    """What is looked at: exactly one field, of one source or of any, or a group of criteria."""

    source: Identifier | None = None
    """The system that the signal or the attribute must come from. Left out: any."""
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
    renewal_outcome: Outcomes | None = None
    """How a renewal closed."""
    count: Annotated[int, Field(ge=1)] | None = None
    """Only with an activity: how often it must have happened. Left out: once."""
    within_days: Annotated[int, Field(ge=1, le=3650)] | None = None
    """Only with an activity: the days, of 24 hours each, that the count looks back on. Left out:
    ever."""
    person_title: Texts | None = Field(None, alias="person.title")
    """Fit: job titles as the source writes them, any of them."""
    person_country: Texts | None = Field(None, alias="person.country")
    """Fit: countries of the person, any of them."""
    person_persona: Texts | None = Field(None, alias="person.persona")
    """Fit: personas, any of them."""
    person_lead_source: Texts | None = Field(None, alias="person.lead_source")
    """Fit: lead sources, any of them."""
    person_campaign: Texts | None = Field(None, alias="person.campaign")
    """Fit: campaigns, any of them."""
    account_industry: Texts | None = Field(None, alias="account.industry")
    """Fit: industries of the account, any of them."""
    account_account_type: Texts | None = Field(None, alias="account.account_type")
    """Fit: types of the account, any of them."""
    account_country: Texts | None = Field(None, alias="account.country")
    """Fit: countries of the account, any of them."""
    account_employees: Bounds | None = Field(None, alias="account.employees")
    """Fit: how many people the account employs."""
    account_revenue: Bounds | None = Field(None, alias="account.revenue")
    """Fit: the revenue of the account."""
    account_is_active_customer: bool | None = Field(None, alias="account.is_active_customer")
    """Fit: whether the account is a customer."""
    all_: Group | None = Field(None, alias="all")
    """All of these hold at the same time."""
    any_: Group | None = Field(None, alias="any")
    """At least one of these holds."""
    not_: Criterion | None = Field(None, alias="not")
    """This does not hold."""

    @property
    def field(self) -> str:
        """The canonical field that this criterion looks at, or its group: all, any or not."""
        return next(name for name in FORMS if getattr(self, _ATTRIBUTES[name]) is not None)

    @property
    def values(self) -> tuple[str, ...]:
        """The values of which any is enough; empty for a number and for a group."""
        if self.field in GROUPS or self.bounds:
            return ()
        values = getattr(self, _ATTRIBUTES[self.field])
        return (str(values).lower(),) if isinstance(values, bool) else tuple(values)

    @property
    def bounds(self) -> tuple[float | None, float | None] | None:
        """The smallest and the largest number that will do; None unless it looks at a number."""
        looked_at = getattr(self, _ATTRIBUTES[self.field])
        if isinstance(looked_at, AtLeast):
            return looked_at.at_least, None
        return (looked_at.at_least, looked_at.at_most) if isinstance(looked_at, Bounds) else None

    @property
    def parts(self) -> tuple[Criterion, ...]:
        """The criteria of a group; none for a field."""
        return (self.not_,) if self.not_ else self.all_ or self.any_ or ()

    @property
    def is_simple(self) -> bool:
        """Whether one signal decides, and nothing else has to be known."""
        return self.field in CRITERION_FIELDS and self.count is None and self.within_days is None

    @model_serializer(mode="wrap")
    def _only_what_is_said(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        # Versions that were in force before the other keys existed keep their digest.
        return {
            _KEYS.get(name, name): value  # pydantic runs this twice on a criterion inside another
            for name, value in dump(self).items()
            if value is not None or name in _FIRST_KEYS
        }

    @model_validator(mode="after")
    def _one_field(self) -> Self:
        named = [name for name in FORMS if getattr(self, _ATTRIBUTES[name]) is not None]
        if not named:
            raise wrong("a criterion looks at no field", f"Known: {', '.join(FORMS)}.")
        if len(named) > 1:
            raise wrong(
                f"a criterion looks at one field, this one looks at {' and '.join(named)}",
                "Write one list item for each if any is enough, or both under 'all:'.",
            )
        for key in ("count", "within_days"):
            if getattr(self, key) is not None and named != ["activity"]:
                raise wrong(
                    f"'{key}' stands beside '{named[0]}'", "Only an activity can be counted."
                )
        if self.source and named[0] in GROUPS:
            raise wrong(
                f"'source' stands beside '{named[0]}'",
                f"Give the source to each of the criteria under '{named[0]}:'.",
            )
        return self


_FIRST_KEYS = frozenset({"source", *CRITERION_FIELDS} - {"renewal_outcome"})
_KEYS = {name: field.alias or name for name, field in Criterion.model_fields.items()}
_ATTRIBUTES = {key: name for name, key in _KEYS.items()}

Condition = tuple[bool, Criterion]
"""Whether a criterion on one field is negated, and that criterion."""


def alternatives(criterion: Criterion) -> list[tuple[Condition, ...]]:
    """Return the disjunctive normal form: each alternative is enough, if all of it holds.

    Conditions and alternatives that repeat another one are left out.
    """
    return list(dict.fromkeys(_alternatives(criterion, is_negated=False)))


def _alternatives(criterion: Criterion, *, is_negated: bool) -> list[tuple[Condition, ...]]:
    if criterion.field == "not":
        return _alternatives(criterion.parts[0], is_negated=not is_negated)
    if not criterion.parts:
        return [((is_negated, criterion),)]
    below = [_alternatives(part, is_negated=is_negated) for part in criterion.parts]
    if _is_choice(criterion, is_negated=is_negated):
        return [alternative for found in below for alternative in found]
    return [tuple(dict.fromkeys(chain.from_iterable(found))) for found in product(*below)]


def _is_choice(group: Criterion, *, is_negated: bool) -> bool:
    return (group.field == "any") != is_negated


def _count(criterion: Criterion, *, is_negated: bool) -> int:
    """How many alternatives there are, without writing them out: they may be billions."""
    if criterion.field == "not":
        return _count(criterion.parts[0], is_negated=not is_negated)
    below = [_count(part, is_negated=is_negated) for part in criterion.parts]
    if not below:
        return 1
    return sum(below) if _is_choice(criterion, is_negated=is_negated) else prod(below)


def _decides(criterion: Criterion) -> Criterion:
    """Refuse what cannot stand as a whole criterion; returns the criterion itself."""
    if criterion.field in TRAIT_FIELDS:
        raise wrong(
            f"'{criterion.field}' alone would let in everybody who fits, whatever they do",
            "Put it under 'all:', beside what must have happened.",
        )
    count = _count(criterion, is_negated=False)
    if count > MOST_ALTERNATIVES:
        raise wrong(
            f"this criterion can be met in {count:,} ways, which nobody can check",
            f"Write it with at most {MOST_ALTERNATIVES}: fewer 'any' inside 'all', or longer lists "
            "of values in their place.",
        )
    if any(all(negated for negated, _ in found) for found in alternatives(criterion)):
        raise wrong(
            "this criterion can be met by what does not hold alone, and nothing would ever happen "
            "to make it true",
            "Put each 'not' under an 'all:', beside what must hold.",
        )
    return criterion


Decisive = Annotated[Criterion, AfterValidator(_decides)]
"""A criterion that is enough by itself."""
