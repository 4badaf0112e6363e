"""Whether a connected source can be read: reached, let in, all that the mapping needs there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ingestion.connectors.credentials import marketo_credentials, salesforce_credentials
from ingestion.connectors.marketo import LEAD, Instance
from ingestion.connectors.marketo.lists import LISTS
from ingestion.connectors.salesforce import Org
from ingestion.errors import FunnelError
from ingestion.files.source import needed_columns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ingestion.connectors.http import Patience
    from ingestion.files import Connection, Export, Mapping


@dataclass(frozen=True)
class SourceCheck:
    """What was found of one source: what is in order, and what keeps it from being read."""

    name: str
    notes: tuple[str, ...]
    problems: tuple[str, ...]


def check_sources(mapping: Mapping, patience: Patience | None = None) -> Iterator[SourceCheck]:
    """Ask each connected source for what a run would ask first, and read none of its records.

    Raises nothing of its own: what is wrong is in the checks.
    """
    for connection in mapping.connections:
        notes: list[str] = []
        problems: list[str] = []
        try:
            for one in _STEPS[connection.connector](mapping, connection, patience):
                (problems if isinstance(one, _Problem) else notes).append(str(one))
        except FunnelError as error:
            problems.append(str(error))
        yield SourceCheck(connection.name, tuple(notes), tuple(problems))


class _Problem(str):
    """What keeps a source from being read."""


def _salesforce(
    mapping: Mapping, connection: Connection, patience: Patience | None
) -> Iterator[str]:
    org = Org(connection.name, salesforce_credentials(connection), patience=patience)
    org.check_version()
    yield f"reached, version {org.version}"
    known = org.objects()
    for export in mapping.objects_of(connection):
        if export.object in known:
            yield _fields_found(export, org.describe(export.object).fields)
        else:
            yield _Problem(f"{export.object} is not there, or hidden from this user")
    limits = org.limits()
    for name in ("DailyApiRequests", "DailyBulkV2QueryJobs"):
        left, most = limits[name]
        yield f"{name}: {left:,} of {most:,} left"


def _marketo(mapping: Mapping, connection: Connection, patience: Patience | None) -> Iterator[str]:
    instance = Instance(connection.name, marketo_credentials(connection), patience=patience)
    fields = instance.lead_fields()
    yield "reached"
    known = {one.name for one in instance.activity_types()}
    for export in mapping.objects_of(connection):
        if export.object == LEAD:
            yield _fields_found(export, fields)
        elif export.object in known or export.object in LISTS:
            yield f"{export.object}: known"
        else:
            yield _Problem(f"{export.object} is no type of activity there")
    yield f"{instance.usage():,} calls today"


def _fields_found(export: Export, fields: Sequence[str]) -> str:
    missing = [one for one in needed_columns(export) if one not in fields]
    if missing:
        return _Problem(f"{export.object} lacks {', '.join(missing)}, or hides it from this user")
    return f"{export.object}: {len(fields)} fields"


_STEPS: dict[str, Callable[[Mapping, Connection, Patience | None], Iterator[str]]] = {
    "salesforce": _salesforce,
    "marketo": _marketo,
}
