"""What is new in a connected system, read object by object and landed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from threading import Semaphore
from typing import TYPE_CHECKING, Protocol

from ingestion.connectors.credentials import marketo_credentials, salesforce_credentials
from ingestion.connectors.errors import UnknownFieldError
from ingestion.connectors.landed import Extract, land_extract, loads_of
from ingestion.connectors.marketo import CALLS, LEAD, Instance
from ingestion.connectors.marketo.division import divide
from ingestion.connectors.marketo.extraction import Activities, Leads, Subject
from ingestion.connectors.marketo.extraction import Extraction as MarketoExtraction
from ingestion.connectors.marketo.lists import LISTS
from ingestion.connectors.salesforce import Org
from ingestion.connectors.salesforce.extraction import Extraction as SalesforceExtraction
from ingestion.connectors.window import Window, next_window, read_until
from ingestion.errors import FunnelError, TerminalError, TransientError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from ingestion.connectors.download import Download
    from ingestion.connectors.http import Patience
    from ingestion.files import Connection, Export
    from ingestion.files import Mapping as FileMapping
    from ingestion.landing import Landing, Manifest

# Marketo knows no beginning. It was founded in 2006, and each 31 days since are a job.
_MARKETO_BEGINS = datetime(2006, 1, 1, tzinfo=UTC)
_ACTIVITIES = "activities"
_TRIES = 3  # of what turns out to hold other rows than were told of
# Salesforce queues jobs, so that waiting for one at a time is most of a run; Marketo runs two.
_AT_ONCE = 4
# Of what was fetched, how much is landed at once: one landing leaves a core idle most of its time,
# and each more holds up to half a gigabyte.
_LANDED_AT_ONCE = 2
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class ReadObject:
    """What became of what is fetched at once: its loads by export, or why there are none.

    `object` is the system's own word for it. `loads` has nothing for an export of which nothing can
    be new: the source's clock shows the moment until which it was read. `read_until` is the moment
    until which all of it has landed, None if it never was.
    """

    source: str
    object: str
    exports: tuple[Export, ...]
    loads: tuple[tuple[Export, Manifest], ...] = ()
    read_until: datetime | None = None
    error: FunnelError | None = None


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How connections are read: into which landing, over which folder.

    `folder` keeps what was fetched and has not landed; `tell` hears of what is fetched, in any
    thread.
    """

    landing: Landing
    mapping: FileMapping
    folder: Path
    patience: Patience | None = None
    tell: Callable[[Download], None] = field(default=lambda _: None)

    def read(
        self, connection: Connection, past: tuple[datetime, datetime] | None = None
    ) -> Iterator[ReadObject]:
        """Read what is new of each object, or what changed in a stretch of the past once more.

        `past` is aware, its end not in it. An object that fails does not stop the others. Raises
        nothing of its own: an error of the source as a whole is that of each object.
        """
        exports = _by_object(self.mapping.objects_of(connection))
        try:
            source = _SOURCES[connection.connector](self, connection)
            groups = source.groups(exports)
            now = min(source.clock(), datetime.now(UTC))
        except FunnelError as error:
            for name, of_object in exports.items():
                yield self._failed(connection, name, of_object, error)
            return
        if past is not None and past[1] > now:
            past = past[0], now
        pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix=connection.name)
        try:
            landing = Semaphore(_LANDED_AT_ONCE)
            tasks = [
                _Task(self, source, connection, name, of, now, past, landing)
                for name, of in groups.items()
            ]
            runs = [pool.submit(one.run) for one in tasks]
            for task, run in zip(tasks, runs, strict=True):
                try:
                    loads = run.result()
                    until = self._read_until(task.exports)
                    yield ReadObject(connection.name, task.name, tuple(task.exports), loads, until)
                except FunnelError as error:
                    yield self._failed(connection, task.name, task.exports, error)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def loads(self, export: Export) -> list[Manifest]:
        """Return the loads that tell how far an export was read."""
        return loads_of(self.landing, self.mapping, export)

    def land(self, export: Export, extract: Extract) -> Manifest:
        """Land an extract."""
        return land_extract(self.landing, self.mapping, export, extract)

    def _failed(
        self, connection: Connection, name: str, exports: list[Export], error: FunnelError
    ) -> ReadObject:
        until = self._read_until(exports)
        return ReadObject(connection.name, name, tuple(exports), read_until=until, error=error)

    def _read_until(self, exports: list[Export]) -> datetime | None:
        """Until when all of these have landed: the one that was read least decides."""
        reached = [read_until(self.loads(one)) for one in exports]
        known = [one for one in reached if one is not None]
        return min(known) if len(known) == len(reached) else None


@dataclass(frozen=True)
class _Task:
    """One group of exports on its way from its source into the landing."""

    reading: Reading
    source: _Source
    connection: Connection
    name: str
    exports: list[Export]
    now: datetime
    past: tuple[datetime, datetime] | None
    landing: Semaphore

    @property
    def window(self) -> Window | None:
        """What to ask for, None if nothing can be new."""
        is_full = _is_full(self.exports)
        if self.past is not None:
            # It moves no bookmark: what lies behind a gap counts as not read.
            return None if is_full else Window(*self.past, bookmark=self.past[0])
        loads = [self.reading.loads(one) for one in self.exports]
        if all((read_until(one) or _NEVER) >= self.now for one in loads):
            return None
        if is_full:
            return Window(None, self.now)
        first = self.connection.first_day
        begin = None if first is None else datetime(first.year, first.month, first.day, tzinfo=UTC)
        windows = [next_window(one, self.now, self.connection.look_back, begin) for one in loads]
        return min(windows, key=lambda one: (one.bookmark is not None, one.bookmark or self.now))

    @property
    def folder(self) -> Path:
        """Where the download grows."""
        past = "" if self.past is None else "_".join(f"_{one:%Y%m%dT%H%M%S}" for one in self.past)
        safe = "".join(one if one.isalnum() else "_" for one in self.name)
        place = self.reading.folder / self.connection.system / self.connection.instance
        return place / f"{safe}{past}"

    def fetch(self) -> Download | None:
        """Fetch what is new, None if nothing can be."""
        window = self.window
        if window is None:
            return None
        return self.source.fetch(self.name, self.exports, window, self.folder)

    def run(self) -> tuple[tuple[Export, Manifest], ...]:
        """Fetch what is new and land it: all there is, and each piece that a former run began."""
        loads: list[tuple[Export, Manifest]] = []
        left = _TRIES
        while (download := self.fetch()) is not None:
            if self.past is not None and Extract.of(download).is_all:
                # What is there today says nothing of a day of the past.
                download.remove()
                break
            try:
                with self.landing:
                    loads += self.source.land(self.exports, download)
            except TransientError:
                # Other rows than were told of: nothing of it is worth keeping.
                download.remove()
                left -= 1
                if not left:
                    raise
                continue
            download.remove()
            # What a run that died had begun ends where that run ended.
            if self.past is not None or download.window.end >= self.now:
                break
        return tuple(loads)


class _Source(Protocol):
    """What differs between two systems."""

    def clock(self) -> datetime:
        """What time it is there, aware."""

    def groups(self, exports: Mapping[str, list[Export]]) -> Mapping[str, list[Export]]:
        """What is fetched at once, by a name, of exports by their object."""

    def fetch(self, name: str, exports: list[Export], window: Window, folder: Path) -> Download:
        """Fetch a window of a group into a folder."""

    def land(self, exports: list[Export], download: Download) -> list[tuple[Export, Manifest]]:
        """Land it."""


class _Salesforce:
    """An org: each object by itself."""

    def __init__(self, reading: Reading, connection: Connection) -> None:
        self._reading, self._connection = reading, connection
        credentials = salesforce_credentials(connection)
        self._org = Org(connection.name, credentials, patience=reading.patience)

    def clock(self) -> datetime:
        return self._org.check_version()

    def groups(self, exports: Mapping[str, list[Export]]) -> Mapping[str, list[Export]]:
        return exports

    def fetch(self, name: str, exports: list[Export], window: Window, folder: Path) -> Download:
        try:
            return self._extracted(name, exports, window, folder)
        except UnknownFieldError:
            # It went after it was described: what there is now is described once more.
            return self._extracted(name, exports, window, folder)

    def land(self, exports: list[Export], download: Download) -> list[tuple[Export, Manifest]]:
        return [(one, self._reading.land(one, Extract.of(download))) for one in exports]

    def _extracted(
        self, name: str, exports: list[Export], window: Window, folder: Path
    ) -> Download:
        poll = self._connection.poll_seconds
        description = self._org.describe(name)
        if _is_full(exports):
            # Without bounds: what changes before the query is run would lie outside, and be gone.
            description = replace(description, cursor=None)
        extraction = SalesforceExtraction(
            self._org, description, folder, first_poll=1 if poll is None else poll
        )
        return extraction.run(window, self._reading.tell)


class _Marketo:
    """An instance: leads, the activities of all types at once, and lists."""

    def __init__(self, reading: Reading, connection: Connection) -> None:
        self._reading, self._connection = reading, connection
        credentials = marketo_credentials(connection)
        calls = connection.calls_in_20_seconds
        self._instance = Instance(
            connection.name,
            credentials,
            patience=reading.patience,
            calls=CALLS if calls is None else calls,
        )
        self._stems: dict[str, str] = {}

    def clock(self) -> datetime:
        return self._instance.clock()

    def groups(self, exports: Mapping[str, list[Export]]) -> Mapping[str, list[Export]]:
        self._stems = {one.name: one.stem for one in self._instance.activity_types()}
        lists = {name: of for name, of in exports.items() if name in LISTS}
        unknown = sorted(exports.keys() - self._stems.keys() - lists.keys() - {LEAD})
        if unknown:
            raise TerminalError(
                f"there is no type of activity {', '.join(unknown)}",
                where=self._connection.name,
                mend="Correct `object` in the mapping; `make check-sources` tells what is known",
            )
        others = {LEAD, *lists}
        activities = [one for name, of in exports.items() if name not in others for one in of]
        groups = {LEAD: exports.get(LEAD, []), _ACTIVITIES: activities, **lists}
        return {name: of for name, of in groups.items() if of}

    def fetch(self, name: str, exports: list[Export], window: Window, folder: Path) -> Download:
        if name in LISTS:
            return LISTS[name](self._instance, folder, window)
        if name != LEAD:
            subject: Subject = Activities(tuple(map(self._stem, exports)))
        else:
            # By creation, which moves under no lead: one that changes meanwhile would be gone.
            subject = Leads("createdAt" if _is_full(exports) else "updatedAt")
        poll = self._connection.poll_seconds
        extraction = MarketoExtraction(
            self._instance,
            subject,
            folder,
            window.start or _MARKETO_BEGINS,
            60 if poll is None else poll,
        )
        return extraction.run(window, self._reading.tell)

    def land(self, exports: list[Export], download: Download) -> list[tuple[Export, Manifest]]:
        if "types" not in download.asked:
            # What was asked for, and not what the mapping says now: it may be of a run before.
            extract = Extract.of(download, is_full=download.asked.get("cursor") == "createdAt")
            return [(one, self._reading.land(one, extract)) for one in exports]
        division = divide(download)
        loads = []
        for one in exports:
            stem = self._stem(one)
            extract = Extract(
                division.files[stem],
                download.window,
                division.rows[stem],
                is_all=False,
                malformed=division.malformed.get(stem),
            )
            loads.append((one, self._reading.land(one, extract)))
        return loads

    def _stem(self, export: Export) -> str:
        return self._stems[export.object or ""]


def _is_full(exports: Iterable[Export]) -> bool:
    return any(one.load == "full" for one in exports)


def _by_object(exports: Iterable[Export]) -> dict[str, list[Export]]:
    found: dict[str, list[Export]] = {}
    for one in exports:
        found.setdefault(one.object or "", []).append(one)
    return found


_SOURCES: dict[str, Callable[[Reading, Connection], _Source]] = {
    "salesforce": _Salesforce,
    "marketo": _Marketo,
}
