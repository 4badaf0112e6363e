"""The inventory of content that a team keeps by hand, where its system knows no personas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from ingestion.sandbox.clock import DAY, HEADQUARTERS, ever
from ingestion.sandbox.systems.columns import dates
from ingestion.sandbox.systems.held import Listed
from ingestion.sandbox.systems.stored import Changing, Stored, build_stored
from ingestion.sandbox.systems.words import said

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ingestion.sandbox.arrays import Flags, Texts
    from ingestion.sandbox.company.company import Company

STEM = "content_inventory"
BETWEEN = " | "  # two personas, or two steps, of one asset
_FIRST_LINE = 1


@dataclass(frozen=True)
class Inventory:
    """The list itself, and which of its lines is which content."""

    stored: Stored
    listed: Listed


def content_inventory(company: Company, among: Flags, site: Mapping[str, str]) -> Inventory:
    """Return the list of some of the content, and after it of what `site` has by title and address.

    `among` has a flag per asset. A line is there from when its asset was made, and is noted to be
    retired when it is.
    """
    contents, since = company.contents, company.settings.start - 30 * DAY
    own = np.flatnonzero(contents.is_listed & among)
    size, more = len(own), len(site)
    numbers = np.array(
        [f"C-{_FIRST_LINE + place:03}" for place in range(size + more)], dtype=object
    )
    teams = np.where(contents.has_owner[own], _titled(contents.team[own]), "").astype(object)
    nothing: list[str | None] = [None] * more
    campaign = company.campaigns.name[np.maximum(contents.campaign[own], 0)]
    campaign[contents.campaign[own] < 0] = None
    created = np.append(contents.created_at[own], np.full(more, since))
    changed = np.append(contents.changed_at[own], np.full(more, since))
    retires = np.flatnonzero(ever(contents.retired_at[own]))
    retired_at = contents.retired_at[own[retires]]
    stored = build_stored(
        "Content inventory",
        (
            "No", "Title", "Kind", "For", "Step", "Message", "Team", "Campaign", "Where", "Made on",
            "Last changed", "Retired on",
        ),
        created_at=created,
        fixed={
            "No": numbers,
            "Title": pa.array([*contents.name[own], *site]),
            "Kind": pa.array([*contents.kind[own], *["Site"] * more]),
            "For": pa.array([*_apart(contents.personas()[own]), *nothing], pa.string()),
            "Step": pa.array([*_apart(contents.buying_stages()[own]), *nothing], pa.string()),
            "Message": pa.array([*contents.message[own], *["helpful"] * more]),
            "Team": pa.array([*said(teams), *["Marketing"] * more], pa.string()),
            "Campaign": pa.array([*campaign, *nothing], pa.string()),
            "Where": pa.array([*["Shared drive"] * size, *site.values()]),
            "Made on": dates(created, HEADQUARTERS),
        },
        changing={
            "Last changed": Changing(
                dates(created, HEADQUARTERS),
                np.arange(size + more),
                changed,
                dates(changed, HEADQUARTERS),
            ),
            "Retired on": Changing(
                pa.nulls(size + more, pa.date32()),
                retires,
                retired_at,
                dates(retired_at, HEADQUARTERS),
            ),
        },
    )  # fmt: skip
    return Inventory(stored, Listed(STEM, pa.array(numbers[:size], pa.string()), own, teams))


def _titled(teams: Texts) -> list[str]:
    return [str(team).capitalize() for team in teams]


def _apart(lists: Texts) -> list[str]:
    return [str(one).replace(";", BETWEEN) for one in lists]
