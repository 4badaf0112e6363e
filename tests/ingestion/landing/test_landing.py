from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from fsspec.core import url_to_fs

from ingestion.errors import TerminalError
from ingestion.landing import Landing

ROWS = pa.table({"a": ["1", "2", "3"]})


def write(landing, manifest, rows=ROWS):
    with landing.write_load(manifest) as load:
        load.write(rows)
        load.update(rows_delivered=rows.num_rows, rows_landed=rows.num_rows)
    return load.manifest


def test_a_new_landing_has_no_loads(landing):
    assert landing.loads() == []
    assert landing.sweep() == []


def test_a_load_can_be_read_back(landing, make_manifest):
    written = write(landing, make_manifest())
    assert landing.loads() == [written]
    assert written.files == ("part-00000.parquet",)
    assert written.rows_landed == 3
    assert landing.read(written) == ROWS


def test_a_load_has_parts_and_rows_set_aside(landing, make_manifest):
    with landing.write_load(make_manifest()) as load:
        load.write(ROWS)
        with load.new_file() as path:
            duckdb.sql(f"copy (select '4' as a) to '{path}' (format parquet)")
        load.write(pa.table({"reason": ["no key"]}), "set_aside")
        load.update(rows_delivered=5, rows_landed=4, rows_set_aside=1)
    (manifest,) = landing.loads()
    assert manifest.files == ("part-00000.parquet", "part-00001.parquet")
    assert manifest.set_aside_files == ("set_aside-00000.parquet",)
    assert landing.read(manifest)["a"].to_pylist() == ["1", "2", "3", "4"]
    assert landing.read(manifest, "set_aside").num_rows == 1


def test_paths_can_be_opened_by_others(tmp_path, make_manifest):
    landing = Landing(tmp_path / "landing")
    manifest = write(landing, make_manifest())
    assert duckdb.read_parquet(landing.paths(manifest)).fetchall() == [("1",), ("2",), ("3",)]
    assert Path(landing.paths(manifest)[0]).parent == (
        tmp_path / "landing" / "files" / "crm" / "persons" / "load-1"
    )


def test_paths_of_an_object_store_are_urls(make_manifest):
    landing = Landing("memory://paths/landing")
    manifest = write(landing, make_manifest())
    assert landing.paths(manifest) == [
        "memory:///paths/landing/files/crm/persons/load-1/part-00000.parquet"
    ]


def test_loads_of_one_source(landing, make_manifest):
    write(landing, make_manifest())
    write(landing, make_manifest(source="mapping", kind="reference"))
    assert [one.source for one in landing.loads()] == ["files", "mapping"]
    assert [one.source for one in landing.loads("mapping")] == ["mapping"]
    assert landing.loads("nothing") == []


def test_loads_are_sorted_by_time_of_extraction(landing, make_manifest):
    late = make_manifest("a", extracted_at=datetime(2024, 5, 2, tzinfo=UTC))
    early = make_manifest("b", extracted_at=datetime(2024, 5, 1, tzinfo=UTC))
    write(landing, late)
    write(landing, early)
    assert [one.load_id for one in landing.loads()] == ["b", "a"]


def test_superseded_loads_are_left_out(landing, make_manifest):
    write(landing, make_manifest("old"))
    write(landing, make_manifest("old", object="accounts"))
    write(landing, make_manifest("new", supersedes=("old",)))
    assert [(one.object, one.load_id) for one in landing.loads()] == [
        ("accounts", "old"),
        ("persons", "new"),
    ]
    assert len(landing.loads(with_superseded=True)) == 3


def test_a_load_is_never_written_twice(landing, make_manifest):
    first = write(landing, make_manifest())
    with pytest.raises(TerminalError, match="load-1 is there already"):
        write(landing, make_manifest(), pa.table({"a": ["other"]}))
    assert landing.loads() == [first]
    assert landing.read(first) == ROWS


def test_rows_that_do_not_add_up_leave_no_load(landing, make_manifest):
    draft = make_manifest(rows_delivered=3, rows_landed=2)
    with (
        pytest.raises(ValueError, match="3 rows delivered, but 2 landed and 0 set aside"),
        landing.write_load(draft) as load,
    ):
        load.write(ROWS)
    assert landing.loads() == []
    assert landing.sweep() == []


@pytest.mark.parametrize("name", ["", "a/b", "..", ".hidden", "a b"])
def test_names_that_leave_the_landing_are_refused(landing, make_manifest, name):
    with pytest.raises(TerminalError, match="cannot name a folder"):
        write(landing, make_manifest(instance=name))
    assert landing.loads() == []


def test_an_error_inside_leaves_no_load(landing, make_manifest):
    with pytest.raises(ZeroDivisionError), landing.write_load(make_manifest()) as load:
        _ = load.write(ROWS), 1 / 0
    assert landing.loads() == []
    assert landing.sweep() == []


def test_sweep_removes_what_was_not_committed(landing, make_manifest):
    kept = write(landing, make_manifest())
    fs, root = url_to_fs(landing.url)
    fs.makedirs(f"{root}/files/crm/persons/dead", exist_ok=True)
    fs.pipe_file(f"{root}/files/crm/persons/dead/part-00000.parquet", b"half")
    fs.makedirs(f"{root}/files/crm/accounts/dead", exist_ok=True)
    fs.pipe_file(f"{root}/files/crm/accounts/dead/manifest.json.draft", b"{}")
    assert [one.load_id for one in landing.loads()] == ["load-1"]
    swept = landing.sweep()
    assert [one.split("/")[-2:] for one in swept] == [["accounts", "dead"], ["persons", "dead"]]
    assert landing.sweep() == []
    assert landing.read(kept) == ROWS


def test_sweep_removes_empty_folders_of_loads(tmp_path):
    (tmp_path / "landing/files/crm/persons/dead").mkdir(parents=True)
    assert len(Landing(tmp_path / "landing").sweep()) == 1
    assert not (tmp_path / "landing/files/crm/persons/dead").exists()


def test_a_left_over_folder_does_not_hinder_the_next_try(landing, make_manifest):
    fs, root = url_to_fs(landing.url)
    folder = f"{root}/files/crm/persons/load-1"
    fs.makedirs(folder, exist_ok=True)
    fs.pipe_file(f"{folder}/part-00007.parquet", b"half")
    manifest = write(landing, make_manifest())
    assert not fs.exists(f"{folder}/part-00007.parquet")
    assert landing.read(manifest) == ROWS


def test_a_damaged_manifest_is_named(landing, make_manifest):
    write(landing, make_manifest())
    fs, root = url_to_fs(landing.url)
    path = f"{root}/files/crm/persons/load-1/manifest.json"
    fs.pipe_file(path, fs.cat_file(path)[:40])
    with pytest.raises(TerminalError, match="damaged") as caught:
        landing.loads()
    assert caught.value.where == path


def test_a_missing_file_is_named(landing, make_manifest):
    manifest = write(landing, make_manifest())
    fs, root = url_to_fs(landing.url)
    fs.rm(f"{root}/files/crm/persons/load-1/{manifest.files[0]}")
    with pytest.raises(TerminalError, match=r"names part-00000.parquet, which is not there"):
        landing.loads()


def test_a_moved_folder_is_noticed(tmp_path, make_manifest):
    landing = Landing(tmp_path)
    write(landing, make_manifest())
    (tmp_path / "files/crm/persons/load-1").rename(tmp_path / "files/crm/persons/load-2")
    with pytest.raises(TerminalError, match="belongs to another folder"):
        landing.loads()


def test_an_unknown_store_is_refused():
    with pytest.raises(TerminalError, match="cannot open this landing"):
        Landing("nosuchstore://bucket/landing")
