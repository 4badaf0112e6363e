"""The agreement as the page that both teams read and sign."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from ingestion.agreement.content import changes, content
from ingestion.agreement.sections import sections
from ingestion.agreement.wording import grid, words

if TYPE_CHECKING:
    from datetime import date

    from ingestion.agreement.version import Agreement, Version


def document(agreement: Agreement, today: date | None = None) -> str:
    """Return the agreement as Markdown: the version in force in full, then what others change.

    `today` is a day of the reporting zone and decides which version is in force; without it, the
    last one.
    """
    shown = agreement.in_force(today) if today else agreement.versions[-1]
    lines = [
        "# The agreement of marketing and sales",
        "",
        f"`{words(agreement.name)}`, version {shown.version}, {_since(agreement, shown)}.",
        "",
    ]
    lines += [shown.note, ""] if shown.note else []
    lines += [*_signatures(shown), *sections(shown), *_others(agreement, shown)]
    return "\n".join(lines).rstrip() + "\n"


def _since(agreement: Agreement, version: Version) -> str:
    since = f"in force from {version.effective_from} ({version.reporting.time_zone})"
    if version is agreement.versions[0]:
        since += " and for all time before"
    later = [one for one in agreement.versions if one.effective_from > version.effective_from]
    return f"{since} until {later[0].effective_from}" if later else since


def _signatures(version: Version) -> list[str]:
    signed = version.signed
    return grid(
        ("Team", "Signed by", "On", "Signature"),
        (
            ("Marketing", signed.marketing.by, signed.marketing.date, "________________"),
            ("Sales", signed.sales.by, signed.sales.date, "________________"),
        ),
    )


def _others(agreement: Agreement, shown: Version) -> list[str]:
    if len(agreement.versions) == 1:
        return []
    before = {later.version: earlier for earlier, later in pairwise(agreement.versions)}
    lines = ["## All versions", ""]
    for version in reversed(agreement.versions):
        lines += [f"### Version {version.version}, {_since(agreement, version)}", ""]
        lines += [version.note, ""] if version.note and version is not shown else []
        lines += _signatures(version) if version is not shown else []
        if version.version in before:
            lines += _difference(before[version.version], version)
        else:
            lines += ["The first version.", ""]
    return lines


def _difference(earlier: Version, later: Version) -> list[str]:
    kept = [
        change
        for change in changes(content(earlier), content(later))
        if not change.startswith(("version:", "effective_from:", "signed.", "note:"))
    ]
    if not kept:
        return [f"Nothing changed against version {earlier.version}.", ""]
    return [
        f"Changed against version {earlier.version}:",
        "",
        *(f"- `{path}`: {values}" for path, _, values in (one.partition(": ") for one in kept)),
        "",
    ]
