"""The content of a version as plain data: its digest, and what differs between two versions."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ingestion.agreement.version import Version

Content = dict[str, Any]


def content(version: Version, *, with_defaults: bool = True) -> Content:
    """Return a version as JSON-ready data; items of a list that have a key stand under it."""
    plain = version.model_dump(mode="json", exclude_defaults=not with_defaults)
    keyed: Content = _keyed(plain)
    return keyed


def content_text(version: Version) -> str:
    """Return the content as canonical JSON text."""
    return json.dumps(content(version), sort_keys=True, ensure_ascii=False)


def digest(version: Version) -> str:
    """Return the SHA-256 of the content: comments, order of keyed items and layout don't count."""
    return hashlib.sha256(content_text(version).encode()).hexdigest()


def changes(old: Content, new: Content) -> list[str]:
    """Return every path that differs, as `slas.sales.speed_to_lead.target: 240 → 120`."""
    return list(_changes(old, new, ""))


def changes_since(landed: Content, version: Version) -> list[str]:
    """Return what a version differs in from its landed content.

    A key that did not exist when the version landed, and still has its default, is no change: it
    came with newer software.
    """
    explicit = content(version, with_defaults=False)
    return changes(landed, _as_of(landed, content(version), explicit))


def _as_of(landed: Content, now: Content, explicit: Content) -> Content:
    kept: Content = {}
    for key, value in now.items():
        if key not in landed and key not in explicit:
            continue
        below, said = landed.get(key), explicit.get(key)
        if isinstance(value, dict) and isinstance(below, dict):
            kept[key] = _as_of(below, value, said if isinstance(said, dict) else {})
        else:
            kept[key] = value
    return kept


def _keyed(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _keyed(inner) for key, inner in value.items()}
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        return value
    if not value:
        return value
    return {str(item.get("key", number)): _keyed(item) for number, item in enumerate(value, 1)}


def _changes(old: Any, new: Any, path: str) -> Iterator[str]:
    if old == new:
        return
    if isinstance(old, dict) and new == []:
        new = {}
    if isinstance(new, dict) and old == []:
        old = {}
    if isinstance(old, dict) and isinstance(new, dict):
        for key in (*new, *(key for key in old if key not in new)):
            inner = f"{path}.{key}" if path else key
            yield from _changes(old.get(key, _ABSENT), new.get(key, _ABSENT), inner)
        return
    yield f"{path}: {_shown(old)} → {_shown(new)}"


_ABSENT = object()


def _shown(value: Any) -> str:
    if value is _ABSENT:
        return "(not there)"
    if value is None or value == "":
        return "(empty)"
    if isinstance(value, dict):
        label = value.get("label")
        return f"'{label}'" if label else "(" + ", ".join(map(str, value)) + ")"
    if isinstance(value, list):
        return "[" + ", ".join(map(str, value)) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.12g}" if isinstance(value, float) else str(value)
