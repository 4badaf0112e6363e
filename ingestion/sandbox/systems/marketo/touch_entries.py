"""Activities of people: pages, forms, mail, and what they do in programs."""

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
from ingestion.sandbox.systems.marketo import activity_log as types
from ingestion.sandbox.systems.marketo.activity_log import Entries
from ingestion.sandbox.systems.marketo.assets import (
    ANY_DOWNLOAD,
    FORMS,
    NEWSLETTER,
    OPERATIONS,
    SEND,
    program_ids,
    program_names,
)
from ingestion.sandbox.systems.prospects import records_of_touches
from ingestion.sandbox.systems.words import coded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ingestion.sandbox.arrays import Flags, Numbers
    from ingestion.sandbox.company.company import Company
    from ingestion.sandbox.systems.prospects import Prospects

_SITE = "www.funnel.example.com"
_PAGES = ("/", "/product", "/pricing", "/customers", "/blog")
_FIRST_FORM, _FIRST_MAIL, _FIRST_PAGE = 101, 7001, 201
# Where a touch of this kind shows that somebody took part in a program: the new status.
_STATUSES = ("Attended", "Visited Booth", "Downloaded")
_DELIVERED_WITHIN = 40  # seconds


def touch_entries(company: Company, prospects: Prospects) -> list[Entries]:
    """Return the touches of all prospects, each as an activity; a mail sent is two."""
    touches = company.touches
    record = records_of_touches(company, prospects, "marketo")
    campaigns = company.campaigns
    syndicated = (touches.campaign >= 0) & (
        campaigns.type[np.maximum(touches.campaign, 0)] == "Content Syndication"
    )
    in_program = np.isin(touches.kind, (WEBINAR, BOOTH))
    in_program |= (touches.kind == DOWNLOAD) & syndicated
    there = record >= 0
    in_form = np.isin(touches.kind, (FORM, DOWNLOAD)) & ~in_program
    return [
        _visits(company, record, np.flatnonzero(there & (touches.kind == VISIT))),
        _forms(company, record, np.flatnonzero(there & in_form)),
        *_mail(company, record, there),
        _statuses(company, record, np.flatnonzero(there & in_program), prospects),
    ]


def _visits(company: Company, record: Numbers, found: Numbers) -> Entries:
    rng = stream(company.settings.seed, "marketo pages")
    page = places(rng, len(company.touches), len(_PAGES), (0.3, 0.25, 0.15, 0.1, 0.2))[found]
    return Entries(
        "visit_webpage",
        types.VISIT_WEBPAGE,
        record[found],
        company.touches.at[found],
        np.full(len(found), -1),
        _numbered(page, len(_PAGES), _FIRST_PAGE),
        coded(page, [_SITE + one for one in _PAGES]),
        {"Webpage URL": coded(page, _PAGES), "Referrer URL": pa.nulls(len(found), pa.string())},
    )


def _forms(company: Company, record: Numbers, found: Numbers) -> Entries:
    touches = company.touches
    rng = stream(company.settings.seed, "marketo forms")
    form = places(rng, len(touches), len(FORMS), (0.4, 0.3, 0.3))[found]
    names = [*FORMS, ANY_DOWNLOAD, *company.contents.name]
    content = touches.content[found]
    download = np.where(content >= 0, len(FORMS) + 1 + content, len(FORMS))
    form = np.where(touches.kind[found] == DOWNLOAD, download, form)
    return Entries(
        "fill_out_form",
        types.FILL_OUT_FORM,
        record[found],
        touches.at[found],
        _responded(touches.campaign[found]),
        _numbered(form, len(names), _FIRST_FORM),
        coded(form, names),
        {"Webpage ID": _numbered(form, len(names), _FIRST_PAGE + len(_PAGES))},
    )


def _mail(company: Company, record: Numbers, there: Flags) -> list[Entries]:
    touches = company.touches
    mails = [NEWSLETTER, *company.contents.name]
    rng = stream(company.settings.seed, "marketo deliveries")
    delay = 2.0 + places(rng, len(touches), _DELIVERED_WITHIN)

    def entries(stem: str, type_: int, kind: int, *, is_late: bool = False) -> Entries:
        found = np.flatnonzero(there & (touches.kind == kind))
        at = touches.at[found]
        if is_late:
            at = at + delay[found]
            found, at = found[at < company.settings.end], at[at < company.settings.end]
        mail = touches.content[found] + 1
        return Entries(
            stem, type_, record[found], at, np.full(len(found), SEND),
            _numbered(mail, len(mails), _FIRST_MAIL), coded(mail, mails),
        )  # fmt: skip

    clicks = entries("click_email", types.CLICK_EMAIL, CLICKED)
    clicks.attributes["Link"] = pa.array([f"https://{_SITE}/library"] * len(clicks))
    return [
        entries("send_email", types.SEND_EMAIL, SENT),
        entries("email_delivered", types.EMAIL_DELIVERED, SENT, is_late=True),
        entries("open_email", types.OPEN_EMAIL, OPENED),
        clicks,
    ]


def _statuses(company: Company, record: Numbers, found: Numbers, prospects: Prospects) -> Entries:
    """In the program of the content, else in the one of its kind that runs at that time."""
    touches, campaigns = company.touches, company.campaigns
    kind, at, content = touches.kind[found], touches.at[found], touches.content[found]
    source = np.where(kind == WEBINAR, "Webinar", "Trade Show").astype(object)
    running = np.where(kind == DOWNLOAD, touches.campaign[found], campaigns.running(source, at))
    program = np.where(content >= 0, len(campaigns) + content, running)
    status = np.select([kind == WEBINAR, kind == BOOTH], [0, 1], 2)
    size = len(found)
    ids, names = program_ids(company), program_names(company)
    return Entries(
        "change_status_in_progression",
        types.CHANGE_STATUS,
        record[found],
        at,
        _responded(touches.campaign[found]),
        coded(program, ids),
        coded(program, names),
        {
            "Old Status": pa.array(["Not in Program"] * size, pa.string()),
            "New Status": coded(status, _STATUSES),
            "Success": np.ones(size, dtype=bool),
            "Acquired By": at == prospects.created_at[record[found]],
            "Program Member ID": pa.array(np.arange(size) + 3_240_001).cast(pa.string()),
        },
    )


def _responded(campaign: Numbers) -> Numbers:
    """The smart campaign of a campaign that somebody responded to."""
    return np.where(campaign >= 0, len(OPERATIONS) + campaign, -1)


def _numbered(place: Numbers, size: int, first: int) -> pa.Array:
    return coded(place, _running(size, first))


def _running(size: int, first: int) -> Sequence[str]:
    return [str(first + place) for place in range(size)]
