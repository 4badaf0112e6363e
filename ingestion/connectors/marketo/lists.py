"""Deletions of leads, campaigns, assets: what comes in pages of JSON, as CSV files."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING, Any

from ingestion.connectors.download import Download
from ingestion.connectors.errors import JobFailedError, RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from ingestion.connectors.marketo.instance import Instance
    from ingestion.connectors.window import Window

DELETION_COLUMNS = (
    "marketoGUID", "leadId", "activityDate", "activityTypeId", "campaignId",
    "primaryAttributeValueId", "primaryAttributeValue", "Remove from CRM",
)  # fmt: skip
PROGRAM_COLUMNS = (
    "id", "name", "description", "createdAt", "updatedAt", "type", "channel", "status",
    "workspace", "folder", "costs",
)  # fmt: skip
CAMPAIGN_COLUMNS = (
    "id", "name", "type", "programId", "programName", "workspaceName", "active", "createdAt",
    "updatedAt",
)  # fmt: skip
EMAIL_COLUMNS = (
    "id", "name", "createdAt", "updatedAt", "subject", "status", "folder", "workspace",
)  # fmt: skip
PAGE_COLUMNS = ("id", "name", "createdAt", "updatedAt", "URL", "status", "folder", "workspace")
_NULL = "null"


@dataclass(frozen=True)
class Deletions:
    """How the deletions of leads are read into a folder of their own.

    `first` is the oldest moment to ask for, aware. Marketo keeps deletions for 14 days.
    """

    instance: Instance
    folder: Path
    first: datetime

    def run(self, window: Window) -> Download:
        """Fetch what was deleted since the window's start, also after its end.

        What a former run left is finished first, from its last page on, or anew if Marketo does not
        take its token any more. A page may come twice. Raises the errors of `Client`, and
        JobFailedError if the token of a page is refused again and again.
        """

        def attempt() -> Download:
            download = Download.found(self.folder) or self._begun(window)
            try:
                return self._finished(download)
            except RefusedError as error:
                download.remove()
                raise JobFailedError(
                    f"a page is refused ({error.what})", where=error.where, mend="All is read anew"
                ) from error

        return self.instance.client.patiently(attempt)

    def _begun(self, window: Window) -> Download:
        start = self.first if window.start is None else max(self.first, window.start)
        token = self.instance.paging_token(f"{start.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}")
        asked = {"object": "deletedleads", "fields": list(DELETION_COLUMNS)}
        download = Download.begin(self.folder, window, asked)
        _write(download, [DELETION_COLUMNS])
        return download.grown(token, 0, is_whole=False)

    def _finished(self, download: Download) -> Download:
        if download.is_whole:
            return download
        for page in self.instance.deletions(str(download.at)):
            _write(download, _rows(map(_deletion, page.rows), DELETION_COLUMNS))
            is_last = page.following is None
            download = download.grown(page.following, len(page.rows), is_whole=is_last)
        return download


def read_programs(instance: Instance, folder: Path, window: Window) -> Download:
    """Read all programs, whatever the window, unless a former run left them whole.

    `folder` is its folder's name, `costs` are JSON, instants have Marketo's own form,
    `2015-05-21T22:45:13Z+0000`, and each type of tag has a column, unless one is called so already.
    Raises the errors of `Client`.
    """
    if (whole := _whole(folder)) is not None:
        return whole
    types = (str(one["tagType"]) for page in instance.assets("tagTypes") for one in page)
    columns = tuple(dict.fromkeys((*PROGRAM_COLUMNS, *types)))
    pages = (map(_program, page) for page in instance.assets("programs"))
    return _read(folder, window, ("programs", columns), pages)


def read_emails(instance: Instance, folder: Path, window: Window) -> Download:
    """Read all mails as `read_programs` does; `subject` is text. Raises the errors of `Client`."""
    pages = (map(_asset, page) for page in instance.assets("emails"))
    return _read(folder, window, ("emails", EMAIL_COLUMNS), pages)


def read_landing_pages(instance: Instance, folder: Path, window: Window) -> Download:
    """Read all landing pages as `read_programs` does. Raises the errors of `Client`."""
    pages = (map(_asset, page) for page in instance.assets("landingPages"))
    return _read(folder, window, ("landing_pages", PAGE_COLUMNS), pages)


def read_campaigns(instance: Instance, folder: Path, window: Window) -> Download:
    """Read all smart campaigns, whatever the window, unless a former run left them whole.

    Raises the errors of `Client`.
    """
    return _read(folder, window, ("campaigns", CAMPAIGN_COLUMNS), instance.campaigns())


def _read(
    folder: Path,
    window: Window,
    what: tuple[str, Sequence[str]],
    pages: Iterator[Iterable[Mapping[str, Any]]],
) -> Download:
    name, columns = what
    if (whole := _whole(folder)) is not None:
        return whole
    # From the beginning: a list that grew meanwhile has its offsets elsewhere.
    download = Download.begin(folder, window, {"object": name, "fields": list(columns)})
    _write(download, [columns])
    rows = 0
    for page in pages:
        lines = list(_rows(page, columns))
        _write(download, lines)
        rows += len(lines)
    return download.grown(None, rows, is_whole=True)


def _whole(folder: Path) -> Download | None:
    found = Download.found(folder)
    return found if found is not None and found.is_whole else None


def _write(download: Download, lines: Iterable[Sequence[str]]) -> None:
    with download.path.open("a", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(lines)


def _rows(found: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> Iterator[list[str]]:
    return ([_text(one.get(name)) for name in columns] for one in found)


def _text(value: Any) -> str:
    """A value as bulk extracts write it."""
    if value is None or value == "":
        return _NULL
    if isinstance(value, str):
        return value
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _deletion(row: Mapping[str, Any]) -> dict[str, Any]:
    """A deletion with its attributes beside the rest, and the instant as bulk extracts write it."""
    attributes = {one["name"]: one.get("value") for one in row.get("attributes") or ()}
    at = str(row["activityDate"]).removesuffix("+0000").removesuffix("Z") + "Z"
    return {**attributes, **row, "activityDate": at}


def _program(row: Mapping[str, Any]) -> dict[str, Any]:
    tags = {one["tagType"]: one.get("tagValue") for one in row.get("tags") or ()}
    return {**tags, **_asset(row)}


def _asset(row: Mapping[str, Any]) -> dict[str, Any]:
    """An asset with the name of its folder and the text of its subject, where it has one."""
    folder, subject = row.get("folder"), row.get("subject")
    return {
        **row,
        "folder": folder.get("folderName") if isinstance(folder, dict) else folder,
        "subject": subject.get("value") if isinstance(subject, dict) else subject,
    }


# By what a mapping calls them; none of them tells what is new, so each is read in full.
LISTS: dict[str, Callable[[Instance, Path, Window], Download]] = {
    "Program": read_programs,
    "Campaign": read_campaigns,
    "Email": read_emails,
    "LandingPage": read_landing_pages,
}
