"""Programs, smart campaigns, mails, pages: what marketing runs, and what writes activities."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from ingestion.sandbox.clock import DAY, HEADQUARTERS, ever
from ingestion.sandbox.company.campaigns import MARKETING
from ingestion.sandbox.systems.columns import dates, instants
from ingestion.sandbox.systems.dialect import Dialect, text_table
from ingestion.sandbox.systems.held import Listed
from ingestion.sandbox.systems.stored import Changing, Stored, append_only, build_stored
from ingestion.sandbox.systems.words import said

if TYPE_CHECKING:
    from collections.abc import Sequence

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
_FIRST_PROGRAM, _FIRST_CAMPAIGN, _FIRST_MAIL, _FIRST_PAGE = 1001, 5001, 7001, 201
ARCHIVE, TEAM = "Archive", "Marketing"
# Types of tags of a program. Each has one value, and one value may name several of its kind.
TAGS = ("Persona", "Buying Stage", "Message", "Content Type", "Campaign", "Team")
# Forms that give nothing to download; every other one is named after what it gives. Each has a page
# of its name, and so has what is left of content that is gone.
FORMS = ("Contact Us", "Request a Demo", "Newsletter Sign-up")
ANY_DOWNLOAD = "Library Download"
PAGES = (*FORMS, ANY_DOWNLOAD)
NEWSLETTER = "Newsletter"
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


def listed_programs(company: Company) -> Listed:
    """Return what the library lists of marketing's content."""
    contents = company.contents
    listed = np.flatnonzero(contents.is_listed & (contents.team == MARKETING))
    ids = pa.array(program_ids(company)).take(pa.array(len(company.campaigns) + listed))
    teams = np.where(contents.has_owner[listed], TEAM, "").astype(object)
    return Listed("programs", ids, listed, teams)


def asset_objects(company: Company) -> dict[str, Stored]:
    """Return programs, smart campaigns, and the mails and pages of no program."""
    since = company.settings.start - 30 * DAY
    site = "https://www.funnel.example.com/"
    addresses = [site + name.lower().replace(" ", "-") for name in PAGES]
    return {
        "programs": _programs(company),
        "campaigns": _smart_campaigns(company),
        "emails": _loose("Email", _FIRST_MAIL, (NEWSLETTER,), since, subject=["What is new"]),
        "landing_pages": _loose("LandingPage", _FIRST_PAGE, PAGES, since, URL=addresses),
    }


def _programs(company: Company) -> Stored:
    """Campaigns, then what is listed of the library.

    Tags stand in columns of their own, as the attributes of activities do.
    """
    campaigns, contents = company.campaigns, company.contents
    listed = listed_programs(company).content
    own, size = len(campaigns), len(listed)
    kept = np.append(np.arange(own), own + listed)
    created = np.append(np.floor(campaigns.starts_at - _PLANNED), contents.created_at[listed])
    changed = np.append(created[:own], contents.changed_at[listed])
    retired = own + np.flatnonzero(ever(contents.retired_at[listed]))
    starts = dates(campaigns.starts_at, HEADQUARTERS).to_pylist()
    costs = [
        f'[{{"startDate":"{day}","cost":{cost:.0f},"note":""}}]'
        for day, cost in zip(starts, campaigns.cost, strict=True)
    ]
    channels = [_CHANNELS[one] for one in campaigns.type] + ["Content"] * size
    nothing: list[str | None] = [None] * own
    of_campaign = campaigns.name[np.maximum(contents.campaign[listed], 0)]
    of_campaign[contents.campaign[listed] < 0] = None
    tags = {
        "Persona": [*nothing, *contents.personas()[listed]],
        "Buying Stage": [*nothing, *contents.buying_stages()[listed]],
        "Message": [*nothing, *contents.message[listed]],
        "Content Type": [*nothing, *contents.kind[listed]],
        "Campaign": [*campaigns.name, *of_campaign],
        "Team": [*[TEAM] * own, *said(listed_programs(company).owner_team)],
    }
    return build_stored(
        "Program",
        (
            "id", "name", "description", "createdAt", "updatedAt", "type", "channel", "status",
            "workspace", "folder", "costs", *TAGS,
        ),
        created_at=created,
        fixed={
            "id": pa.array(program_ids(company)).take(pa.array(kept)),
            "name": pa.array(program_names(company)).take(pa.array(kept)),
            "description": pa.nulls(len(created), pa.string()),
            "createdAt": _asset_instants(created),
            "type": pa.array(["Event" if one in _EVENTS else "Default" for one in channels]),
            "channel": pa.array(channels),
            "status": pa.nulls(len(created), pa.string()),
            "workspace": pa.array(["Default"] * len(created)),
            "costs": pa.array([*costs, *["[]"] * size]),
            **{name: pa.array(tags[name], pa.string()) for name in TAGS},
        },
        changing={
            "updatedAt": Changing(
                _asset_instants(created), np.arange(len(created)), changed, _asset_instants(changed)
            ),
            # What is not used any more moves to another folder.
            "folder": Changing(
                pa.array(["Campaigns"] * own + ["Library"] * size),
                retired,
                changed[retired],
                pa.array([ARCHIVE] * len(retired), pa.string()),
            ),
        },
    )  # fmt: skip


def _loose(
    name: str, first: int, names: Sequence[str], since: float, **more: Sequence[str]
) -> Stored:
    """Mails or pages that nobody has changed since they were made."""
    size = len(names)
    made = _asset_instants(np.full(size, since))
    return append_only(
        name,
        ("id", "name", "createdAt", "updatedAt", *more, "status", "folder", "workspace"),
        {
            "id": pa.array([str(first + place) for place in range(size)]),
            "name": pa.array(list(names)),
            "createdAt": made,
            "updatedAt": made,
            **{field: pa.array(list(values)) for field, values in more.items()},
            "status": pa.array(["approved"] * size),
            "folder": pa.array(["Site"] * size),
            "workspace": pa.array(["Default"] * size),
        },
        np.full(size, since),
    )


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
