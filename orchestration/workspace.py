"""Where everything of one data set lies."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from ingestion.errors import TerminalError

PREFIX = "UNIFIED_FUNNEL_"
SAMPLE = "sample_company"
WAREHOUSE = "warehouse.duckdb"
PROJECT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, kw_only=True)
class Workspace:
    """The folders and files of one data set; nothing is created by asking for a path.

    `exports` is the folder of export files, `mapping` the mapping file that was named for it (None:
    the one that fits), `agreement` the agreement file that was named (None: the mapping's, else the
    project's).
    """

    data_set: str
    folder: Path
    exports: Path
    mapping: Path | None = None
    agreement: Path | None = None

    @property
    def landing(self) -> Path:
        """Folder of the append-only landing."""
        return self.folder / "landing"

    @property
    def downloads(self) -> Path:
        """Folder of what was fetched over APIs and has not landed."""
        return self.folder / "downloads"

    @property
    def warehouse(self) -> Path:
        """DuckDB file that only the pipeline opens."""
        return self.folder / WAREHOUSE

    @property
    def beside(self) -> Path:
        """Folder of the warehouses that are built for an older as_of."""
        return self.folder / "beside"

    @property
    def published(self) -> Path:
        """Folder of the publications and of `current`."""
        return self.folder / "published"

    @property
    def reports(self) -> Path:
        """Folder of the pages that are made of the current publication."""
        return self.folder / "reports"

    @property
    def data_docs(self) -> Path:
        """Folder of the pages that tell what both gates found; `current` has them."""
        return self.folder / "data_docs"

    @property
    def exported(self) -> Path:
        """Folder of what was exported for other systems; `exports` is what came from them."""
        return self.folder / "exported"

    @property
    def alerts(self) -> Path:
        """File that remembers what was told."""
        return self.folder / "alerts.json"

    @property
    def lock(self) -> Path:
        """File that the run in progress holds."""
        return self.folder / "run.lock"

    @property
    def dagster_home(self) -> Path:
        """Folder of Dagster's own storage and log."""
        return self.folder / "dagster"

    @property
    def dbt_target(self) -> Path:
        """Folder of what dbt writes when the pipeline runs it, its log included."""
        return self.folder / "dbt"

    @property
    def is_sample(self) -> bool:
        """Whether the exports are those of the simulated company, which the first run writes."""
        return self.data_set == SAMPLE and self.exports == self.folder / "exports"


def workspaces() -> Path:
    """Return the folder that holds one folder for each data set."""
    return _path("WORKSPACE") or PROJECT / "workspace"


def dbt_project() -> Path:
    """Return the folder of the dbt project."""
    return PROJECT / "dbt_project"


def read_workspace() -> Workspace:
    """Return the workspace that the environment asks for, by default the sample company's.

    The data set has the name of the mapping that fits the folder in UNIFIED_FUNNEL_DATA.
    Raises TerminalError if that folder is missing, or if no mapping or more than one fits.
    """
    exports = _path("DATA")
    mapping = _path("MAPPING")
    agreement = _path("AGREEMENT")
    if exports is None:
        folder = workspaces() / SAMPLE
        return Workspace(
            data_set=SAMPLE, folder=folder, exports=folder / "exports", agreement=agreement
        )
    if not exports.is_dir():
        raise TerminalError(
            "there is no such folder",
            where=str(exports),
            mend="Name a folder of export files, e.g. DATA=exports/2026-01",
        )
    from ingestion.files import find_mapping  # noqa: PLC0415  # pydantic and YAML take 0.3 s

    data_set = find_mapping(exports, mapping).name
    return Workspace(
        data_set=data_set,
        folder=workspaces() / data_set,
        exports=exports,
        mapping=mapping,
        agreement=agreement,
    )


def _path(name: str) -> Path | None:
    text = os.environ.get(PREFIX + name, "").strip()
    return Path(text).expanduser().resolve() if text else None
