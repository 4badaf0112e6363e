"""Query jobs of Bulk API 2.0: their states, and how long they are kept."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ingestion.sandbox.apis.salesforce.refusal import Refusal, not_found
from ingestion.sandbox.apis.salesforce.words import moment_text
from ingestion.sandbox.systems.identifiers import salesforce_id

if TYPE_CHECKING:
    from ingestion.sandbox.apis.present import Present
    from ingestion.sandbox.apis.salesforce.options import Options
    from ingestion.sandbox.apis.salesforce.selection import Selection

QUEUED, RUNNING, COMPLETE = "UploadComplete", "InProgress", "JobComplete"
FAILED, ABORTED = "Failed", "Aborted"
ENDS = (COMPLETE, FAILED, ABORTED)
DELIMITERS = {"BACKQUOTE": "`", "CARET": "^", "COMMA": ",", "PIPE": "|", "SEMICOLON": ";",
              "TAB": "\t"}  # fmt: skip
LINE_ENDS = {"LF": "\n", "CRLF": "\r\n"}
RETRIED = "InternalServerError : Retried more than fifteen times"


@dataclass
class Job:
    """A query job; its rows are those of the moment of its creation."""

    id: str
    operation: str  # query or queryAll
    query: str
    entity: str
    selection: Selection | None  # None for a query that cannot be answered
    created_at: float
    told_at: float  # when it was created, as it says
    version: str
    delimiter: str  # one of DELIMITERS
    line_end: str  # one of LINE_ENDS
    ends: str  # one of ENDS
    failure: str  # what it says if it fails
    state: str = QUEUED
    polls: int = 0

    @property
    def has_ended(self) -> bool:
        """Return whether nothing more happens to it."""
        return self.state in ENDS

    def poll(self, options: Options) -> None:
        """Go on, by as much as the options let a poll see."""
        if self.has_ended:
            return
        self.polls += 1
        if self.polls > options.polls_queued + options.polls_running:
            self.state = self.ends
        elif self.polls > options.polls_queued:
            self.state = RUNNING

    def abort(self) -> None:
        """End it. Raises Refusal if it has ended otherwise."""
        if self.state in {COMPLETE, FAILED}:
            raise Refusal(400, "INVALIDJOBSTATE", f"Can't abort a job in state {self.state}")
        self.state = ABORTED

    def info(self, user_id: str) -> dict[str, Any]:
        """Return what its creation and the list of jobs say about it."""
        told = moment_text(self.told_at)
        return {
            "id": self.id,
            "operation": self.operation,
            "object": self.entity,
            "createdById": user_id,
            "createdDate": told,
            "systemModstamp": told,
            "state": self.state,
            "concurrencyMode": "Parallel",
            "contentType": "CSV",
            "apiVersion": float(self.version),
            "lineEnding": self.line_end,
            "columnDelimiter": self.delimiter,
        }

    def progress(self, rows: int) -> dict[str, Any]:
        """Return what a poll says beyond that; `rows` as far as they are processed."""
        failed = {"errorMessage": self.failure} if self.state == FAILED else {}
        return {
            "jobType": "V2Query",
            "numberRecordsProcessed": rows,
            "retries": 15 if failed else 0,
            "totalProcessingTime": rows // 10,
            **failed,
        }


class Jobs:
    """All jobs that are still kept."""

    def __init__(self, present: Present, options: Options) -> None:
        self._present = present
        self._kept = options.jobs_kept
        self._lock = threading.Lock()
        self._jobs: dict[str, Job] = {}
        self._number = 0

    def next_id(self) -> str:
        """Return an id that no job has had."""
        with self._lock:
            self._number += 1
            made: str = salesforce_id("750", np.array([self._number]))[0].as_py()
        return made

    def add(self, job: Job) -> None:
        """Keep a job."""
        with self._lock:
            self._jobs[job.id] = job

    def find(self, job_id: str) -> Job:
        """Return a job. Raises Refusal, NOT_FOUND, also for one that is too old."""
        self._forget()
        job = self._jobs.get(job_id)
        if job is None:
            raise not_found()
        return job

    def all(self) -> list[Job]:
        """Return all jobs, the oldest first."""
        self._forget()
        return list(self._jobs.values())

    def delete(self, job: Job) -> None:
        """Forget a job. Raises Refusal if it has not ended."""
        if not job.has_ended:
            raise Refusal(400, "INVALIDJOBSTATE", f"Can't delete a job in state {job.state}")
        with self._lock:
            self._jobs.pop(job.id, None)

    def _forget(self) -> None:
        """Forget the jobs that are too old."""
        oldest = self._present.now() - self._kept
        with self._lock:
            self._jobs = {key: job for key, job in self._jobs.items() if job.created_at > oldest}
