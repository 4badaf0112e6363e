from __future__ import annotations

import pyarrow as pa

from ingestion.landing import content_digest, land_reference, newest

A = pa.table({"rank": pa.array([1, 2], pa.int32()), "day": pa.array([None, 19000], pa.date32())})
B = A.slice(0, 1)


def test_the_same_content_lands_once(landing):
    first = land_reference(landing, "agreement", "key", "stages", A)
    again = land_reference(landing, "agreement", "key", "stages", pa.concat_tables([B, A.slice(1)]))
    assert again == first
    assert len(landing.loads()) == 1
    assert first.kind == "reference"
    assert landing.read(first) == A


def test_changed_content_is_a_new_load_and_the_newest_is_in_use(landing):
    land_reference(landing, "agreement", "key", "stages", A)
    second = land_reference(landing, "agreement", "key", "stages", B)
    third = land_reference(landing, "agreement", "key", "stages", A)
    assert newest(landing, "agreement", "key", "stages") == third
    assert second.load_id != third.load_id
    assert len(landing.loads()) == 3
    assert newest(landing, "agreement", "key", "exits") is None


def test_types_count_as_content():
    assert content_digest(A) != content_digest(A.set_column(0, "rank", A["rank"].cast(pa.int64())))
    assert content_digest(A) != content_digest(A.rename_columns(["rang", "day"]))
