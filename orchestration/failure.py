"""Errors of the way in as Dagster knows them: retried, or told at once."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import dagster as dg

from ingestion.errors import TerminalError, TransientError

if TYPE_CHECKING:
    from collections.abc import Iterator

RETRIES = 3
RETRY_AFTER_SECONDS = 5


@contextmanager
def told() -> Iterator[None]:
    """Retry the step on a TransientError; fail it without a retry on a TerminalError.

    Anything else is a defect of ours and keeps its traceback.
    """
    try:
        yield
    except TransientError as error:
        raise dg.RetryRequested(max_retries=RETRIES, seconds_to_wait=RETRY_AFTER_SECONDS) from error
    except TerminalError as error:
        raise dg.Failure(description=str(error), allow_retries=False) from error
