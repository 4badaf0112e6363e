"""Bulk API 2.0: query jobs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from starlette.responses import JSONResponse, Response

from ingestion.sandbox.apis.salesforce.jobs import (
    ABORTED,
    COMPLETE,
    DELIMITERS,
    FAILED,
    LINE_ENDS,
    RETRIED,
    Job,
)
from ingestion.sandbox.apis.salesforce.limits import job_limit
from ingestion.sandbox.apis.salesforce.refusal import Refusal, not_found
from ingestion.sandbox.apis.salesforce.results import DAMAGES, Page, locator, place_of
from ingestion.sandbox.apis.salesforce.soql import Unserved, object_name

if TYPE_CHECKING:
    from ingestion.sandbox.apis.salesforce.call import Call
    from ingestion.sandbox.apis.salesforce.selection import Selection

_OPERATIONS = ("query", "queryAll")
# What a job can fail by, if it is not refused: its object is known.
_FAILURES = {"API_ERROR", "INVALID_FIELD"}
_PAGES_TOLD = 5
_PAGES_SINCE = 58.0  # version of the API


def create_job(call: Call) -> Response:
    """Create a query job over the rows of this moment. Raises Refusal."""
    org = call.org
    if org.faults.strikes("job_limit", call.path):
        raise job_limit(org.options.daily_jobs)
    job = _asked(call, call.document())
    org.limits.count_job()
    org.jobs.add(job)
    return JSONResponse(job.info(org.options.user_id))


def list_jobs(call: Call) -> Response:
    """Tell all jobs that are still kept, in one page."""
    user = call.org.options.user_id
    jobs = [job.info(user) | {"jobType": "V2Query"} for job in call.org.jobs.all()]
    return JSONResponse({"done": True, "records": jobs, "nextRecordsUrl": None})


def poll_job(call: Call) -> Response:
    """Tell how far a job is; it goes on as often as it is asked. Raises Refusal."""
    job = call.org.jobs.find(call.part("job"))
    job.poll(call.org.options)
    return JSONResponse(_told(call, job))


def change_job(call: Call) -> Response:
    """Abort a job, which is all that can be asked for. Raises Refusal."""
    job = call.org.jobs.find(call.part("job"))
    _one_of(call.document().get("state"), (ABORTED,), "state")
    job.abort()
    return JSONResponse(job.info(call.org.options.user_id))


def delete_job(call: Call) -> Response:
    """Delete a job that has ended: 204 and nothing else. Raises Refusal."""
    call.org.jobs.delete(call.org.jobs.find(call.part("job")))
    return Response(status_code=204)


def show_results(call: Call) -> Response:
    """Give a page of the rows as CSV. Raises Refusal."""
    org, job = call.org, _complete(call)
    size = len(org.results.rows(job))
    count = _max_records(call)
    page = _page(call, count, size)
    zipped = "gzip" in call.request.headers.get("Accept-Encoding", "")
    body = org.results.body(job, page, zipped=zipped)
    org.counts.count_rows(job.entity, page.end - page.start)
    answer = Response(body, media_type="text/csv; charset=UTF-8")
    answer.headers["Sforce-NumberOfRecords"] = str(page.end - page.start)
    if zipped:
        answer.headers["Content-Encoding"] = "gzip"
    end = {"null": "null", "empty": "", "absent": None}[org.options.end_of_results]
    following = locator(page.end) if page.end < size else end
    if following is not None:
        answer.headers["Sforce-Locator"] = following
    return answer


def list_result_pages(call: Call) -> Response:
    """Tell the addresses of up to five pages, and where the next ones are. Raises Refusal."""
    if float(call.version) < _PAGES_SINCE:
        raise not_found()
    job = _complete(call)
    size, count = len(call.org.results.rows(job)), _max_records(call)
    start = place_of(call.parameter("locator") or locator(0))
    end = min(start + _PAGES_TOLD * count, max(size, 1))
    address = f"{call.root}/jobs/query/{job.id}"

    def asking(place: int) -> str:
        return urlencode({"maxRecords": count, "locator": locator(place)})

    pages = [
        {"resultUrl": f"{address}/results?{asking(place)}"} for place in range(start, end, count)
    ]
    following = None if end >= size else f"{address}/resultPages?{asking(end)}"
    return JSONResponse(
        {"resultPages": pages, "nextRecordsUrl": following, "done": following is None}
    )


def _asked(call: Call, asked: dict[str, Any]) -> Job:
    _one_of(asked.get("contentType", "CSV"), ("CSV",), "contentType")
    operation = _one_of(asked.get("operation"), _OPERATIONS, "operation")
    # JSON can hold halves of surrogate pairs, which no answer can repeat.
    query, org = str(asked.get("query", "")).encode(errors="replace").decode(), call.org
    selection, failure = _tried(call, query, everything=operation == "queryAll")
    return Job(
        id=org.jobs.next_id(),
        operation=operation,
        query=query,
        entity=selection.entity.name if selection else object_name(query),
        selection=selection,
        created_at=org.present.now(),
        told_at=org.clock(f"{call.path} created"),
        version=call.version,
        delimiter=_one_of(asked.get("columnDelimiter", "COMMA"), DELIMITERS, "columnDelimiter"),
        line_end=_one_of(asked.get("lineEnding", "LF"), LINE_ENDS, "lineEnding"),
        ends=_end(call) if selection else FAILED,
        failure=failure,
    )


def _tried(call: Call, text: str, *, everything: bool) -> tuple[Selection | None, str]:
    """The query checked, and what to say if the job fails."""
    try:
        return _selection(call, text, everything=everything), RETRIED
    except Refusal as refusal:
        if call.org.options.bad_queries == "refused" or refusal.code not in _FAILURES:
            raise
        return None, f"{refusal.code}: {refusal.message}"


def _selection(call: Call, text: str, *, everything: bool) -> Selection:
    name, org = object_name(text), call.org
    if name in org.options.without_bulk:
        message = f"Entity '{name}' is not supported by the Bulk API."
        raise Refusal(400, "INVALIDENTITY", message)
    try:
        selection = org.select(text, everything=everything)
    except Unserved as refusal:
        raise _unsupported(refusal.what) from refusal
    if selection.query.counts:
        raise _unsupported("Aggregate functions")
    if selection.query.offset is not None:
        raise _unsupported("OFFSET clauses")
    if any(field.is_compound for field in selection.fields):
        raise _unsupported("Selecting compound data")
    return selection


def _unsupported(what: str) -> Refusal:
    return Refusal(400, "API_ERROR", f"{what} not supported in Bulk Query")


def _one_of(value: object, known: tuple[str, ...] | dict[str, str], name: str) -> str:
    if isinstance(value, str) and value in known:
        return value
    raise Refusal(400, "INVALIDJOB", f"{value} is no {name}: it is one of {', '.join(known)}")


def _end(call: Call) -> str:
    if call.org.faults.strikes("job_failed", call.path):
        return FAILED
    return ABORTED if call.org.faults.strikes("job_aborted", call.path) else COMPLETE


def _told(call: Call, job: Job) -> dict[str, object]:
    rows = len(call.org.results.rows(job)) if job.state == COMPLETE else 0
    return job.info(call.org.options.user_id) | job.progress(rows)


def _complete(call: Call) -> Job:
    job = call.org.jobs.find(call.part("job"))
    if job.version != call.version:
        message = f"The job was created with API version {job.version}"
        raise Refusal(409, "VERSION_MISMATCH", message)
    if job.state != COMPLETE:
        raise Refusal(400, "INVALIDJOBSTATE", f"The job is in state {job.state}")
    return job


def _max_records(call: Call) -> int:
    asked = call.parameter("maxRecords")
    if asked is None:
        return call.org.options.result_rows
    if not re.fullmatch(r"\d{1,9}", asked) or int(asked) < 1:
        raise Refusal(400, "INVALID_FIELD", "maxRecords must be a number above 0")
    return int(asked)


def _page(call: Call, count: int, size: int) -> Page:
    faults = call.org.faults
    start = place_of(call.parameter("locator") or locator(0))
    end = min(start + count, size)
    if start > size:
        raise Refusal(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
    if start and faults.strikes("duplicated_page", call.path):
        start = max(0, start - max(1, count // 2))
    damages = [one for one in DAMAGES if faults.strikes(one, call.path)]
    return Page(start, end, damages[0] if damages else None)
