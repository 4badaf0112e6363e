"""Campaigns, forms, files and list emails: what prospects are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from ingestion.sandbox.clock import DAY
from ingestion.sandbox.systems.columns import instants
from ingestion.sandbox.systems.stored import Stored, append_only

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ingestion.sandbox.arrays import Moments
    from ingestion.sandbox.company.company import Company
    from ingestion.sandbox.systems.columns import Values

_PLANNED = 20 * DAY  # before it begins
FORMS = ("Contact Us", "Request a Demo", "Newsletter Sign-up")
_ARCHIVE, _NEWSLETTER = "Archive", "Newsletter"  # for what has no content of its own
# What is no content of its own, with where it lies.
LOOSE = {
    _ARCHIVE: "Files",
    _NEWSLETTER: "List emails",
    **dict.fromkeys(FORMS, "Forms"),
}
_FIRST_CAMPAIGN, _FIRST_FORM, _FIRST_FILE, _FIRST_MAIL = 2001, 301, 4001, 8001


def campaign_ids(company: Company) -> list[str]:
    """Return the ids of the campaigns, in their order."""
    return _ids(_FIRST_CAMPAIGN, len(company.campaigns))


def form_ids() -> list[str]:
    """Return the ids of the forms, in their order."""
    return _ids(_FIRST_FORM, len(FORMS))


def file_names(company: Company) -> list[str]:
    """Return the names of all files: the archive, then one for each content."""
    return [_ARCHIVE, *company.contents.name]


def file_ids(company: Company) -> list[str]:
    """Return the ids of all files, in the order of their names."""
    return _ids(_FIRST_FILE, 1 + len(company.contents))


def mail_names(company: Company) -> list[str]:
    """Return the names of all list emails: the newsletter, then one for each content."""
    return [_NEWSLETTER, *company.contents.name]


def mail_ids(company: Company) -> list[str]:
    """Return the ids of all list emails, in the order of their names."""
    return _ids(_FIRST_MAIL, 1 + len(company.contents))


def asset_objects(company: Company) -> dict[str, Stored]:
    """Return the assets, each from its creation on."""
    campaigns, contents = company.campaigns, company.contents
    before = company.settings.start - 30 * DAY
    written = np.append(before, contents.created_at)
    return {
        "campaigns": _asset(
            "Campaign",
            campaign_ids(company),
            campaigns.name,
            np.floor(campaigns.starts_at - _PLANNED),
            cost=campaigns.cost,
        ),
        "forms": _asset("Form", form_ids(), pa.array(FORMS), np.full(len(FORMS), before)),
        "files": _asset("File", file_ids(company), pa.array(file_names(company)), written),
        "list_emails": _asset(
            "ListEmail",
            mail_ids(company),
            pa.array(mail_names(company)),
            written,
            isSent=np.ones(len(written), dtype=bool),
        ),
    }


def _asset(
    name: str, ids: Sequence[str], names: Values, created: Moments, **more: Values
) -> Stored:
    return append_only(
        name,
        ("id", "name", *more, "isDeleted", "createdAt", "updatedAt"),
        {
            "id": pa.array(ids),
            "name": names,
            **more,
            "isDeleted": np.zeros(len(created), dtype=bool),
            "createdAt": instants(created),
            "updatedAt": instants(created),
        },
        created,
    )


def _ids(first: int, size: int) -> list[str]:
    return [str(first + place) for place in range(size)]
