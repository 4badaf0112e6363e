"""A mapping as tables, so that staging needs no Python to translate values."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from ingestion.files.entities import LIST_FIELDS, SEPARATOR
from ingestion.landing import land_reference

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ingestion.files.mapping import Export, Mapping
    from ingestion.landing import Landing, Manifest

SOURCE = "mapping"
ANY_OTHER = "*"

_SCHEMAS: dict[str, pa.Schema] = {
    "data_sets": pa.schema(
        {
            "data_set": pa.string(),
            "title": pa.string(),
            "as_of": pa.date32(),
            "source_time_zone": pa.string(),
            "reporting_time_zone": pa.string(),
            "outcomes": pa.string(),
            "agreement": pa.string(),
        }
    ),
    "exports": pa.schema(
        {
            "source": pa.string(),
            "instance": pa.string(),
            "entity": pa.string(),
            "export": pa.string(),
            "load": pa.string(),
            "exported_at": pa.timestamp("us"),
            "history_start": pa.date32(),
            "time_zone": pa.string(),
        }
    ),
    "value_maps": pa.schema(
        {
            "source": pa.string(),
            "instance": pa.string(),
            "entity": pa.string(),
            "export": pa.string(),
            "field": pa.string(),
            "delivered_value": pa.string(),
            "canonical_value": pa.string(),
        }
    ),
    "units": pa.schema(
        {
            "source": pa.string(),
            "instance": pa.string(),
            "entity": pa.string(),
            "export": pa.string(),
            "field": pa.string(),
            "unit": pa.string(),
        }
    ),
    "separators": pa.schema(
        {
            "source": pa.string(),
            "instance": pa.string(),
            "entity": pa.string(),
            "export": pa.string(),
            "field": pa.string(),
            "separator": pa.string(),
        }
    ),
}


def land_mapping(landing: Landing, mapping: Mapping) -> list[Manifest]:
    """Land the tables of a mapping; a new load only where the content changed.

    Returns the manifests of the loads in use: `data_sets`, `exports`, `value_maps`,
    `units`, `separators`.
    """
    return [
        land_reference(landing, SOURCE, mapping.name, name, table)
        for name, table in mapping_tables(mapping).items()
    ]


def mapping_tables(mapping: Mapping) -> dict[str, pa.Table]:
    """Return the tables of a mapping, typed; times are UTC.

    `data_sets` has one row. `exports` has one row per file, or object of a connected system, and
    entity; of an object `exported_at` is null, for each of its loads has its own. `value_maps` has
    one row per file, entity, field and delivered value; `*` is any other value, and a null
    canonical value there keeps what was delivered. A field without map has no rows. `units` has one
    row per file, entity and number whose mapping names its unit, `separators` one per file, entity
    and column whose cells may hold several values.
    """
    rows: dict[str, list[dict[str, Any]]] = {
        "data_sets": [
            {
                "data_set": mapping.name,
                "title": mapping.title,
                "as_of": mapping.as_of,
                "source_time_zone": mapping.source_time_zone,
                "reporting_time_zone": mapping.reporting_time_zone,
                "outcomes": mapping.outcomes,
                "agreement": mapping.agreement,
            }
        ],
        "exports": [
            {
                **_place(one),
                "export": one.file,
                "load": one.load,
                "exported_at": one.exported_at
                and one.exported_at.astimezone(UTC).replace(tzinfo=None),
                "history_start": one.history_start,
                "time_zone": mapping.source_time_zone,
            }
            for one in mapping.files
        ],
        "value_maps": list(_value_maps(mapping)),
        "units": [
            {**_place(one), "export": one.file, "field": field, "unit": column.unit}
            for one in mapping.files
            for field, column in one.columns.items()
            if column.unit is not None
        ],
        "separators": [
            {
                **_place(one),
                "export": one.file,
                "field": field,
                "separator": column.separator or SEPARATOR,
            }
            for one in mapping.files
            for field, column in one.columns.items()
            if (one.entity, field) in LIST_FIELDS
        ],
    }
    return {
        name: pa.Table.from_pylist(rows[name], schema=schema) for name, schema in _SCHEMAS.items()
    }


def _place(export: Export) -> dict[str, str]:
    return {"source": export.system, "instance": export.instance, "entity": export.entity}


def _value_maps(mapping: Mapping) -> Iterator[dict[str, str | None]]:
    for one in mapping.files:
        for field, column in one.columns.items():
            if column.map is None:
                continue
            for delivered, canonical in {**column.map, ANY_OTHER: one.other(field)}.items():
                yield {
                    **_place(one),
                    "export": one.file,
                    "field": field,
                    "delivered_value": delivered,
                    "canonical_value": canonical,
                }
