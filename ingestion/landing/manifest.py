"""The manifest of one load: what was read, from where, and how much of it landed."""

from __future__ import annotations

import json
from dataclasses import MISSING, asdict, dataclass, field, fields
from datetime import UTC, datetime
from typing import Any, Literal, get_args

from ingestion.errors import TerminalError

Kind = Literal["full", "increment", "backfill", "reference"]

NAME = "manifest.json"


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """One load of one object; the JSON file has the same keys in the same order.

    Times are aware and UTC. `window_end` of a file is the time of its export. `cursor_*` and
    `rows_reported` are what the source itself says, null where it says nothing. `files` and
    `set_aside_files` are relative to the folder of the load; `supersedes` names loads of the same
    source, instance and object; `rewrites` is the one of them whose rows these are, without what
    was erased.
    """

    load_id: str
    source: str
    instance: str
    object: str
    kind: Kind
    export: str | None = None
    file: str | None = None
    window_start: datetime | None = None
    window_end: datetime | None = None
    cursor_before: str | None = None
    cursor_after: str | None = None
    extracted_at: datetime
    rows_delivered: int = 0
    rows_landed: int = 0
    rows_set_aside: int = 0
    rows_reported: int | None = None
    files: tuple[str, ...] = ()
    set_aside_files: tuple[str, ...] = ()
    checksum: str
    settings_digest: str | None = None
    columns: dict[str, str] = field(default_factory=dict)
    formats: dict[str, str] = field(default_factory=dict)
    time_zone: str | None = None
    supersedes: tuple[str, ...] = ()
    rewrites: str | None = None

    def to_json(self) -> str:
        """Return the text of `manifest.json`."""
        values = asdict(self)
        for name in ("window_start", "window_end"):
            values[name] = None if values[name] is None else iso_utc(values[name])
        # Always with microseconds: two loads of one second must still sort by their text.
        values["extracted_at"] = iso_utc(self.extracted_at, timespec="microseconds")
        return json.dumps(values, ensure_ascii=False, indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str, *, where: str) -> Manifest:
        """Read the text of a `manifest.json`; `where` is named in the error.

        Raises TerminalError if the text is not a manifest.
        """
        try:
            return cls._from_values(json.loads(text))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise TerminalError(
                f"the manifest is damaged ({error})",
                where=where,
                mend="Restore the file from a copy, or delete its folder and load again",
            ) from error

    @classmethod
    def _from_values(cls, values: dict[str, Any]) -> Manifest:
        declared = {one.name: one for one in fields(cls)}
        if unknown := sorted(set(values) - set(declared)):
            raise ValueError(f"unknown key {unknown[0]}")
        required = {
            name
            for name, one in declared.items()
            if one.default is MISSING and one.default_factory is MISSING
        }
        if missing := sorted(required - set(values)):
            raise ValueError(f"{missing[0]} is missing")
        if values["kind"] not in get_args(Kind):
            raise ValueError(f"kind is {values['kind']!r}")
        for name in ("window_start", "window_end", "extracted_at"):
            if values.get(name) is not None:
                values[name] = datetime.fromisoformat(values[name]).astimezone(UTC)
        for name in ("rows_delivered", "rows_landed", "rows_set_aside"):
            if not isinstance(values.get(name, 0), int):
                raise TypeError(f"{name} is not a number")
        for name in ("files", "set_aside_files", "supersedes"):
            values[name] = tuple(values.get(name, ()))
        return cls(**values)


def iso_utc(moment: datetime, timespec: str = "auto") -> str:
    """Return an aware time as ISO text in UTC, ending in Z. Raises ValueError if it is naive."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment} has no time zone")
    return moment.astimezone(UTC).isoformat(timespec=timespec).replace("+00:00", "Z")
