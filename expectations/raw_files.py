"""What must hold of the files that enter, derived from the agreement and the mapping."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from expectations.suite import Look, Rule, Suite, holds, is_one_of, is_present, is_unique

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

    import pandas as pd

SCHEMA = "raw_files"

# Fields whose values decide where somebody stands, with the criterion that looks at them.
CRITERION_OF = {
    ("persons", "status"): "status",
    ("persons", "lifecycle_stage"): "lifecycle_stage",
    ("opportunities", "stage"): "opportunity_stage",
}

# Dates without which a record has no place in time.
KEY_DATES = {
    "persons": ("created_at", "status_at", "lifecycle_stage_at"),
    "opportunities": ("created_at", "closed_at", "stage_at"),
    "activities": ("occurred_at",),
    "field_changes": ("changed_at",),
}

# A row whose date does not fit is quarantined alone; where more than a tenth does not fit, the
# mapping names the wrong format, and most of the file would be missing from the funnel.
DATES_THAT_FIT = 0.9

# The same for rows that were set aside at landing.
SET_ASIDE_AT_MOST = 0.2

# Entities of what happens: nothing may have happened. An increment of any entity may be empty too.
_MAY_BE_EMPTY = ("activities", "field_changes")

# How much smaller than the one before a full export may be (case G62).
DROP_AT_MOST = 0.15

# The agreement's word for: publish nothing from a source that is old.
HOLD = "hold"

_DATE_PARTS = {
    "YYYY": r"\d{4}",
    "MM": r"\d{1,2}",
    "DD": r"\d{1,2}",
    "Mon": r"[A-Za-z]{3}",
    "HH": r"\d{1,2}",
    "SS": r"\d{1,2}",
}
_SHAPES = {
    "ISO": r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}([.,]\d+)?)?\s?(Z|[+-]\d{2}(:?\d{2})?)?)?",
    "epoch_seconds": r"-?\d+(\.\d+)?",
    "epoch_milliseconds": r"-?\d+(\.\d+)?",
}


@dataclass(frozen=True)
class LoadFormats:
    """Which named format a load's dates have: of a field, or of any other (`*`)."""

    load_id: str
    formats: Mapping[str, str]

    def format_of(self, field: str) -> str:
        """Return the name of the format of a field."""
        return self.formats.get(field) or self.formats.get("*") or "ISO"


def raw_suite(
    entity: str,
    agreement: Mapping[str, pd.DataFrame],
    version: int,
    loads: Sequence[LoadFormats],
    *,
    is_named: bool = False,
) -> Suite:
    """Return the suite `raw_files__<entity>`.

    `agreement` holds the agreement's tables by name, `version` is the one in force; `loads` are the
    loads whose rows are looked at; `is_named` says that the mapping expects some. Its queries read
    `raw_files.<entity>`, `mapping.value_maps`, `mapping.exports`, `ops.loads` and
    `ops.run_context`. Without a load of what nobody expects the suite is empty.
    """
    if not loads and not is_named:
        return Suite(SCHEMA, entity, ())
    settings = agreement["settings"]
    (in_force,) = settings[settings["version"] == version].to_dict("records")
    records = (_records(entity, agreement, loads),) if loads else ()
    return Suite(SCHEMA, entity, (*records, _loads(entity, in_force)))


def shape_of(name: str) -> str:
    """Return the regular expression of what a value in a named format of a date looks like."""
    if name in _SHAPES:
        return _SHAPES[name]
    # MM are months before the first blank and minutes after it: digits either way.
    return re.sub(
        "|".join(_DATE_PARTS), lambda part: _DATE_PARTS[part[0]], re.sub(r"([./])", r"\\\1", name)
    )


def _records(
    entity: str, agreement: Mapping[str, pd.DataFrame], loads: Sequence[LoadFormats]
) -> Look:
    key = ("_instance", "_load_id", "_record_id", "_cursor")
    columns = ["_source", "_instance", "_load_id", "_record_id", "_cursor", "_file", "_line"]
    rules = [
        is_present("_record_id", "every record has an id"),
        is_unique(key, "an id comes once in a load, or once for each version of the record"),
    ]
    for field in KEY_DATES.get(entity, ()):
        columns.append(f"{_fits(field, loads)} as {field}_fits")
        rules.append(_dates_fit(entity, field))
    for (of_entity, field), criterion in CRITERION_OF.items():
        if of_entity == entity:
            columns.append(f"{_canonical(field)} as {field}")
            rules.extend(_values_known(entity, field, criterion, agreement))
    maps = [field for of_entity, field in CRITERION_OF if of_entity == entity]
    query = (
        f"with {_maps(entity, maps)} select {', '.join(columns)} from {SCHEMA}.{entity} as r"
        f" {' '.join(_join(field) for field in maps)}"
        if maps
        else f"select {', '.join(columns)} from {SCHEMA}.{entity} as r"
    )
    return Look(query, ("_file", "_line", "_record_id"), tuple(rules))


def _dates_fit(entity: str, field: str) -> Rule:
    return holds(
        f"{field}_fits",
        f"at least {DATES_THAT_FIT:.0%} of {entity}.{field} look like the format that the mapping"
        " names",
        mostly=DATES_THAT_FIT,
    )


def _values_known(
    entity: str, field: str, criterion: str, agreement: Mapping[str, pd.DataFrame]
) -> list[Rule]:
    # Values that no map knows are findings of the models, one for each: not said twice.
    looked_at = {
        (field, value)
        for table in ("criteria", "compound_conditions")
        for field, value in agreement[table][["field", "value"]].itertuples(index=False)
    }
    known = sorted(
        value for field, value in looked_at if field == criterion and isinstance(value, str)
    )
    fields = {field for field, _ in looked_at}
    # An outcome decides as well: deals that only come won or lost need no stage that counts.
    decides = criterion == "opportunity_stage" and "opportunity_outcome" in fields
    if not known or decides:
        return []
    return [
        is_one_of(
            field,
            known,
            f"at least one {entity}.{field} is a value that a criterion of the agreement looks at"
            f" ({', '.join(known)})",
            "warning",
            mostly=1e-9,  # one row in as many as there are
        )
    ]


def _loads(entity: str, settings: Mapping[Hashable, Any]) -> Look:
    """Whole loads: volume, what was set aside, the drop against the load before, and age."""
    has_rows_sql = "case when kind = 'full' then rows_landed > 0 or rows_delivered > 0 end"
    if entity in _MAY_BE_EMPTY:
        has_rows_sql = "true"
    hours = int(settings["stale_after_hours"])
    query = f"""
        with named as (
            select case when instance = 'main' then source else source || '.' || instance end
                as instance, export
            from mapping.exports where entity = '{entity}'
        ), loads as (
            select
                *,
                lag(rows_live) over former as rows_live_before,
                lag(rows_reported) over former as rows_reported_before
            from ops.loads where entity = '{entity}'
            window former as (
                partition by instance, export, kind = 'full' order by exported_at, extracted_at
            )
        )
        select
            coalesce(l.load_id, 'never delivered') as load_id,
            coalesce(l.file, n.export) as file,
            count(l.load_id) over () > 0 as is_there,
            {has_rows_sql} as has_rows,
            rows_set_aside <= {SET_ASIDE_AT_MOST} * rows_delivered as is_mostly_landed,
            case when kind = 'full'
                then rows_live >= (1 - {DROP_AT_MOST}) * rows_live_before end as is_volume_kept,
            case when kind = 'full'
                then rows_reported >= (1 - {DROP_AT_MOST}) * rows_reported_before end
                as is_total_kept,
            -- What the mapping no longer names is not expected any more; what was never delivered,
            -- because its system could not be read, is too old.
            case when n.export is not null and c.as_of is not null then coalesce(
                l.exported_at >= c.as_of - interval {hours} hour, false
            ) end as is_fresh
        from (select * from loads where is_newest) as l
        full join named as n on l.instance = n.instance and l.export = n.export
        cross join ops.run_context as c
    """
    return Look(
        query,
        ("file", "load_id"),
        (
            holds("is_there", f"there is a load of {entity}"),
            holds("has_rows", f"no newest full export of {entity} is empty"),
            holds(
                "is_mostly_landed",
                f"at most {SET_ASIDE_AT_MOST:.0%} of a file's rows were set aside at landing",
            ),
            holds(
                "is_volume_kept",
                f"a full export has at most {DROP_AT_MOST:.0%} fewer live records than the one"
                " before",
            ),
            holds(
                "is_total_kept",
                "the total that a source tells of itself is at most"
                f" {DROP_AT_MOST:.0%} below the one before",
            ),
            holds(
                "is_fresh",
                f"an export is at most {hours} hours older than as_of",
                "critical" if settings["stale_source_policy"] == HOLD else "warning",
            ),
        ),
    )


def _fits(field: str, loads: Sequence[LoadFormats]) -> str:
    """SQL: whether a value has the shape of its load's format; null where there is no value."""
    by_shape: dict[str, list[str]] = {}
    for load in loads:
        by_shape.setdefault(shape_of(load.format_of(field)), []).append(load.load_id)
    tests = " ".join(
        f"when _load_id in ({_quoted(ids)}) then regexp_full_match(trim({field}), '{shape}')"
        for shape, ids in by_shape.items()
    )
    return f"case when nullif(trim({field}), '') is null then null {tests} end"


def _maps(entity: str, fields: Sequence[str]) -> str:
    return f"""maps as (
        select instance, source, field, delivered_value, canonical_value
        from mapping.value_maps
        where entity = '{entity}' and field in ({_quoted(fields)})
    ), mapped_fields as (
        select instance, source, field, max(canonical_value)
            filter (where delivered_value = '*') as other
        from maps group by all
    )"""


def _join(field: str) -> str:
    return f"""
        left join maps as {field}_map
            on {field}_map.field = '{field}' and {field}_map.source = r._source
            and {field}_map.instance = r._instance
            and {field}_map.delivered_value = trim(r.{field})
            and {field}_map.delivered_value <> '*'
        left join mapped_fields as {field}_other
            on {field}_other.field = '{field}' and {field}_other.source = r._source
            and {field}_other.instance = r._instance"""


def _canonical(field: str) -> str:
    """SQL: the delivered value under the mapping's value map."""
    return (
        f"case when nullif(trim(r.{field}), '') is null then null else"
        f" coalesce({field}_map.canonical_value, {field}_other.other, trim(r.{field})) end"
    )


def _quoted(values: Sequence[str]) -> str:
    return ", ".join("'" + value.replace("'", "''") + "'" for value in values)
