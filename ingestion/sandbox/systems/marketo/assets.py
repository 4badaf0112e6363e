"""Programs and smart campaigns: what marketing runs, and what writes the activities."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from ingestion.sandbox.clock import DAY, HEADQUARTERS
from ingestion.sandbox.systems.columns import dates, instants
from ingestion.sandbox.systems.dialect import Dialect, text_table
from ingestion.sandbox.systems.stored import Stored, append_only

if TYPE_CHECKING:
    from ingestion.sandbox.arrays import Moments
    from ingestion.sandbox.company.company import Company

_PLANNED = 20 * DAY  # before it begins
_CHANNELS = {
    "Content": "Content",
    "Advertisement": "Online Advertising",
    "Webinar": "Webinar",
    "Content Syndication": "Content Syndication",
    "Trade Show": "Tradeshow",
    "Referral Program": "Referral",
}
_EVENTS = ("Webinar", "Tradeshow")
# Smart campaigns that belong to no program, by their place.
OPERATIONS = ("Send Newsletter", "Score Behaviour", "Reset Score", "Sync to Salesforce")
SEND, SCORE, RESET, SYNC = range(len(OPERATIONS))
_FIRST_PROGRAM, _FIRST_CAMPAIGN = 1001, 5001
# The asset API has a form of instants of its own, which is no valid ISO 8601.
_ASSETS = Dialect(null="null", instant="plus_zero")


def program_names(company: Company) -> list[str]:
    """Return the names of all programs: one for each campaign, then one for each content."""
    return [*company.campaigns.name, *company.contents.name]


def program_ids(company: Company) -> list[str]:
    """Return the ids of all programs, in the order of their names."""
    size = len(company.campaigns) + len(company.contents)
    return [str(_FIRST_PROGRAM + place) for place in range(size)]


def campaign_ids(company: Company) -> list[str]:
    """Return the ids of all smart campaigns: the operations, then one for each campaign."""
    size = len(OPERATIONS) + len(company.campaigns)
    return [str(_FIRST_CAMPAIGN + place) for place in range(size)]


def asset_objects(company: Company) -> dict[str, Stored]:
    """Return programs and smart campaigns, each from its creation on."""
    return {"programs": _programs(company), "campaigns": _smart_campaigns(company)}


def _programs(company: Company) -> Stored:
    campaigns, contents = company.campaigns, company.contents
    size = len(contents)
    channels = [_CHANNELS[one] for one in campaigns.type] + ["Content"] * size
    created = np.append(np.floor(campaigns.starts_at - _PLANNED), contents.created_at)
    starts = dates(campaigns.starts_at, HEADQUARTERS).to_pylist()
    costs = [
        f'[{{"startDate":"{day}","cost":{cost:.0f},"note":""}}]'
        for day, cost in zip(starts, campaigns.cost, strict=True)
    ]
    return append_only(
        "Program",
        (
            "id", "name", "description", "createdAt", "updatedAt", "type", "channel", "status",
            "workspace", "folder", "costs",
        ),
        {
            "id": pa.array(program_ids(company)),
            "name": pa.array(program_names(company)),
            "description": pa.nulls(len(created), pa.string()),
            "createdAt": _asset_instants(created),
            "updatedAt": _asset_instants(created),
            "type": pa.array(["Event" if one in _EVENTS else "Default" for one in channels]),
            "channel": pa.array(channels),
            "status": pa.nulls(len(created), pa.string()),
            "workspace": pa.array(["Default"] * len(created)),
            "folder": pa.array(["Campaigns"] * len(campaigns) + ["Library"] * size),
            "costs": pa.array([*costs, *["[]"] * size]),
        },
        created,
    )  # fmt: skip


def _smart_campaigns(company: Company) -> Stored:
    campaigns = company.campaigns
    size = len(campaigns)
    names = program_names(company)[:size]
    nothing: list[str | None] = [None] * len(OPERATIONS)
    created = np.append(
        np.full(len(OPERATIONS), company.settings.start - 30 * DAY),
        np.floor(campaigns.starts_at - _PLANNED),
    )
    return append_only(
        "Campaign",
        (
            "id", "name", "type", "programId", "programName", "workspaceName", "active",
            "createdAt", "updatedAt",
        ),
        {
            "id": pa.array(campaign_ids(company)),
            "name": pa.array([*OPERATIONS, *(f"{name} Responded" for name in names)]),
            "type": pa.array(["batch", *["trigger"] * (len(created) - 1)]),
            "programId": pa.array([*nothing, *program_ids(company)[:size]]),
            "programName": pa.array([*nothing, *names]),
            "workspaceName": pa.array(["Default"] * len(created)),
            "active": np.ones(len(created), dtype=bool),
            "createdAt": instants(created),
            "updatedAt": instants(created),
        },
        created,
    )  # fmt: skip


def _asset_instants(moments: Moments) -> pa.Array:
    text = text_table(pa.table({"at": instants(moments)}), _ASSETS)["at"]
    return text.combine_chunks()
