"""One run of the pipeline: its settings, its lock, and where it reads and writes."""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import dagster as dg
from pydantic import Field, PrivateAttr

from ingestion.agreement import Agreement, check_past_versions, read_agreement
from ingestion.errors import TerminalError
from ingestion.files import Mapping, find_mapping
from ingestion.landing import Landing
from ingestion.review import ReviewActions, check_past_actions, read_actions
from orchestration import progress
from orchestration.as_of import resolve_as_of, resolve_beginning, resolve_instant
from orchestration.failure import told
from orchestration.lock import hold_lock
from orchestration.publication import current_publication, replaces
from orchestration.sample_company import sample_company
from orchestration.workspace import PREFIX, PROJECT, Workspace, read_workspace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date
    from pathlib import Path

REVIEW_FILE = "review_actions.yml"


class Plan:
    """What a run is about, worked out once: workspace, mapping, agreement, as_of, warehouse.

    Raises the TerminalError of whatever does not fit: the exports, the mapping, the agreement, the
    instants asked for.
    """

    def __init__(
        self,
        workspace: Workspace,
        as_of: str = "",
        loads_until: str = "",
        read_from: str = "",
        read_until: str = "",
    ) -> None:
        self.workspace = workspace
        self._read_from, self._read_until = read_from, read_until
        self._as_of = as_of or os.environ.get(f"{PREFIX}AS_OF", "")
        self._loads_until = loads_until or os.environ.get(f"{PREFIX}LOADS_UNTIL", "")
        # Erasures that this run took out of the landing: they end when it has published.
        self.taken_out: tuple[str, ...] = ()

    def check(self) -> None:
        """Raise the TerminalError of whatever does not fit, before anything is landed."""
        _ = self.as_of, self.loads_until, self.is_beside, self.past
        check_past_versions(self.landing, self.agreement, self.today)
        if self.review is not None:
            check_past_actions(
                self.landing, self.review, self.agreement.name, str(self.review_file)
            )

    @cached_property
    def mapping(self) -> Mapping:
        """The mapping of the exports."""
        return find_mapping(self.workspace.exports, self.workspace.mapping)

    @cached_property
    def agreement_file(self) -> Path:
        """The agreement: the one that was named, else the mapping's, else the project's."""
        named = self.workspace.agreement or self.mapping.agreement_path
        return named or PROJECT / "agreement.yml"

    @cached_property
    def agreement(self) -> Agreement:
        """The agreement, read and checked."""
        return read_agreement(self.agreement_file)

    @property
    def review_file(self) -> Path:
        """The file beside the agreement with what reviews decided; it need not be there."""
        return self.agreement_file.with_name(REVIEW_FILE)

    @cached_property
    def review(self) -> ReviewActions | None:
        """What reviews decided, read and checked; None without a file."""
        if not self.review_file.is_file():
            return None
        return read_actions(self.review_file, self.agreement)

    @property
    def zone(self) -> str:
        """IANA name of the reporting zone."""
        return self.mapping.reporting_time_zone

    @cached_property
    def today(self) -> date:
        """The day it is in the reporting zone: what has begun by it cannot be unsigned."""
        return datetime.now(UTC).astimezone(ZoneInfo(self.zone)).date()

    @cached_property
    def as_of(self) -> datetime:
        """Exclusive instant, aware and UTC, up to which events count."""
        return resolve_as_of(self._as_of, self.mapping.as_of, self.zone, datetime.now(UTC))

    @cached_property
    def loads_until(self) -> datetime | None:
        """Exclusive instant, aware and UTC, up to which loads count; None for all of them."""
        if not self._loads_until.strip():
            return None
        return resolve_instant(self._loads_until, self.zone, name="loads_until")

    @cached_property
    def past(self) -> tuple[datetime, datetime] | None:
        """The stretch that connected systems are read over once more; aware, without its end."""
        if not self._read_from and not self._read_until:
            return None
        if not self._read_from or not self._read_until:
            raise TerminalError(
                "one of the two is missing",
                where="read_from, read_until",
                mend="Give both, e.g. read_from 2026-03-01 and read_until 2026-03-31",
            )
        start = resolve_beginning(self._read_from, self.zone, name="read_from")
        end = resolve_instant(self._read_until, self.zone, name="read_until")
        if start >= end:
            raise TerminalError(
                f"{self._read_until} is before {self._read_from}",
                where="read_from, read_until",
                mend="Give the earlier of the two as read_from",
            )
        if not self.mapping.connections:
            raise TerminalError(
                "no system is connected that could be read over a stretch of the past",
                where=str(self.mapping.path),
                mend="Leave read_from and read_until out; files are read as they are",
            )
        return start, end

    @cached_property
    def is_beside(self) -> bool:
        """Whether this looks at less than the current publication and must not replace it."""
        current = current_publication(self.workspace.published)
        return not replaces(current, self.as_of, self.loads_until)

    @cached_property
    def warehouse(self) -> Path:
        """The DuckDB file to build."""
        if not self.is_beside:
            return self.workspace.warehouse
        moments = [self.as_of, *([self.loads_until] if self.loads_until else [])]
        name = "-loads-until-".join(f"{one:%Y%m%dT%H%M%SZ}" for one in moments)
        return self.workspace.beside / f"{name}.duckdb"

    @cached_property
    def landing(self) -> Landing:
        """The landing of the data set."""
        return Landing(self.workspace.landing)


class FunnelRun(dg.ConfigurableResource["FunnelRun"]):
    """The run as a resource: it holds the run lock from the first step to the last."""

    as_of: str = Field(
        default="",
        description="Day (its end in the reporting zone) or instant up to which events count."
        " Empty: the data set's own day, else the last complete day.",
    )
    loads_until: str = Field(
        default="",
        description="Day or instant up to which loads count. Empty: all of them.",
    )
    read_from: str = Field(
        default="",
        description="First day, or instant, that connected systems are read over once more.",
    )
    read_until: str = Field(default="", description="Last day of that, or instant.")
    _plan: Plan | None = PrivateAttr(default=None)

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator[FunnelRun]:
        """Take the lock, check the settings, remove what a run that died left in the landing."""
        with ExitStack() as held:
            # What is wrong before the first step is told as a failure of the run, in its own words.
            with told():
                workspace = read_workspace()
                run_id = context.run.run_id if context.run else "unknown"
                held.enter_context(hold_lock(workspace.lock, run_id))
                held.enter_context(sample_company(workspace))
                self._plan = Plan(
                    workspace, self.as_of, self.loads_until, self.read_from, self.read_until
                )
                self._plan.check()
                for folder in self._plan.landing.sweep():
                    progress.say("land", f"removed a load that was never finished: {folder}")
            yield self

    @property
    def plan(self) -> Plan:
        """What this run is about."""
        if self._plan is None:
            raise RuntimeError("the run has not started")
        return self._plan
