"""Stand-ins in a process of their own: `python -m tests.bench.ingest.stand_ins <folder> <people>`.

Puts the mapping by which they are read into the folder, prints the variables that lead to them as
a line of JSON, and serves until its input ends. There are no limits, and what was asked for once is
not made again.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

from ingestion.sandbox.apis.present import Present
from ingestion.sandbox.apis.served_company import FAULTS, Habits, served_company
from ingestion.sandbox.company.company import simulate
from ingestion.sandbox.exports import write_full
from ingestion.sandbox.exports.morning import after
from ingestion.sandbox.mess import PROFILES, archived
from ingestion.sandbox.settings import Settings
from ingestion.sandbox.systems.landscape import hold_systems

MAPPING = Path("mapping") / "mapping.yml"


def serve(folder: Path, people: int) -> None:
    """Serve a company of usual mess until the input ends."""
    settings = Settings(people=people, mess=archived(PROFILES["usual"]), served=frozenset(FAULTS))
    systems = hold_systems(simulate(settings))
    exports = folder / MAPPING.parent
    shutil.rmtree(exports, ignore_errors=True)
    write_full(exports, settings, systems, name="bench")
    habits = Habits(has_limits=False, keeps_answers=True)
    with served_company(systems, Present(after(settings.last_day)), habits) as serving:
        given = {name: text for one in serving for name, text in one.environment.items()}
        sys.stdout.write(f"{json.dumps(given)}\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    serve(Path(sys.argv[1]), int(sys.argv[2]))
