"""Reference tables: small, typed, ours; a new load only when the content changes."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ingestion.landing.manifest import Manifest

if TYPE_CHECKING:
    import pyarrow as pa

    from ingestion.landing.landing import Landing


def newest(landing: Landing, source: str, instance: str, name: str) -> Manifest | None:
    """Return the load in use of a reference table: the latest extracted one, or None."""
    found = [one for one in landing.loads(source) if (one.instance, one.object) == (instance, name)]
    return found[-1] if found else None


def land_reference(
    landing: Landing, source: str, instance: str, name: str, table: pa.Table
) -> Manifest:
    """Land a small typed table unless the load in use has the same content.

    Returns the manifest of the load that is now in use. Row order and column types count as
    content.
    """
    checksum = content_digest(table)
    current = newest(landing, source, instance, name)
    if current is not None and current.checksum == checksum:
        return current
    now = datetime.now(UTC)
    draft = Manifest(
        # With microseconds: a table that changes and changes back within a second is two loads.
        load_id=f"{now:%Y%m%dT%H%M%S%f}-{checksum[:12]}",
        source=source,
        instance=instance,
        object=name,
        kind="reference",
        extracted_at=now,
        rows_delivered=table.num_rows,
        rows_landed=table.num_rows,
        checksum=checksum,
    )
    with landing.write_load(draft) as load:
        load.write(table)
    return load.manifest


def content_digest(table: pa.Table) -> str:
    """Return the SHA-256 of the columns, their types and the rows; not of the file format."""
    columns = [[column.name, str(column.type)] for column in table.schema]
    content = json.dumps([columns, table.to_pylist()], default=str, ensure_ascii=False)
    return hashlib.sha256(content.encode()).hexdigest()
