"""What marketing hands over, to whom, and how sales answers."""

from typing import Literal, Self

from pydantic import model_validator

from ingestion.agreement.fields import REQUIRED_FIELDS, TERRITORY_FIELDS
from ingestion.agreement.stages import Team
from ingestion.agreement.values import Identifier, Part, Text, Texts, advice
from ingestion.yaml_tree import wrong


class RequiredField(Part):
    """A field without which a hand-off is incomplete."""

    field: Text
    """Canonical field of the person."""
    label: Text
    """What people call it."""
    format: Literal["email", "phone"] | None = None
    """What a value must look like. Left out: anything but a placeholder."""
    description: str = ""
    """Why sales needs it."""

    @model_validator(mode="after")
    def _known(self) -> Self:
        if self.field not in REQUIRED_FIELDS:
            raise wrong(
                f"'{self.field}' is no field of a hand-off",
                advice(self.field, list(REQUIRED_FIELDS)),
            )
        return self


class Territory(Part):
    """Whom a territory recipient serves."""

    field: Text
    """Canonical field that decides."""
    any_of: Texts
    """Values that belong to the territory."""

    @model_validator(mode="after")
    def _known(self) -> Self:
        if self.field not in TERRITORY_FIELDS:
            raise wrong(
                f"'{self.field}' decides on no territory",
                f"Known: {', '.join(TERRITORY_FIELDS)}.",
            )
        return self


class Recipient(Part):
    """Who receives hand-offs."""

    key: Identifier
    """Short name."""
    label: Text
    """What people call it."""
    kind: Literal["queue", "contact", "territory"]
    """A queue, one single point of contact, or an owner by territory."""
    owner: Text | None = None
    """Owner id in the CRM, or the title of whoever answers for it."""
    territory: Territory | None = None
    """Only for kind territory: which leads go there."""

    @model_validator(mode="after")
    def _territory_fits(self) -> Self:
        if (self.kind == "territory") != (self.territory is not None):
            raise wrong(
                f"recipient '{self.key}' is a {self.kind}"
                + (" and has a territory" if self.territory else " without one"),
                "Give 'territory: {field: ..., any_of: [...]}' with kind territory, and only then.",
            )
        return self


class Contact(Part):
    """Whom to ask."""

    question: Text
    """Kind of question."""
    contact: Text
    """Title or mailbox of whoever answers it."""
    team: Team
    """Team of the contact."""


class Rating(Part):
    """A grade that sales may give to a hand-off."""

    key: Identifier
    """Short name."""
    label: Text
    """What people pick."""


class HandOff(Part):
    """The hand-off from marketing to sales."""

    required_fields: tuple[RequiredField, ...] = (
        RequiredField(field="email", label="E-mail", format="email"),
    )
    """The minimum information, judged as of the hand-off."""
    recipients: tuple[Recipient, ...] = ()
    """Who receives hand-offs."""
    contacts: tuple[Contact, ...] = ()
    """Whom to ask about what."""
    rejection: str = ""
    """How a rejection goes back, in a sentence."""
    ratings: tuple[Rating, ...] = ()
    """Grades that sales may give."""
