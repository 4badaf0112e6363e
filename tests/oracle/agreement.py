"""The agreement of the comparison, and how it judges a value."""

from __future__ import annotations

import math
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from ingestion.agreement import read_agreement

if TYPE_CHECKING:
    from datetime import date

    from ingestion.agreement import Agreement, Version
    from ingestion.agreement.criteria import Criterion
    from ingestion.agreement.stages import Stage

# An exit that no agreement names.
DELETED = "deleted"
# Above all stages.
_EXIT_RANK = 1_000_000
_VERSION = """
  - version: {version}
    effective_from: {effective_from}
    note: The threshold is {mql_score}.
    signed:
      marketing: {{by: Head of Marketing, date: 2024-12-14}}
      sales: {{by: Head of Sales, date: 2024-12-14}}
    stages:
      - {{key: inquiry, label: Inquiry, rank: 10, team: marketing, roles: [inquiry],
         entered_when: [{{activity: [form_fill, webinar_attended]}}, {{status: [inquiry]}},
           {{lifecycle_stage: [lead]}}, {{score: {{at_least: 30}}, source: marketing}}]}}
      - {{key: mql, label: MQL, rank: 20, team: marketing, roles: [marketing_qualified],
         entered_when: [{{status: {mql_status}}}, {{lifecycle_stage: [mql]}},
           {{score: {{at_least: {mql_score}}}, source: marketing}}]}}
      - {{key: sal, label: SAL, rank: 30, team: sales, roles: [accepted], authority: crm,
         entered_when: [{{status: {sal_status}}}]}}
      - {{key: sql, label: SQL, rank: 40, team: sales, roles: [sales_qualified], authority: crm,
         entered_when: [{{status: [sql, converted]}}, {{opportunity_stage: [discovery]}}]}}
      - {{key: opportunity, label: Opportunity, rank: 50, team: sales, roles: [opportunity],
         authority: crm, entered_when: [{{opportunity_stage: [proposal, negotiation]}}]}}
      - {{key: won, label: Won, rank: 60, team: sales, roles: [won], authority: crm,
         entered_when: [{{opportunity_outcome: [won]}}, {{opportunity_stage: [closed_won]}}]}}
      - {{key: retained, label: Retained, rank: 70, team: customer_success, roles: [retained],
         authority: crm,
         entered_when: [{{lifecycle_stage: [retained]}}, {{renewal_outcome: [won]}}]}}
    exits:
      - {{key: rejected, label: Rejected, team: sales, left_when: [{{status: [rejected]}}]}}
      - {{key: recycled, label: Recycled, team: sales, left_when: [{{status: {recycled_status}}}]}}
      - {{key: disqualified, label: Disqualified, team: marketing,
         left_when: [{{status: [disqualified]}}, {{lifecycle_stage: [disqualified]}}]}}
      - {{key: lost, label: Lost, team: sales,
         left_when: [{{opportunity_outcome: [lost]}}, {{opportunity_stage: [closed_lost]}}]}}
      - {{key: churned, label: Churned, team: customer_success,
         left_when: [{{lifecycle_stage: [churned]}}, {{renewal_outcome: [lost]}}]}}
    activities:
      types:
        - {{key: call, is_attempt: true, direction: outbound, must_be_completed: true}}
        - {{key: form_fill, direction: inbound}}
        - {{key: webinar_attended, direction: inbound, must_be_completed: false}}
        - {{key: email_click, direction: inbound, must_be_completed: false}}
      excluded_users: [{{user: robot, why: Writes what other systems report}}]
    engine: {{debounce_minutes: 5, reentry_window_days: 30, expiry_days: 180}}
    identity: {{survivorship: {{default: [crm, marketing, billing]}}}}
    reporting: {{time_zone: America/New_York, currency: USD, minimum_sample_size: 1}}
"""
# The threshold goes up and then below its first value; two statuses change their meaning and back.
_VERSIONS: tuple[dict[str, object], ...] = (
    {"version": 1, "effective_from": "2025-01-01", "mql_score": 50, "mql_status": "[mql]",
     "sal_status": "[sal]", "recycled_status": "[recycled, nurture]"},
    {"version": 2, "effective_from": "2025-12-01", "mql_score": 70, "mql_status": "[mql, nurture]",
     "sal_status": "[sal, working]", "recycled_status": "[recycled]"},
    {"version": 3, "effective_from": "2026-03-01", "mql_score": 40, "mql_status": "[mql]",
     "sal_status": "[sal]", "recycled_status": "[recycled, nurture]"},
)  # fmt: skip


def agreement_text() -> str:
    """Return the agreement as YAML."""
    versions = [_VERSION.format(**version) for version in _VERSIONS]
    return "name: oracle\nversions:" + "".join(versions)


@cache
def the_agreement() -> Rules:
    """Return the rules of the comparison, read as the pipeline reads them."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "agreement.yml"
        file.write_text(agreement_text())
        return Rules(read_agreement(file))


@dataclass(frozen=True)
class Meaning:
    """What a value satisfies: an exit, else the highest stage, else nothing."""

    stage: Stage | None = None
    exit: str | None = None

    @property
    def rank(self) -> float | None:
        """The place in the order of signals: exits come after stages, a deletion after all."""
        if self.exit:
            return math.inf if self.exit == DELETED else _EXIT_RANK
        return self.stage.rank if self.stage else None

    @property
    def target(self) -> str | None:
        return self.exit or (self.stage.key if self.stage else None)


@dataclass(frozen=True)
class Fact:
    """What a criterion looks at."""

    source: str
    field: str
    value: str


@dataclass(frozen=True)
class Rules:
    """The versions of an agreement, each with its own judgement."""

    agreement: Agreement

    def version_on(self, day: date) -> Version:
        return self.agreement.in_force(day)

    def satisfies(self, version: Version, target: str, fact: Fact | None) -> bool:
        """Whether the value alone satisfies a stage or exit, whatever else it satisfies."""
        return fact is not None and any(
            _meets(criterion, fact) for criterion in _criteria(version, target)
        )

    def meaning(self, version: Version, fact: Fact | None, besides: frozenset[str]) -> Meaning:
        """Return what the value satisfies under this version; `besides` are left out."""
        exits = sorted(
            one.key
            for one in version.exits
            if one.key not in besides and self.satisfies(version, one.key, fact)
        )
        stages = [
            one
            for one in version.stages
            if one.key not in besides and self.satisfies(version, one.key, fact)
        ]
        if exits:
            return Meaning(exit=exits[0])
        return Meaning(stage=max(stages, key=lambda one: one.rank, default=None))

    def has_role(self, version: Version, stage: Stage, role: str) -> bool:
        return role in version.roles(stage)

    def won_rank(self, version: Version) -> float:
        """Return the rank of the won stage; above all others where none is agreed."""
        ranks = [one.rank for one in version.stages if self.has_role(version, one, "won")]
        return ranks[0] if ranks else math.inf

    def next_stage(self, version: Version, stage: Stage) -> str | None:
        """Return the key of the stage that follows in the agreement."""
        above = [one for one in version.stages if one.rank > stage.rank]
        return min(above, key=lambda one: one.rank).key if above else None

    def excluded_users(self, day: date) -> frozenset[str]:
        """Return the ids of the users whose activities nobody did."""
        return frozenset(one.user for one in self.version_on(day).activities.excluded_users)

    def source_rank(self, version: Version, source: str) -> int:
        """Return the place of a system in the order of whom we believe first."""
        order = version.identity.survivorship.get("default", ())
        return order.index(source) if source in order else len(order)


def _criteria(version: Version, target: str) -> list[Criterion]:
    found = [each for one in version.stages if one.key == target for each in one.entered_when]
    return found + [each for one in version.exits if one.key == target for each in one.left_when]


def _meets(criterion: Criterion, fact: Fact) -> bool:
    if criterion.field != fact.field or criterion.source not in (None, fact.source):
        return False
    if criterion.score:
        return float(fact.value) >= criterion.score.at_least
    return fact.value in criterion.values
