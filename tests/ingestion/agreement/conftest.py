from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# Line numbers are part of what the tests check: add lines only at the end.
BASE = """\
name: small
versions:
  - version: 1
    effective_from: 2024-01-01
    signed:
      marketing: {by: Head of Marketing, date: 2023-12-01}
      sales: {by: Head of Sales, date: 2023-12-01}
    stages:
      - key: qualified
        label: Qualified
        rank: 10
        team: marketing
        roles: [marketing_qualified]
        entered_when:
          - status: [marketing_qualified]
          - score: {at_least: 60}
            source: marketing
      - key: won
        label: Won
        rank: 20
        team: sales
        roles: [won]
        entered_when:
          - opportunity_outcome: [won]
    exits:
      - key: lost
        label: Lost
        team: sales
        reasons:
          - {key: price, label: Price}
          - {key: other, label: Other}
        left_when:
          - opportunity_outcome: [lost]
    slas:
      sales:
        - key: speed_to_lead
          label: First attempt
          metric: speed_to_lead
          target: 240
          period: month
          clock_start: stage:qualified
          calendar: office
    calendars:
      - key: office
        label: Office
        hours:
          mon-fri: 09:00-17:00
        holidays:
          2024-12-25: Christmas Day
    reporting:
      time_zone: America/New_York
      currency: USD
      segments:
        - {key: region, label: Region, field: owner.region}
"""

SECOND = """\
  - version: 2
    effective_from: 2024-07-01
    note: Faster.
    signed:
      marketing: {by: Head of Marketing, date: 2024-06-01}
      sales: {by: Head of Sales, date: 2024-06-01}
    stages:
      - {key: qualified, label: Qualified, rank: 10, team: marketing, roles: [marketing_qualified]}
      - {key: won, label: Won, rank: 20, team: sales, roles: [won]}
    exits: []
    reporting: {time_zone: America/New_York, currency: USD}
"""


@pytest.fixture
def base() -> str:
    return BASE


@pytest.fixture
def second() -> str:
    """A second version, to be appended to the base: it starts on line 55."""
    return SECOND


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """Write text to `agreement.yml` in an empty working folder and return that name."""
    monkeypatch.chdir(tmp_path)

    def write(text: str) -> str:
        (tmp_path / "agreement.yml").write_text(text, encoding="utf-8")
        return "agreement.yml"

    return write
