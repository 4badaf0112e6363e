"""The bulk extract's queue: jobs of all objects, few at a time, up to a day's quota."""

from __future__ import annotations

import json
import shutil
import tempfile
import threading
import uuid
import weakref
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ingestion.sandbox.apis.marketo.extract_file import write_extract
from ingestion.sandbox.apis.marketo.job import (
    CANCELED,
    COMPLETED,
    CREATED,
    FAILED,
    IN_QUEUE,
    PROCESSING,
    QUEUED,
    Job,
)
from ingestion.sandbox.apis.marketo.refusal import (
    ALREADY_QUEUED,
    QUEUE_FULL,
    QUOTA_EXCEEDED,
    Refusal,
)
from ingestion.sandbox.apis.marketo.stamps import quota_day
from ingestion.sandbox.apis.marketo.tokens import numbers_of, token
from ingestion.sandbox.chance import stream
from ingestion.sandbox.clock import DAY

if TYPE_CHECKING:
    from collections.abc import Callable

    from ingestion.sandbox.apis.faults import Faults
    from ingestion.sandbox.apis.marketo.call import Call
    from ingestion.sandbox.apis.marketo.extract_file import ExtractFile
    from ingestion.sandbox.apis.marketo.extract_request import ExtractRequest
    from ingestion.sandbox.apis.marketo.options import MarketoOptions
    from ingestion.sandbox.systems.dialect import Dialect

_SPACE = uuid.UUID("6f6a9b0e-5a3c-4a4e-9a55-3f0a2f1c7d11")
_LISTED, _KNOWN = 7 * DAY, 30 * DAY


class Exports:
    """Jobs and their files, which are in a folder of their own that goes with the stand-in.

    Whoever looks at a job's status moves it on; who looks at one that has to wait moves on those
    before it. `clock` gives the seconds between refreshes of a status.
    """

    def __init__(
        self,
        dialect: Dialect,
        faults: Faults,
        options: MarketoOptions,
        clock: Callable[[], float],
    ) -> None:
        self._dialect = dialect
        self._faults = faults
        self._options = options
        self._clock = clock
        self._lock = threading.RLock()
        self._jobs: dict[str, Job] = {}
        self._bytes: Counter[str] = Counter()  # by day
        self._shared: dict[tuple[str, str, float], ExtractFile] = {}
        self._folder = Path(tempfile.mkdtemp(prefix="marketo-exports-"))
        weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)

    def create(self, object_: str, request: ExtractRequest, call: Call) -> dict[str, Any]:
        """Answer create.json."""
        skewed = self._faults.strikes("clock_skew", f"{object_} create")
        with self._lock:
            number = len(self._jobs)
            job = Job(
                id=str(uuid.uuid5(_SPACE, f"{object_} {number}")),
                number=number,
                object=object_,
                client=call.client,
                format=request.format,
                asked=json.dumps(call.json(), sort_keys=True),
                rows=request.rows,
                created_at=call.now,
                ahead=self._options.skewed_by if skewed else 0,
            )
            self._jobs[job.id] = job
            return self._told(job)

    def enqueue(self, object_: str, call: Call) -> dict[str, Any]:
        """Answer enqueue.json. Raises Refusal 610, 1029."""
        options = self._options
        with self._lock:
            job = self._mine(object_, call)
            if job.status != CREATED:
                raise Refusal("1029", ALREADY_QUEUED)
            waiting = sum(one.status in IN_QUEUE for one in self._jobs.values())
            is_full = options.queued_jobs is not None and waiting >= options.queued_jobs
            if is_full or self._faults.strikes("queue_full", f"{object_} enqueue"):
                raise Refusal("1029", QUEUE_FULL)
            quota, spent = options.export_bytes_per_day, self._bytes[quota_day(call.now)]
            is_spent = quota is not None and spent >= quota
            if is_spent or self._faults.strikes("export_quota", f"{object_} enqueue"):
                raise Refusal("1029", QUOTA_EXCEEDED)
            job.status, job.queued_at = QUEUED, call.now
            return self._told(job)

    def status(self, object_: str, call: Call) -> dict[str, Any]:
        """Answer status.json. Raises Refusal 610."""
        with self._lock:
            job = self._mine(object_, call)
            clock = self._clock()
            every = self._options.refresh_every
            if job.refreshed_at is None or clock - job.refreshed_at >= every:
                job.refreshed_at = clock
                self._look(job, call.now)
            return self._told(job)

    def cancel(self, object_: str, call: Call) -> dict[str, Any]:
        """Answer cancel.json; a job that is over stays as it is. Raises Refusal 610."""
        with self._lock:
            job = self._mine(object_, call)
            if job.status in {CREATED, *IN_QUEUE}:
                job.status, job.finished_at = CANCELED, call.now
            return self._told(job)

    def jobs(self, object_: str, call: Call) -> dict[str, Any]:
        """Answer export.json: the client's own jobs of a week. Raises Refusal 1003."""
        size = call.size("batchSize", self._options.page_size)
        page = call.parameters.get("nextPageToken")
        begin = numbers_of(page, "jobs")[0] if page else 0
        asked = {one for one in call.parameters.get("status", "").split(",") if one}
        with self._lock:
            told = [
                self._told(job)["result"][0]
                for job in self._jobs.values()
                if job.object == object_
                and job.client == call.client
                and job.created_at >= call.now - _LISTED
            ]
        found = [one for one in told if not asked or one["status"] in asked]
        more = begin + size < len(found)
        following = {"nextPageToken": token("jobs", begin + size)} if more else {}
        return {"result": found[begin : begin + size], **following}

    def file(self, object_: str, call: Call) -> ExtractFile | None:
        """Return a job's file, None if it is not there: unknown, not ready, too old."""
        with self._lock:
            try:
                job = self._mine(object_, call)
            except Refusal:
                return None
            if job.file is None or job.finished_at is None:
                return None
            kept = self._options.file_kept * DAY
            return job.file if call.now <= job.finished_at + kept else None

    def _mine(self, object_: str, call: Call) -> Job:
        job = self._jobs.get(call.path["id"])
        is_known = (
            job is not None
            and job.object == object_
            and job.client == call.client
            and call.now <= job.created_at + _KNOWN
        )
        if job is None or not is_known:
            raise Refusal("610")
        return job

    def _told(self, job: Job) -> dict[str, Any]:
        return {"result": [job.told(self._options.job_zone, self._options.canceled)]}

    def _look(self, job: Job, now: float) -> None:
        """Let time pass in the queue, as much as a look at this job is worth."""
        if job.status not in IN_QUEUE:
            return
        self._start(now)
        running = [one for one in self._jobs.values() if one.status == PROCESSING]
        for one in [job] if job.status == PROCESSING else running:
            one.looks += 1
            if one.looks >= self._options.polls_per_job:
                self._finish(one, now)
        self._start(now)

    def _start(self, now: float) -> None:
        running = sum(one.status == PROCESSING for one in self._jobs.values())
        waiting = [one for one in self._jobs.values() if one.status == QUEUED]
        # By the moment they were queued at; the sort keeps the order of those with the same one.
        waiting.sort(key=lambda one: one.queued_at or 0)
        for job in waiting[: max(0, self._options.processing_jobs - running)]:
            job.status, job.started_at = PROCESSING, now

    def _finish(self, job: Job, now: float) -> None:
        job.finished_at = now
        place = f"{job.object} job"
        if self._faults.strikes("job_failed", place):
            job.status = FAILED
        elif self._faults.strikes("job_canceled", place):
            job.status = CANCELED
        else:
            job.status = COMPLETED
            job.file = self._file_of(job, now if job.started_at is None else job.started_at)
            self._bytes[quota_day(now)] += job.file.size

    def _file_of(self, job: Job, moment: float) -> ExtractFile:
        asked = (job.object, job.asked, moment)
        file = self._shared.get(asked)
        if file is None:
            file = write_extract(
                job.rows(moment),
                self._folder / f"{job.id}.csv",
                dialect=self._dialect,
                format_=job.format,
                order=stream(self._options.seed, f"marketo api job {job.number}"),
                is_malformed=self._faults.strikes("malformed_row", f"{job.object} job"),
            )
        if self._options.shares_files:
            self._shared[asked] = file
        return file
