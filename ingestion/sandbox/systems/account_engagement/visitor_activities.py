"""Visitor activities: one file of all types."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from ingestion.sandbox.chance import places, stream
from ingestion.sandbox.company.touches import (
    BOOTH,
    CLICKED,
    DOWNLOAD,
    FORM,
    OPENED,
    SENT,
    VISIT,
    WEBINAR,
)
from ingestion.sandbox.systems.account_engagement.assets import (
    FORMS,
    campaign_ids,
    file_ids,
    file_names,
    form_ids,
    mail_ids,
    mail_names,
)
from ingestion.sandbox.systems.columns import instants
from ingestion.sandbox.systems.identifiers import numeric
from ingestion.sandbox.systems.logged import Logged, lags, log
from ingestion.sandbox.systems.prospects import records_of_touches
from ingestion.sandbox.systems.words import coded

if TYPE_CHECKING:
    from ingestion.sandbox.arrays import Numbers
    from ingestion.sandbox.company.company import Company
    from ingestion.sandbox.systems.prospects import Prospects

_FIELDS = (
    "id", "type", "typeName", "details", "prospectId", "visitorId", "campaignId", "formId",
    "fileId", "listEmailId", "createdAt", "updatedAt",
)  # fmt: skip
_SITE = "www.funnel.example.com"
_PAGES = ("/", "/product", "/pricing", "/customers", "/blog")
# Kind of touch -> type and its name.
_TYPES = {
    FORM: (4, "Form"),  # success
    DOWNLOAD: (2, "File"),  # view
    WEBINAR: (24, "Webinar"),  # attended
    BOOTH: (29, "Event"),  # checked in
    VISIT: (20, "Visit"),
    SENT: (6, "Email"),
    OPENED: (11, "Email"),
    CLICKED: (1, "Email"),
}
_MAIL = (SENT, OPENED, CLICKED)


def visitor_activity_object(
    company: Company, prospects: Prospects, ids: pa.Array, first: int
) -> Logged:
    """Return the touches of all prospects; ids are in the order of their moments."""
    touches = company.touches
    record = records_of_touches(company, prospects, "account_engagement")
    found = np.flatnonzero(record >= 0)
    kind, at, content = touches.kind[found], touches.at[found], touches.content[found]
    size = len(found)
    form = _drawn(company, "forms", len(FORMS), (0.4, 0.3, 0.3))[found]
    page = _drawn(company, "pages", len(_PAGES), (0.3, 0.25, 0.15, 0.1, 0.2))[found]
    asset = content + 1  # the first file and the first mail are for no content
    details = [
        (FORM, form, FORMS),
        (VISIT, page, [_SITE + one for one in _PAGES]),
        (DOWNLOAD, asset, file_names(company)),
        *((one, asset, mail_names(company)) for one in _MAIL),
        *((one, *_event(company, found, one)) for one in (WEBINAR, BOOTH)),
    ]
    # One dictionary of all names, and each one's place in it.
    names: list[str] = []
    place = np.zeros(size, dtype=np.int64)
    for one, code, words in details:
        place = np.where(kind == one, len(names) + code, place)
        names += words
    types = np.array([_TYPES[one][0] for one in range(len(_TYPES))])
    type_names = sorted({name for _, name in _TYPES.values()})
    type_name = np.array([type_names.index(_TYPES[one][1]) for one in range(len(_TYPES))])
    created = instants(at)
    campaign = touches.campaign[found]
    return log(
        "VisitorActivity",
        _FIELDS,
        {
            "id": numeric(np.arange(size), first),
            "type": types[kind],
            "typeName": coded(type_name[kind], type_names),
            "details": coded(place, names).cast(pa.string()),
            "visitorId": pa.array(
                touches.human[found] + 700_001, mask=np.isin(kind, (SENT, WEBINAR, BOOTH))
            ).cast(pa.string()),
            "campaignId": coded(campaign, campaign_ids(company), campaign >= 0),
            "formId": coded(form, form_ids(), kind == FORM),
            "fileId": coded(asset, file_ids(company), kind == DOWNLOAD),
            "listEmailId": coded(asset, mail_ids(company), np.isin(kind, _MAIL)),
            "createdAt": created,
            "updatedAt": created,
        },
        id_of=ids,
        id_field="prospectId",
        prospects=prospects,
        record=record[found],
        at=at,
        lag=lags(company, "account_engagement visitor activities", size),
        kept=np.inf,
        outlives_record=True,
    )


def _event(company: Company, found: Numbers, kind: int) -> tuple[Numbers, list[str]]:
    """The content that is talked about, else the campaign that runs at that time."""
    campaigns, contents, touches = company.campaigns, company.contents, company.touches
    source = np.full(len(found), "Webinar" if kind == WEBINAR else "Trade Show", dtype=object)
    running = len(contents) + campaigns.running(source, touches.at[found])
    content = touches.content[found]
    return np.where(content >= 0, content, running), [*contents.name, *campaigns.name]


def _drawn(company: Company, noun: str, among: int, weights: tuple[float, ...]) -> Numbers:
    rng = stream(company.settings.seed, f"account_engagement {noun}")
    return places(rng, len(company.touches), among, weights)
