"""The same bytes on disk: each object of Salesforce as a file, all activities of Marketo as one."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ingestion.connectors.credentials import marketo_credentials, salesforce_credentials
from ingestion.connectors.download import Download
from ingestion.connectors.marketo import Instance
from ingestion.connectors.marketo.extraction import Activities
from ingestion.connectors.marketo.extraction import Extraction as MarketoExtraction
from ingestion.connectors.salesforce import Org
from ingestion.connectors.salesforce.extraction import Extraction as SalesforceExtraction
from ingestion.connectors.window import Window

if TYPE_CHECKING:
    from pathlib import Path

    from tests.bench.ingest.source import Source


def downloads(source: Source) -> list[Download]:
    """Return what `fetch` left."""
    folders = sorted(one for one in _folder(source).iterdir() if one.is_dir())
    return [one for one in map(Download.found, folders) if one is not None]


def fetch(source: Source) -> int:
    """Fetch all as the connectors do, land nothing, and return the number of rows."""
    shutil.rmtree(_folder(source), ignore_errors=True)
    fetched = {"salesforce": _salesforce, "marketo": _marketo}[source.system](source)
    return sum(one.rows for one in fetched)


def activities(instance: Instance, source: Source) -> Activities:
    """Return what is asked of Marketo."""
    types = [one for one in instance.activity_types() if one.name in source.objects]
    return Activities(tuple(one.stem for one in types))


def instance_of(source: Source) -> Instance:
    """Return the Marketo instance, asked as often as the mapping allows."""
    connection = source.connection
    credentials = marketo_credentials(connection)
    return Instance(connection.name, credentials, calls=connection.calls_in_20_seconds)


def first_moment(source: Source) -> datetime:
    """Return since when activities are asked for."""
    first = source.connection.first_day
    if first is None:
        raise ValueError("the mapping of the bench has no first_day")
    return datetime(first.year, first.month, first.day, tzinfo=UTC)


def _salesforce(source: Source) -> list[Download]:
    org = Org(source.connection.name, salesforce_credentials(source.connection))
    window = Window(None, org.check_version())
    return [
        SalesforceExtraction(org, org.describe(name), _folder(source) / name, first_poll=0).run(
            window
        )
        for name in source.objects
    ]


def _marketo(source: Source) -> list[Download]:
    instance = instance_of(source)
    folder = _folder(source) / "activities"
    wanted = activities(instance, source)
    extraction = MarketoExtraction(instance, wanted, folder, first_moment(source), 0)
    return [extraction.run(Window(None, instance.clock()))]


def _folder(source: Source) -> Path:
    return source.place / "fetched"
