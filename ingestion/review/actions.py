"""The actions of a review file: what was decided, who does it, and what it is to bring."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from ingestion.agreement.stages import Team
from ingestion.agreement.values import Day, Identifier, Text
from ingestion.files.mapping_file import Strict, fail, problem

ScorecardTeam = Literal["marketing", "sales", "customer_success", "both"]
PeriodType = Literal["month", "quarter"]
State = Literal["open", "done", "dropped"]
Expected = Literal["change", "at_least", "at_most"]


class Metric(Strict):
    """The figure of a scorecard that an action is to move."""

    key: Text = Field(description="Metric of marts.rpt_scorecards, like rep_response or stage:won")
    team: ScorecardTeam = Field(description="Whose scorecard it stands on: a team, or both")
    period: PeriodType = Field(description="month or quarter")


class Expectation(Strict):
    """What the figure is to become, in its own unit: fractions for shares."""

    change: float | None = Field(
        default=None, description="How much it is to change, like 0.05; -2 to fall by two"
    )
    at_least: float | None = Field(default=None, description="What it is to reach")
    at_most: float | None = Field(default=None, description="What it is not to exceed")

    @property
    def kind(self) -> Expected:
        """Which of the three it is."""
        if self.change is not None:
            return "change"
        return "at_most" if self.at_most is not None else "at_least"

    @property
    def value(self) -> float:
        """What is expected."""
        return next(one for one in (self.change, self.at_least, self.at_most) if one is not None)

    def model_post_init(self, _: object) -> None:
        """Refuse none and more than one."""
        given = [one for one in (self.change, self.at_least, self.at_most) if one is not None]
        if len(given) != 1 or self.change == 0:
            fail(
                [
                    problem(
                        (),
                        "`expected` says not one thing to expect",
                        "Give one of change (not 0), at_least, at_most",
                    )
                ]
            )


class Action(Strict):
    """One thing that a review decided."""

    key: Identifier = Field(description="Short name that stays: small letters and underscores")
    decided_on: Day = Field(description="Day of the review, like 2025-10-07")
    what: Text = Field(description="What is to be done, in one sentence")
    team: Team = Field(description="Who does it: marketing, sales or customer_success")
    owner: Text = Field(description="Title of whoever answers for it, no name")
    due: Day = Field(description="Day by which it is to be done")
    metric: Metric
    expected: Expectation
    state: State = Field(default="open", description="open, done or dropped")
    done_on: Annotated[Day | None, Field(description="Day on which it was done")] = None

    def model_post_init(self, _: object) -> None:
        """Refuse dates that do not fit the state or each other."""
        found = []
        if self.due < self.decided_on:
            what = f"`due` is {self.due}, before the action was decided on"
            found.append(problem(("due",), what, f"Give a day from {self.decided_on} on"))
        if self.state == "done" and self.done_on is None:
            what = "`state` is done, and nobody knows since when"
            found.append(problem(("state",), what, "Add `done_on`"))
        if self.state != "done" and self.done_on is not None:
            what = f"`done_on` is given, and `state` is {self.state}"
            found.append(problem(("done_on",), what, "Leave one out, or write `state: done`"))
        if self.done_on is not None and self.done_on < self.decided_on:
            what = f"`done_on` is {self.done_on}, before the action was decided on"
            found.append(problem(("done_on",), what, f"Give a day from {self.decided_on} on"))
        fail(found)

    @property
    def promise(self) -> dict[str, str | date | float]:
        """What stays as it was decided: the rest may be written anew."""
        return {
            "decided_on": self.decided_on,
            "metric_team": self.metric.team,
            "metric": self.metric.key,
            "period_type": self.metric.period,
            "expectation": self.expected.kind,
            "expected_value": self.expected.value,
        }


class ReviewActions(Strict):
    """A review file: every action that was ever decided, in any order."""

    actions: tuple[Action, ...] = Field(description="The list of actions; [] for none yet")
