"""The agreement and its versions."""

from datetime import date
from typing import Annotated, Self

from pydantic import Field, PrivateAttr

from ingestion.agreement.calendars import BUSINESS_HOURS, Calendar
from ingestion.agreement.conduct import Activities, Attribution, Engine, Identity, Publication
from ingestion.agreement.hand_off import HandOff
from ingestion.agreement.qualification import BuyerProfiles, Qualification
from ingestion.agreement.reporting import Reporting
from ingestion.agreement.slas import Sla, Slas
from ingestion.agreement.stages import Exit, Role, Stage
from ingestion.agreement.values import Day, Identifier, Part, Text


class Signature(Part):
    """Who signed for a team, and when."""

    by: Text
    """Title, not name: the page is read by many."""
    date: Day
    """Day of the signature."""


class Signatures(Part):
    """Both teams sign."""

    marketing: Signature
    """Sign-off of marketing."""
    sales: Signature
    """Sign-off of sales."""


class Version(Part):
    """One signed version. Once in force it never changes; what a later one leaves out stays."""

    version: Annotated[int, Field(ge=1)]
    """Number, counting up."""
    effective_from: Day
    """In force from 00:00 of this day in the reporting zone; the first one for all time before."""
    note: str = ""
    """Why this version exists."""
    signed: Signatures
    """Sign-off of both teams."""
    stages: Annotated[tuple[Stage, ...], Field(min_length=1)]
    """The stages of the funnel."""
    exits: tuple[Exit, ...]
    """The ways out."""
    qualification: Qualification = Field(default_factory=Qualification)
    """What makes a lead qualified."""
    buyer_profiles: BuyerProfiles = Field(default_factory=BuyerProfiles)
    """Whom the teams look for."""
    hand_off: HandOff = Field(default_factory=HandOff)
    """What goes from marketing to sales."""
    slas: Slas = Field(default_factory=Slas)
    """What the teams owe each other."""
    calendars: Annotated[tuple[Calendar, ...], Field(min_length=1)] = (BUSINESS_HOURS,)
    """When clocks run."""
    activities: Activities = Field(default_factory=Activities)
    """What counts as an attempt."""
    engine: Engine = Field(default_factory=Engine)
    """How histories are read."""
    identity: Identity = Field(default_factory=Identity)
    """How records become persons."""
    attribution: Attribution = Field(default_factory=Attribution)
    """Who is credited."""
    reporting: Reporting
    """How figures are cut."""
    publication: Publication = Field(default_factory=Publication)
    """What is published."""

    def roles(self, stage: Stage) -> tuple[Role, ...]:
        """Return the roles of a stage; MQL is also the hand-off unless another stage is."""
        taken = {role for other in self.stages for role in other.roles}
        if "marketing_qualified" in stage.roles and "hand_off" not in taken:
            return (*stage.roles, "hand_off")
        return stage.roles

    def slas_by_team(self) -> tuple[tuple[str, Sla], ...]:
        """Return all SLAs, each with the team that owes it."""
        return tuple(
            (team, sla)
            for team, slas in (("marketing", self.slas.marketing), ("sales", self.slas.sales))
            for sla in slas
        )


class Agreement(Part):
    """The one file that marketing and sales sign, with all its versions."""

    name: Identifier = "agreement"
    """Key of the agreement: names its folder in the landing."""
    versions: Annotated[tuple[Version, ...], Field(min_length=1)]
    """All versions, oldest first."""

    _file: str = PrivateAttr(default="agreement.yml")
    _lines: tuple[int, ...] = PrivateAttr(default=())

    @property
    def file(self) -> str:
        """The file that it was read from, as the caller named it."""
        return self._file

    def line_of(self, version: int) -> int:
        """Return the line on which a version starts; 1 when the file holds no such version."""
        numbers = [one.version for one in self.versions]
        found = version in numbers and len(self._lines) == len(numbers)
        return self._lines[numbers.index(version)] if found else 1

    def in_force(self, today: date) -> Version:
        """Return the version in force on a day of the reporting zone."""
        begun = [one for one in self.versions if one.effective_from <= today]
        return begun[-1] if begun else self.versions[0]

    def read_from(self, file: str, lines: tuple[int, ...]) -> Self:
        """Remember the file and the line of each version, for messages; returns itself."""
        self._file, self._lines = file, lines
        return self
