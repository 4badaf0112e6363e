"""What is new in a connected system, read object by object and landed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from ingestion.connectors.credentials import marketo_credentials, salesforce_credentials
from ingestion.connectors.landed import Extract, land_extract, loads_of
from ingestion.connectors.marketo import LEAD, Instance
from ingestion.connectors.marketo.division import divide
from ingestion.connectors.marketo.extraction import Activities, Leads
from ingestion.connectors.marketo.extraction import Extraction as MarketoExtraction
from ingestion.connectors.salesforce import Org
from ingestion.connectors.salesforce.extraction import Extraction as SalesforceExtraction
from ingestion.connectors.window import next_window
from ingestion.errors import FunnelError, TerminalError, TransientError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from ingestion.connectors.download import Download
    from ingestion.connectors.http import Patience
    from ingestion.connectors.window import Window
    from ingestion.files import Connection, Export
    from ingestion.files import Mapping as FileMapping
    from ingestion.landing import Landing, Manifest

# Marketo knows no beginning. It was founded in 2006, and each 31 days since are a job.
_MARKETO_BEGINS = datetime(2006, 1, 1, tzinfo=UTC)
_ACTIVITIES = "activities"
_TRIES = 3  # of what turns out to hold other rows than were told of


@dataclass(frozen=True)
class ReadObject:
    """What became of one object: its loads, or why there are none."""

    source: str
    object: str
    loads: tuple[Manifest, ...] = ()
    error: FunnelError | None = None


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How a connection is read: into which landing, over which folder, until which moment.

    `folder` keeps what was fetched and has not landed; `now` is aware and fixed for all objects.
    `poll` is the seconds until a job is looked at again, None for the system's own habit; without
    `is_paced` no calls are spared for others; `tell` hears of what is fetched.
    """

    landing: Landing
    mapping: FileMapping
    folder: Path
    now: datetime
    patience: Patience | None = None
    poll: float | None = None
    is_paced: bool = True
    tell: Callable[[Download], None] = field(default=lambda _: None)

    def read(self, connection: Connection) -> Iterator[ReadObject]:
        """Read what is new of each object. An object that fails does not stop the others.

        Raises nothing of its own: an error of the source as a whole is that of each object.
        """
        exports = _by_object(self.mapping.objects_of(connection))
        try:
            source = _SOURCES[connection.connector](self, connection)
            groups = source.groups(exports)
        except FunnelError as error:
            for name in exports:
                yield ReadObject(connection.name, name, error=error)
            return
        for name, of_object in groups.items():
            try:
                loads = self._landed(source, name, of_object)
                yield ReadObject(connection.name, name, tuple(loads))
            except FunnelError as error:
                yield ReadObject(connection.name, name, error=error)

    def window(self, connection: Connection, exports: Iterable[Export]) -> Window:
        """Return the window that is new for all of these: the one that was read least decides."""
        look_back = timedelta(minutes=connection.look_back_minutes)
        first = connection.first_day
        begin = None if first is None else datetime(first.year, first.month, first.day, tzinfo=UTC)
        windows = [
            next_window(loads_of(self.landing, self.mapping, one), self.now, look_back, begin)
            for one in exports
        ]
        return min(windows, key=lambda one: (one.bookmark is not None, one.bookmark or self.now))

    def folder_of(self, connection: Connection, name: str) -> Path:
        """Return the folder in which an object's download grows."""
        safe = "".join(one if one.isalnum() else "_" for one in name)
        return self.folder / connection.system / connection.instance / safe

    def land(self, export: Export, extract: Extract) -> Manifest:
        """Land an extract."""
        return land_extract(self.landing, self.mapping, export, extract)

    def _landed(self, source: _Source, name: str, exports: list[Export]) -> list[Manifest]:
        for left in reversed(range(_TRIES)):
            download = source.fetch(name, exports)
            try:
                loads = source.land(exports, download)
            except TransientError:
                # Other rows than were told of: nothing of it is worth keeping.
                download.remove()
                if not left:
                    raise
            else:
                break
        download.remove()
        return loads


class _Source(Protocol):
    """What differs between two systems."""

    def groups(self, exports: Mapping[str, list[Export]]) -> Mapping[str, list[Export]]:
        """What is fetched at once, by a name, of exports by their object."""

    def fetch(self, name: str, exports: list[Export]) -> Download:
        """Fetch what is new of a group."""

    def land(self, exports: list[Export], download: Download) -> list[Manifest]:
        """Land it."""


class _Salesforce:
    """An org: each object by itself."""

    def __init__(self, reading: Reading, connection: Connection) -> None:
        self._reading, self._connection = reading, connection
        credentials = salesforce_credentials(connection)
        self._org = Org(connection.name, credentials, patience=reading.patience)
        self._org.check_version()

    def groups(self, exports: Mapping[str, list[Export]]) -> Mapping[str, list[Export]]:
        return exports

    def fetch(self, name: str, exports: list[Export]) -> Download:
        reading = self._reading
        extraction = SalesforceExtraction(
            self._org,
            self._org.describe(name),
            reading.folder_of(self._connection, name),
            first_poll=1 if reading.poll is None else reading.poll,
        )
        return extraction.run(reading.window(self._connection, exports), reading.tell)

    def land(self, exports: list[Export], download: Download) -> list[Manifest]:
        return [self._reading.land(one, Extract.of(download)) for one in exports]


class _Marketo:
    """An instance: leads, and the activities of all types at once."""

    def __init__(self, reading: Reading, connection: Connection) -> None:
        self._reading, self._connection = reading, connection
        credentials = marketo_credentials(connection)
        self._instance = Instance(
            connection.name, credentials, patience=reading.patience, is_paced=reading.is_paced
        )
        self._stems = {one.name: one.stem for one in self._instance.activity_types()}

    def groups(self, exports: Mapping[str, list[Export]]) -> Mapping[str, list[Export]]:
        unknown = sorted(exports.keys() - self._stems.keys() - {LEAD})
        if unknown:
            raise TerminalError(
                f"there is no type of activity {', '.join(unknown)}",
                where=self._connection.name,
                mend="Correct `object` in the mapping; `make check-sources` tells what is known",
            )
        activities = [one for name, of in exports.items() if name != LEAD for one in of]
        groups = {LEAD: exports.get(LEAD, []), _ACTIVITIES: activities}
        return {name: of for name, of in groups.items() if of}

    def fetch(self, name: str, exports: list[Export]) -> Download:
        reading = self._reading
        subject = Leads() if name == LEAD else Activities(tuple(map(self._stem, exports)))
        window = reading.window(self._connection, exports)
        extraction = MarketoExtraction(
            self._instance,
            subject,
            reading.folder_of(self._connection, name),
            window.start or _MARKETO_BEGINS,
            60 if reading.poll is None else reading.poll,
        )
        return extraction.run(window, reading.tell)

    def land(self, exports: list[Export], download: Download) -> list[Manifest]:
        if "types" not in download.asked:
            return [self._reading.land(one, Extract.of(download)) for one in exports]
        division = divide(download)
        return [
            self._reading.land(
                one,
                Extract(division.files[stem], download.window, division.rows[stem], is_all=False),
            )
            for one in exports
            for stem in [self._stem(one)]
        ]

    def _stem(self, export: Export) -> str:
        return self._stems[export.object or ""]


def _by_object(exports: Iterable[Export]) -> dict[str, list[Export]]:
    found: dict[str, list[Export]] = {}
    for one in exports:
        found.setdefault(one.object or "", []).append(one)
    return found


_SOURCES: dict[str, Callable[[Reading, Connection], _Source]] = {
    "salesforce": _Salesforce,
    "marketo": _Marketo,
}
