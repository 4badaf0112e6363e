"""What can go wrong at this stand-in, by the names that `Faults` takes."""

from __future__ import annotations

FAULTS = {
    "rate_limit": "606, as if 100 calls had come within 20 seconds",
    "daily_quota": "607, as if the day's calls were used up",
    "concurrency": "615, as if 10 calls were being answered",
    "token_invalid": "601; the token is revoked, identity gives a new one",
    "token_expired": "602; the token is over before its time, also between two ranges of a file",
    "timeout_code": "604, at once",
    "unavailable": "608",
    "system_error": "611",
    "transient_error": "713",
    "server_error": "HTTP 502 or 503 in place of 200",
    "not_json": "HTTP 200 with a page of HTML",
    "timeout": "the answer is right and comes `late_by` seconds late",
    "cut": "the connection dies in the middle of a body; Content-Length told all of it",
    "queue_full": "1029 on enqueue, as if 10 jobs were queued",
    "export_quota": "1029 on enqueue, as if 500 MB had been exported that day",
    "job_failed": "a job ends as Failed and must be created anew",
    "job_canceled": "a job ends as Canceled, as by an administrator",
    "checksum_mismatch": "one download has a byte that is not the file's",
    "truncated_file": "one download ends in the middle; its Content-Length says so too",
    "malformed_row": "the last row of a file has a field too many; its checksum is right",
    "empty_page": "a page of activities without rows, though there are more",
    "duplicated_page": "a page of activities comes again, though its token was used",
    "overlapping_page": "the next page of activities begins with the last half of this one",
    "late_commit": "this share of activities is shown up to `commits_late_by` seconds late",
    "schema_drift": "a custom field appears between two describes, or goes",
    "clock_skew": "the moments that a job tells are `skewed_by` seconds ahead",
}
