"""A crash at any moment leaves nothing or a whole load."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ingestion.landing import Landing

# Forks one child per step: the n-th child is killed at, or gets an error from, the n-th touch of
# the file system under the landing. Ends with the first child that comes through.
PROGRAM = """
import os, signal, sys
from datetime import UTC, datetime
import duckdb, pyarrow as pa, pyarrow.parquet as pq
from ingestion.landing import Landing, Manifest
pq.write_table(pa.table({"warm": ["up"]}), pa.BufferOutputStream())

root, how = sys.argv[1:]
EVENTS = {"open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "shutil.rmtree", "os.listdir",
          "os.scandir"}

class Broken(Exception):
    pass

def child(step):
    top = os.path.join(root, str(step))
    touches = 0
    def stop(event, args):
        nonlocal touches
        if event not in EVENTS or not str(args[0]).startswith(top):
            return
        touches += 1
        if touches == step:
            if how == "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            raise Broken
    sys.addaudithook(stop)
    manifest = Manifest(load_id="load", source="files", instance="crm", object="persons",
        kind="full", extracted_at=datetime.now(UTC), checksum="x")
    with Landing(top).write_load(manifest) as load:
        load.write(pa.table({"a": ["1", "2", "3"]}))
        load.write(pa.table({"reason": ["no key"]}), "set_aside")
        load.update(rows_delivered=4, rows_landed=3, rows_set_aside=1)

for step in range(1, 100):
    pid = os.fork()
    if pid == 0:
        try:
            child(step)
        except Broken:
            os._exit(1)
        os._exit(0)
    if os.waitpid(pid, 0)[1] == 0:
        print(step)
        break
"""


@pytest.mark.parametrize("how", ["kill", "raise"])
def test_a_crash_leaves_nothing_or_a_whole_load(tmp_path, how):
    project = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path), how],
        cwd=project,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    last = int(done.stdout)
    assert last > 8
    outcomes = []
    for step in range(1, last + 1):
        landing = Landing(tmp_path / str(step))
        loads = landing.loads()
        for load in loads:
            assert landing.read(load)["a"].to_pylist() == ["1", "2", "3"]
            assert landing.read(load, "set_aside").num_rows == 1
        landing.sweep()
        assert landing.loads() == loads
        assert landing.sweep() == []
        left = {path.name for path in (tmp_path / str(step)).rglob("*") if path.is_file()}
        whole = {"manifest.json", "part-00000.parquet", "set_aside-00000.parquet"}
        assert left == (whole if loads else set())
        outcomes.append(len(loads))
    # Nothing up to one step, a whole load from there on.
    assert outcomes == sorted(outcomes)
    assert outcomes[0] == 0
    assert outcomes[-1] == 1
