"""Many histories as one set of export files."""

from __future__ import annotations

import csv
import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tests.oracle.agreement import agreement_text
from tests.oracle.history import Activity, Change, Opportunity, Person, Role
from tests.oracle.world import RANDOM_WORLD

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.oracle.history import History, Row

_MAPPING = """
name: oracle
title: Random histories
as_of: 2026-04-30
source_time_zone: UTC
reporting_time_zone: America/New_York
agreement: agreement.yml
outcomes: won_and_lost
files:
"""
_COLUMNS = {
    "persons": (
        "email status status_at lifecycle_stage lifecycle_stage_at score created_at linked_id "
        "converted_id converted_at converted_opportunity_id merged_into_id deleted_at"
    ),
    "field_changes": "changed_record_id old_value new_value changed_at",
    "activities": "person_id activity_type occurred_at is_automated is_completed owner_id",
    "opportunities": (
        "person_id opportunity_type stage stage_at is_closed is_won created_at closed_at"
    ),
    "opportunity_persons": "opportunity_id person_id is_primary",
}
# File, system, entity, field of a file of changes. Named so that they sort like the ids in them.
_FILES = (
    ("leads", "crm", "persons", ""),
    ("prospects", "marketing", "persons", ""),
    ("customers", "billing", "persons", ""),
    ("crm_changes_of_lifecycle", "crm", "field_changes", "lifecycle_stage"),
    ("crm_changes_of_stage", "crm", "field_changes", "stage"),
    ("crm_changes_of_status", "crm", "field_changes", "status"),
    ("billing_changes_of_status", "billing", "field_changes", "status"),
    ("marketing_changes_of_lifecycle", "marketing", "field_changes", "lifecycle_stage"),
    ("marketing_changes_of_score", "marketing", "field_changes", "score"),
    ("calls", "crm", "activities", ""),
    ("responses", "marketing", "activities", ""),
    ("deals", "crm", "opportunities", ""),
    ("roles", "crm", "opportunity_persons", ""),
)
_FILLER = {
    "id": "filler", "person_id": "", "activity_type": "unheard_of",
    "occurred_at": "2025-01-01 00:00:00", "is_automated": "true", "is_completed": "true",
}  # fmt: skip
# What a stage means must not depend on the histories either: no stage is agreed to mean anything.
_FILLER_DEALS = [
    {
        "id": f"filler-{stage}-{is_closed}", "opportunity_type": "new_business", "stage": stage,
        "is_closed": is_closed, "is_won": "false",
    }
    for stage in RANDOM_WORLD.known_values["stage"]
    for is_closed in ("true", "false")
]  # fmt: skip
_LINKED = {"crm": "marketing", "marketing": "crm", "billing": "crm"}
_EXPORTED_AT = datetime(2026, 5, 4, 6)


@dataclass(frozen=True)
class Delivery:
    """One set of files that was exported at one moment."""

    exported_at: datetime
    rows: dict[str, list[dict[str, str]]]
    is_full: bool

    def write(self, folder: Path) -> None:
        """Write the files, the mapping and the agreement into an empty folder."""
        folder.mkdir(parents=True)
        (folder / "agreement.yml").write_text(agreement_text())
        (folder / "mapping.yml").write_text(self._mapping())
        for file, _, entity, _ in _FILES:
            with (folder / f"{file}.csv").open("w", newline="") as out:
                writer = csv.DictWriter(out, ["id", *_COLUMNS[entity].split()])
                writer.writeheader()
                writer.writerows(self.rows[file])

    def _mapping(self) -> str:
        load = "full" if self.is_full else "append"
        lines = [_MAPPING]
        for file, system, entity, field in _FILES:
            start = RANDOM_WORLD.history_starts.get((system, field))
            columns = [_column(name, field) for name in _COLUMNS[entity].split()]
            columns += _constants(system, entity, field)
            lines.append(
                f"  - {{file: {file}.csv, system: {system}, entity: {entity}, load: {load},\n"
                f"     exported_at: {self.exported_at}, key: id,"
                + (f" history_start: {start}," if start else "")
                + "\n     columns: {"
                + ",\n       ".join(columns)
                + "}}\n"
            )
        return "".join(lines)


def deliveries(packed: Sequence[tuple[str, History]], seed: int, loads: int) -> list[Delivery]:
    """Return the rows of many histories, shuffled, as one full delivery or several increments.

    The increments come in any order: a row that was exported first may land last.
    """
    chance = random.Random(seed)  # noqa: S311
    parts: list[dict[str, list[dict[str, str]]]] = [
        {file: [] for file, *_ in _FILES} for _ in range(loads)
    ]
    # Which systems deliver activities at all must not depend on the histories at hand.
    for file in ("calls", "responses"):
        parts[0][file].append(_FILLER)
    parts[0]["deals"] += _FILLER_DEALS
    found = [
        (_file_of(row), _values(row, prefix)) for prefix, history in packed for row in history.rows
    ]
    chance.shuffle(found)
    for file, values in found:
        chance.choice(parts)[file].append(values)
    made = [
        Delivery(_EXPORTED_AT + timedelta(hours=number), part, is_full=loads == 1)
        for number, part in enumerate(parts)
    ]
    chance.shuffle(made)
    return made


def _column(name: str, field: str) -> str:
    is_changed = name in ("old_value", "new_value")
    known = RANDOM_WORLD.known_values.get(field if is_changed else name, ())
    if not known:
        return f"{name}: {name}"
    pairs = ", ".join(f"{value}: {value}" for value in known)
    return f"{name}: {{column: {name}, map: {{{pairs}}}, other: unmapped}}"


def _constants(system: str, entity: str, field: str) -> list[str]:
    if entity == "persons":
        return [f"linked_source: {{value: {_LINKED[system]}}}"]
    if entity == "field_changes":
        of = "opportunities" if field == "stage" else "persons"
        return [f"record_entity: {{value: {of}}}", f"field: {{value: {field}}}"]
    return []


def _file_of(row: Row) -> str:
    match row:
        case Person():
            wanted = (row.system, "persons", "")
        case Change():
            wanted = (row.system, "field_changes", row.field)
        case Activity():
            wanted = (row.system, "activities", "")
        case Opportunity():
            wanted = ("crm", "opportunities", "")
        case Role():
            wanted = ("crm", "opportunity_persons", "")
    return next(file for file, *what in _FILES if tuple(what) == wanted)


def _values(row: Row, prefix: str) -> dict[str, str]:
    """Return a row as its file holds it; the prefix keeps the ids of histories apart."""

    def key(own: str) -> str:
        return f"{prefix}-{own}" if own else ""

    match row:
        case Person():
            values = {name: getattr(row, name) for name in _COLUMNS["persons"].split()}
            for name in ("linked_id", "converted_id", "converted_opportunity_id", "merged_into_id"):
                values[name] = key(values[name])
            values["email"] = row.email and f"{row.email}.{prefix}@example.com"
        case Change():
            values = {
                "changed_record_id": key(row.record), "old_value": row.old, "new_value": row.new,
                "changed_at": row.at,
            }  # fmt: skip
        case Activity():
            values = {
                "person_id": key(row.person), "activity_type": row.type, "occurred_at": row.at,
                "is_automated": str(row.is_automated).lower(),
                "is_completed": str(row.is_completed).lower(), "owner_id": row.owner,
            }  # fmt: skip
        case Opportunity():
            values = {
                "person_id": key(row.person), "opportunity_type": row.type, "stage": row.stage,
                "stage_at": row.stage_at, "is_closed": str(bool(row.outcome)).lower(),
                "is_won": str(row.outcome == "won").lower(), "created_at": row.created_at,
                "closed_at": row.closed_at,
            }  # fmt: skip
        case Role():
            values = {
                "opportunity_id": key(row.opportunity), "person_id": key(row.person),
                "is_primary": str(row.is_primary).lower(),
            }  # fmt: skip
    return {"id": key(row.key), **values}
