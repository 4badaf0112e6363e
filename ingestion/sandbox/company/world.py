"""Who and what is there before anything happens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ingestion.sandbox.company.accounts import Accounts
    from ingestion.sandbox.company.campaigns import Campaigns, Contents
    from ingestion.sandbox.company.people import People
    from ingestion.sandbox.company.staff import Staff
    from ingestion.sandbox.settings import Settings


@dataclass(frozen=True, kw_only=True)
class World:
    """The company's staff, market and marketing, and the settings that decide them."""

    settings: Settings
    staff: Staff
    accounts: Accounts
    people: People
    campaigns: Campaigns
    contents: Contents
