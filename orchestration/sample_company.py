"""The sample: a simulated company whose systems are there for as long as a run reads them."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ingestion.errors import TerminalError
from orchestration import progress
from orchestration.workspace import SAMPLE, Workspace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ingestion.sandbox.apis.served_company import ServedSystem
    from ingestion.sandbox.settings import Settings

# What is served over HTTP; billing comes as a file.
SERVED = frozenset({"salesforce", "marketo"})


def ensure_exports(workspace: Workspace) -> None:
    """Write what the simulated company exports, if that is what is asked for and not there.

    Raises TerminalError if another version of the project wrote the exports that are there.
    """
    if not workspace.is_sample:
        return
    from ingestion.sandbox.written import read_written, write_company  # noqa: PLC0415  # numpy

    if not workspace.exports.is_dir():
        with progress.still("land", "simulating the sample company"):
            write_company(workspace.folder, _settings(), name=SAMPLE)
        return
    written = read_written(workspace.folder)
    if written is None or written.served != sorted(SERVED):
        raise TerminalError(
            "the exports of the sample company are those of an earlier version",
            where=str(workspace.exports),
            mend=f"Remove {workspace.folder}; the next run writes the company anew",
        )


@contextmanager
def sample_company(workspace: Workspace) -> Iterator[None]:
    """Serve the systems of the simulated company while the block runs, if it is what is asked for.

    They answer on loopback, and what opens them is in the environment meanwhile. Raises as
    `ensure_exports` does.
    """
    ensure_exports(workspace)
    if not workspace.is_sample:
        yield
        return
    from ingestion.sandbox.apis.present import Present  # noqa: PLC0415  # numpy and a web server
    from ingestion.sandbox.apis.served_company import Habits, served_company  # noqa: PLC0415
    from ingestion.sandbox.company.company import simulate  # noqa: PLC0415
    from ingestion.sandbox.exports.morning import after  # noqa: PLC0415
    from ingestion.sandbox.systems.landscape import hold_systems  # noqa: PLC0415

    settings = _settings()
    systems = hold_systems(simulate(settings))
    # They stand still at the moment at which the files were exported.
    present = Present(after(settings.last_day))
    habits = Habits(has_limits=False)
    with served_company(systems, present, habits) as serving, _environment(serving):
        yield


@contextmanager
def _environment(systems: list[ServedSystem]) -> Iterator[None]:
    given = {name: text for one in systems for name, text in one.environment.items()}
    former = {name: os.environ.get(name) for name in given}
    os.environ.update(given)
    try:
        yield
    finally:
        for name, text in former.items():
            if text is None:
                del os.environ[name]
            else:
                os.environ[name] = text


def _settings() -> Settings:
    from ingestion.sandbox.mess import PROFILES, archived  # noqa: PLC0415  # numpy
    from ingestion.sandbox.settings import Settings  # noqa: PLC0415

    return Settings(mess=archived(PROFILES["usual"]), served=SERVED)
