from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

from ingestion.errors import TerminalError
from ingestion.landing import Manifest, iso_utc

KEYS = [
    "load_id", "source", "instance", "object", "kind", "export", "file", "window_start",
    "window_end", "cursor_before", "cursor_after", "extracted_at", "rows_delivered",
    "rows_landed", "rows_set_aside", "rows_reported", "files", "set_aside_files", "checksum",
    "settings_digest", "columns", "formats", "time_zone", "supersedes", "rewrites",
]  # fmt: skip


def test_json_has_the_keys_in_the_agreed_order(make_manifest):
    assert list(json.loads(make_manifest().to_json())) == KEYS


def test_a_manifest_survives_its_json(make_manifest):
    manifest = make_manifest(
        export="leads.csv",
        file="leads.csv",
        window_end=datetime(2018, 11, 15, tzinfo=UTC),
        extracted_at=datetime(2024, 5, 1, 12, 0, 0, 123456, tzinfo=UTC),
        rows_delivered=3,
        rows_landed=2,
        rows_set_aside=1,
        files=("part-00000.parquet",),
        set_aside_files=("set_aside-00000.parquet",),
        columns={"email": "E-Mail é"},
        formats={"*": "ISO"},
        time_zone="UTC",
        supersedes=("load-0",),
    )
    assert Manifest.from_json(manifest.to_json(), where="x") == manifest


def test_times_are_iso_utc(make_manifest):
    brasilia = timezone(timedelta(hours=-2))
    values = json.loads(make_manifest(window_end=datetime(2018, 11, 15, tzinfo=brasilia)).to_json())
    assert values["window_end"] == "2018-11-15T02:00:00Z"
    assert values["extracted_at"] == "2024-05-01T12:00:00.000000Z"
    assert values["window_start"] is None


def test_a_time_without_zone_is_refused():
    with pytest.raises(ValueError, match="no time zone"):
        iso_utc(datetime(2024, 1, 1))


def _without(text: str, key: str) -> str:
    values = json.loads(text)
    del values[key]
    return json.dumps(values)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda text: text[: len(text) // 2], "manifest is damaged"),
        (lambda text: "", "manifest is damaged"),
        (lambda text: "[]", "manifest is damaged"),
        (lambda text: text.replace('"full"', '"half"'), "kind is 'half'"),
        (lambda text: text.replace('"rows_landed": 0', '"rows_landed": "x"'), "no number|not a nu"),
        (lambda text: text.replace('"load_id"', '"lod_id"'), "unknown key lod_id"),
        (lambda text: _without(text, "checksum"), "checksum is missing"),
        (lambda text: text.replace("2024-05-01", "2024-13-01"), "manifest is damaged"),
    ],
)
def test_a_damaged_manifest_names_the_file(make_manifest, damage, said):
    with pytest.raises(TerminalError, match=said) as caught:
        Manifest.from_json(damage(make_manifest().to_json()), where="/landing/x/manifest.json")
    assert str(caught.value).startswith("/landing/x/manifest.json: ")
    assert "delete its folder" in str(caught.value)
