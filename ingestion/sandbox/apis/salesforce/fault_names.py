"""What can go wrong at the stand-in of Salesforce, by the names that `Faults` knows it under."""

from __future__ import annotations

FAULTS = {
    "request_limit": "403 REQUEST_LIMIT_EXCEEDED without Retry-After",
    "api_disabled": "403 API_DISABLED_FOR_ORG",
    "metering": "400 TXN_SECURITY_METERING_ERROR",
    "job_limit": "400 LIMIT_EXCEEDED when a query job is created",
    "server_error": "500 UNKNOWN_EXCEPTION and 503 SERVER_UNAVAILABLE in turn",
    "query_timeout": "400 QUERY_TIMEOUT of a REST query",
    "edge_420": "420 of the edge, which is not JSON",
    "timeout": "the answer comes `Options.late_seconds` later",
    "cut": "the connection dies in the middle of a body: Content-Length promises more",
    "session_expired": "401 INVALID_SESSION_ID; the token is worth nothing from then on",
    "job_failed": "a query job ends as Failed, with an errorMessage",
    "job_aborted": "a query job ends as Aborted, by somebody else",
    "duplicated_page": "a page begins with rows that the page before has had",
    "short_page": "a REST page holds fewer rows than asked for, and goes on",
    "malformed_row": "one CSV row of a page lacks its last value",
    "null_byte": "the last value of one CSV row of a page has a null byte in it",
    "late_commit": "of that share of versions, each is shown up to `Options.commit_delay` later",
    "schema_drift": "before a describe a custom field comes; another one goes; all is as it was",
    "clock_skew": "Date and the moments of jobs are `Options.clock_skew` seconds ahead",
    "not_json": "200 with a page of HTML where JSON was due",
    "insufficient_access": "403 INSUFFICIENT_ACCESS for one object",
}
