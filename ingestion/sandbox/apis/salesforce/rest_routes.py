"""REST: versions, limits, objects, queries, deleted records."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse

from ingestion.sandbox.apis.salesforce.deletions import deletions
from ingestion.sandbox.apis.salesforce.records import records
from ingestion.sandbox.apis.salesforce.refusal import Refusal, not_found
from ingestion.sandbox.apis.salesforce.words import moment_of, moment_text
from ingestion.sandbox.clock import DAY, MINUTE

if TYPE_CHECKING:
    from starlette.responses import Response

    from ingestion.sandbox.apis.salesforce.call import Call
    from ingestion.sandbox.apis.salesforce.cursors import Cursor

_DELETIONS_TOLD = 30 * DAY
_RELEASES = ("Spring", "Summer", "Winter")  # by the version, modulo 3


def list_versions(call: Call) -> Response:
    """Tell the versions of the API, the oldest first; asks for no token."""
    return JSONResponse(
        [
            {"label": _release(one), "url": f"/services/data/v{one}", "version": one}
            for one in sorted(call.org.options.versions, key=float)
        ]
    )


def list_resources(call: Call) -> Response:
    """Tell what there is in one version."""
    names = ("limits", "query", "queryAll", "sobjects", "jobs")
    return JSONResponse({name: f"{call.root}/{name}" for name in names})


def show_limits(call: Call) -> Response:
    """Tell the limits and what is left of them."""
    return JSONResponse(call.org.limits.remaining())


def list_objects(call: Call) -> Response:
    """Tell the objects that the user may see."""
    found = [one.summary(call.root) for one in call.org.catalog]
    return JSONResponse({"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": found})


def describe_object(call: Call) -> Response:
    """Tell the fields of an object. Raises Refusal."""
    entity = call.org.catalog.described(call.part("name"))
    if entity is None:
        raise not_found()
    call.org.check_access(entity.name)
    return JSONResponse(entity.describe(call.root))


def list_deleted(call: Call) -> Response:
    """Tell which records of an object were deleted from `start` (inclusive) to `end` (exclusive).

    Raises Refusal, also for a time that began more than 30 days ago or is shorter than a minute.
    """
    entity = call.org.catalog.find(call.part("name"))
    if entity is None or not entity.is_replicated:
        raise not_found()
    call.org.check_access(entity.name)
    now = call.org.present.now()
    start, end = (moment_of(call.parameter(name) or "") for name in ("start", "end"))
    if start < now - _DELETIONS_TOLD or end - start < MINUTE:
        message = "The date for replication is out of the allowed range"
        raise Refusal(400, "INVALID_REPLICATION_DATE", message)
    ids, at = deletions(entity.stored, start, min(end, now))
    return JSONResponse(
        {
            "deletedRecords": [
                {"id": one, "deletedDate": moment_text(moment)}
                for one, moment in zip(ids.to_pylist(), at, strict=True)
            ],
            "earliestDateAvailable": moment_text(now - _DELETIONS_TOLD),
            "latestDateCovered": moment_text(min(end, now)),
        }
    )


def query(call: Call) -> Response:
    """Answer a query, without deleted and archived records. Raises Refusal."""
    return _queried(call, everything=False)


def query_all(call: Call) -> Response:
    """Answer a query, with deleted and archived records. Raises Refusal."""
    return _queried(call, everything=True)


def query_more(call: Call) -> Response:
    """Answer the next batch of a query, whether it was asked for all or not. Raises Refusal."""
    cursor, place = call.org.cursors.find(call.part("locator"))
    return JSONResponse(_batch(call, cursor, place))


def _queried(call: Call, *, everything: bool) -> Response:
    text = call.parameter("q")
    if not text:
        raise Refusal(400, "MALFORMED_QUERY", "unexpected token: '<EOF>'")
    if call.org.faults.strikes("query_timeout", call.path):
        message = "Your query request was running for too long."
        raise Refusal(400, "QUERY_TIMEOUT", message)
    selection = call.org.select(text, everything=everything)
    if selection.query.counts:
        count = len(selection.rows(call.org.present.now()))
        return JSONResponse({"totalSize": count, "done": True, "records": []})
    cursor = call.org.cursors.open(selection, _batch_size(call))
    return JSONResponse(_batch(call, cursor, 0))


def _batch_size(call: Call) -> int:
    """What Sforce-Query-Options asks for, as near as may be."""
    options = call.org.options
    asked = re.search(
        r"batchSize\s*=\s*(\d{1,9})", call.request.headers.get("Sforce-Query-Options", "")
    )
    size = int(asked.group(1)) if asked else options.batch
    return min(max(size, options.least_batch), options.largest_batch)


def _batch(call: Call, cursor: Cursor, place: int) -> dict[str, Any]:
    faults, size, total = call.org.faults, cursor.batch, len(cursor.rows)
    if faults.strikes("short_page", call.path):
        size = max(1, size // 2)
    end = min(place + size, total)
    repeated = place and faults.strikes("duplicated_page", call.path)
    begin = max(0, place - max(1, size // 2)) if repeated else place
    rows = cursor.rows.slice(begin, end - begin)
    entity = cursor.selection.entity.name
    call.org.counts.count_rows(entity, len(rows))
    answer: dict[str, Any] = {"totalSize": total, "done": end >= total}
    if end < total:
        answer["nextRecordsUrl"] = f"{call.root}/query/{cursor.id}-{end}"
    return {**answer, "records": records(rows, cursor.selection, call.root)}


def _release(version: str) -> str:
    number = int(float(version))
    # Three releases a year: 65 to 67 are those of '26.
    return f"{_RELEASES[number % 3]} '{(number + 13) // 3}"
