"""The stand-in of Marketo as the clients see it, without patience for long waits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingestion.connectors.http import Patience
from ingestion.connectors.marketo import Credentials, Instance

if TYPE_CHECKING:
    from tests.ingestion.sandbox.apis.marketo_client import Client

QUICK = Patience(attempts=8, first_wait=0.001, longest_wait=0.01, connect=2, read=2)
# Faults of the stand-in that pass, so that a patient client gets what it would have got.
PASSING = [
    "rate_limit", "concurrency", "token_invalid", "token_expired", "timeout_code",
    "unavailable", "system_error", "transient_error", "server_error", "not_json", "cut",
    "queue_full", "job_failed", "job_canceled", "checksum_mismatch", "truncated_file",
    "clock_skew",
]  # fmt: skip


def instance(stand_in: Client, **changed: str) -> Instance:
    given = {
        "url": stand_in.address,
        "client_id": stand_in.options.client_id,
        "client_secret": stand_in.options.client_secret,
    }
    return Instance("marketo/main", Credentials(**given | changed), patience=QUICK, calls=None)
