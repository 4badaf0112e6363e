"""Rows as records of JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ingestion.sandbox.apis.salesforce.words import moment_texts
from ingestion.sandbox.systems.columns import INSTANT, column

if TYPE_CHECKING:
    import pyarrow as pa

    from ingestion.sandbox.apis.salesforce.selection import Selection


def records(rows: pa.Table, selection: Selection, root: str) -> list[dict[str, Any]]:
    """Return each row with its type and its address; `root` is the path of the API version."""
    entity = selection.entity.name
    names = [field.name for field in selection.fields]
    columns = [_values(column(rows[name])) for name in names]
    ids = rows["Id"].to_pylist()
    return [
        {
            "attributes": {"type": entity, "url": f"{root}/sobjects/{entity}/{one}"},
            **dict(zip(names, values, strict=True)),
        }
        for one, values in zip(ids, zip(*columns, strict=True), strict=True)
    ]


def _values(values: pa.Array) -> list[Any]:
    if values.type == INSTANT:
        return list(moment_texts(values).to_pylist())
    if str(values.type).startswith("date32"):
        return list(values.cast("string").to_pylist())
    return list(values.to_pylist())
