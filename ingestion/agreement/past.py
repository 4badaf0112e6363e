"""The guard of the past, and the landing of the agreement."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from ingestion.agreement.content import Content, changes_since, content_text, digest
from ingestion.agreement.problem import AgreementError
from ingestion.agreement.tables import tables
from ingestion.landing import Landing, Manifest
from ingestion.yaml_tree import Problem

if TYPE_CHECKING:
    import pyarrow as pa

    from ingestion.agreement.version import Agreement

SOURCE = "agreement"


@dataclass(frozen=True)
class LandedVersion:
    """A version as it landed."""

    version: int
    effective_from: date
    digest: str
    content: Content


def check_past_versions(landing: Landing, agreement: Agreement, today: date) -> None:
    """Refuse an agreement that changes what is in force already.

    `today` is a day of the reporting zone; a landed version is in force from its `effective_from`
    on. Later versions may change or go.
    Raises AgreementError naming each version that changed or is missing, with what changed.
    """
    loads = [one for one in landing.loads(SOURCE) if one.object == "versions"]
    if not loads:
        return
    problems: list[Problem] = []
    latest = max(loads, key=lambda one: one.extracted_at)
    past = [one for one in _landed(landing, latest) if one.effective_from <= today]
    if past and latest.instance != agreement.name:
        problems.append(
            Problem(
                agreement.file,
                1,
                f"this workspace is under the agreement '{latest.instance}', in force since "
                f"{past[0].effective_from}, and this one is '{agreement.name}'",
                "Keep the name, or start a new workspace.",
            )
        )
    else:
        problems = [problem for one in past for problem in _changed(one, agreement)]
    if problems:
        raise AgreementError(problems)


def land_agreement(
    landing: Landing, agreement: Agreement, today: date, extracted_at: datetime | None = None
) -> list[Manifest]:
    """Land all tables of the agreement under one load id, unless nothing changed.

    `today` is a day of the reporting zone; `extracted_at` (aware, by default now) is when it is
    said to have been read. Returns the loads that were written: one for each table, or none.
    Raises AgreementError if a version that is in force changed or is missing.
    """
    check_past_versions(landing, agreement, today)
    found = tables(agreement)
    checksum = _checksum(agreement, found)
    in_use = {
        one.object: one.checksum
        for one in landing.loads(SOURCE)  # sorted by time: the newest of each object wins
        if one.instance == agreement.name
    }
    if all(in_use.get(name) == checksum for name in found):
        return []
    now = extracted_at or datetime.now(UTC)
    return [
        _write(
            landing,
            Manifest(
                # With microseconds: an agreement that changes and changes back is two loads.
                load_id=f"{now:%Y%m%dT%H%M%S%f}-{checksum[:12]}",
                source=SOURCE,
                instance=agreement.name,
                object=name,
                kind="reference",
                extracted_at=now,
                rows_delivered=table.num_rows,
                rows_landed=table.num_rows,
                checksum=checksum,
            ),
            table,
        )
        for name, table in found.items()
    ]


def _write(landing: Landing, draft: Manifest, table: pa.Table) -> Manifest:
    with landing.write_load(draft) as load:
        load.write(table)
    return load.manifest


def _checksum(agreement: Agreement, found: dict[str, pa.Table]) -> str:
    """Digest of all versions and of the columns: newer software with a new column lands anew."""
    columns = {name: str(table.schema) for name, table in found.items()}
    content = [content_text(version) for version in agreement.versions]
    return hashlib.sha256(json.dumps([columns, content], sort_keys=True).encode()).hexdigest()


def _landed(landing: Landing, versions: Manifest) -> list[LandedVersion]:
    return [
        LandedVersion(
            row["version"], row["effective_from"], row["digest"], json.loads(row["content"])
        )
        for row in landing.read(versions).to_pylist()
    ]


def _changed(landed: LandedVersion, agreement: Agreement) -> list[Problem]:
    since = f"version {landed.version} is in force since {landed.effective_from}"
    mend = (
        "Put it back as it was and add a version with the change, effective from a later day; "
        "or start a new workspace if it was never signed."
    )
    now = next((one for one in agreement.versions if one.version == landed.version), None)
    line = agreement.line_of(landed.version)
    if now is None:
        return [Problem(agreement.file, line, f"{since} and is missing from the file", mend)]
    if digest(now) == landed.digest:
        return []
    changed = changes_since(landed.content, now)
    if not changed:
        return []
    return [Problem(agreement.file, line, f"{since} and was changed: {'; '.join(changed)}", mend)]
