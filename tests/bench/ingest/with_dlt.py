"""The same read with dlt into Parquet files, in its Arrow form and in its form of dicts.

Jobs are made and waited for by the connectors' own clients, which is next to nothing; each row goes
through requests, dlt's own parser of choice (pyarrow, `csv`), and dlt.
"""

from __future__ import annotations

import csv
import io
import json
import shutil
from itertools import islice
from typing import TYPE_CHECKING, Any

import dlt
import pyarrow as pa
import pyarrow.csv
from dlt.sources.helpers import requests

from ingestion.connectors.credentials import marketo_credentials, salesforce_credentials
from ingestion.connectors.marketo.export_job import ExportJob
from ingestion.connectors.marketo.login import Login as MarketoLogin
from ingestion.connectors.marketo.slices import slices
from ingestion.connectors.salesforce import Org
from ingestion.connectors.salesforce.extraction import query_of
from ingestion.connectors.salesforce.login import Login as SalesforceLogin
from ingestion.connectors.salesforce.query_job import PAGE_ROWS, QueryJob
from ingestion.connectors.window import Window
from tests.bench.ingest.downloads import activities, first_moment, instance_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tests.bench.ingest.source import Source

    Parse = Callable[[Any, list[str]], Iterator[Any]]

_BLOCK = 1 << 24  # bytes that pyarrow parses at once
_ROWS = 5_000  # dicts that dlt is given at once


def arrow(source: Source) -> int:
    """Return the number of rows that dlt loaded from Arrow tables; attributes stay JSON."""
    return _loaded(source, _tables)


def dicts(source: Source) -> int:
    """Return the number of rows that dlt loaded from dicts; attributes become columns."""
    return _loaded(source, _rows)


def _loaded(source: Source, parse: Parse) -> int:
    place = source.place / "dlt"
    shutil.rmtree(place, ignore_errors=True)
    pipeline = dlt.pipeline(
        "bench",
        pipelines_dir=str(place / "pipelines"),
        destination=dlt.destinations.filesystem(bucket_url=str(place / "loaded")),
        dataset_name="bench",
    )
    resources = {"salesforce": _salesforce, "marketo": _marketo}[source.system](source, parse)
    pipeline.run(resources, loader_file_format="parquet")
    counts: Mapping[str, int] = pipeline.last_trace.last_normalize_info.row_counts
    return sum(rows for table, rows in counts.items() if not table.startswith("_dlt"))


def _salesforce(source: Source, parse: Parse) -> list[Any]:
    credentials = salesforce_credentials(source.connection)
    org, login = Org(source.connection.name, credentials), SalesforceLogin("dlt", credentials, None)
    now = org.check_version()

    def pages(name: str) -> Iterator[Any]:
        description = org.describe(name)
        query = query_of(description, Window(None, now))
        job = QueryJob.create(org, query, with_deleted=True).wait(0)
        locator: str | None = None
        while locator != "null":
            asked = {"maxRecords": str(PAGE_ROWS)} | ({"locator": locator} if locator else {})
            url = org.url(f"jobs/query/{job.id}/results")
            headers = {**login.headers(), "Accept": "text/csv"}
            with requests.get(url, params=asked, headers=headers, stream=True) as answer:
                yield from parse(answer.raw, list(description.fields))
                locator = answer.headers["Sforce-Locator"]

    return [dlt.resource(pages(name), name=name) for name in source.objects]


def _marketo(source: Source, parse: Parse) -> list[Any]:
    credentials = marketo_credentials(source.connection)
    instance, login = instance_of(source), MarketoLogin("dlt", credentials, None)
    asked = dict(activities(instance, source).described(instance))
    stems = {str(one["id"]): one["stem"] for one in asked["types"]}

    def files() -> Iterator[Any]:
        more = {"fields": asked["fields"], "activityTypeIds": [int(one) for one in stems]}
        for period in slices(first_moment(source), instance.clock()):
            job = ExportJob.create(instance, "activities", "createdAt", period, **more)
            job.enqueue()
            job.wait(0)
            url = instance.url(f"bulk/v1/activities/export/{job.id}/file.json")
            with requests.get(url, headers=login.headers(), stream=True) as answer:
                yield from parse(answer.raw, asked["fields"])

    def table(row: Any) -> str:
        return stems[row["activityTypeId"]]

    if parse is _tables:
        return [dlt.resource(files(), name="activities")]
    return [dlt.resource(files(), name="activities", table_name=table)]


def _tables(body: Any, names: list[str]) -> Iterator[pa.Table]:
    body.decode_content = True
    reader = pyarrow.csv.open_csv(
        body,
        read_options=pyarrow.csv.ReadOptions(block_size=_BLOCK),
        parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True),
        convert_options=pyarrow.csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string())),
    )
    for batch in reader:
        yield pa.Table.from_batches([batch])


def _rows(body: Any, _names: list[str]) -> Iterator[list[dict[str, Any]]]:
    body.decode_content, body.auto_close = True, False
    reader = csv.DictReader(io.TextIOWrapper(io.BufferedReader(body), "utf-8", newline=""))
    while rows := list(islice(reader, _ROWS)):
        if "attributes" in rows[0]:
            yield [one | json.loads(one.pop("attributes") or "{}") for one in rows]
        else:
            yield rows
