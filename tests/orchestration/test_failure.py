"""What is retried, and what is told at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg

from ingestion.errors import TerminalError, TransientError
from orchestration import failure
from orchestration.failure import told
from orchestration.run import describe_failure

if TYPE_CHECKING:
    import pytest


def _run(errors: list[Exception]) -> dg.ExecuteInProcessResult:
    @dg.op
    def reach() -> None:
        with told():
            if errors:
                raise errors.pop(0)

    @dg.job
    def reach_job() -> None:
        reach()

    return reach_job.execute_in_process(raise_on_error=False)


def _busy() -> TransientError:
    return TransientError("answers with 503", where="the shop", mend="Wait a moment")


def test_a_transient_error_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failure, "RETRY_AFTER_SECONDS", 0)
    result = _run([_busy(), _busy()])
    assert result.success
    assert len([event for event in result.all_events if event.is_step_up_for_retry]) == 2


def test_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failure, "RETRY_AFTER_SECONDS", 0)
    result = _run([_busy() for _ in range(10)])
    assert not result.success
    assert str(describe_failure(result)) == ("reach: the shop: answers with 503. Wait a moment")


def test_a_terminal_error_is_told_at_once_in_its_own_words() -> None:
    result = _run([TerminalError("there is no such folder", where="exports", mend="Make it")])
    assert not result.success
    assert [event for event in result.all_events if event.is_step_up_for_retry] == []
    assert str(describe_failure(result)) == "reach: exports: there is no such folder. Make it"


def test_a_defect_keeps_its_traceback() -> None:
    told_failure = describe_failure(_run([ZeroDivisionError("division by zero")]))
    assert str(told_failure).startswith("reach: division by zero (the traceback: ")
    assert "ZeroDivisionError" in told_failure.traceback
