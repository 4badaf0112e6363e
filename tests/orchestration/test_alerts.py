"""What is told: once each, again when it changes, and to the webhook alone."""

from __future__ import annotations

import json
import logging
import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import dagster as dg
import pytest

from ingestion.errors import TerminalError, TransientError
from orchestration import alerts, webhook
from orchestration.alerts import AT_RISK_HOURS, FailedRun, compose, read_told, tell
from orchestration.alerts_sensor import alerts_sensor
from orchestration.webhook import VARIABLE, Webhook, read_webhook
from orchestration.workspace import read_workspace
from tests.environment import run_environment
from tests.orchestration.handed_off import HandedOff

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECRET = "T0-very-secret"  # noqa: S105  # of nobody
PRIVATE = "jane@acme.example"


class Receiver:
    """Takes what is posted to it, or answers with another status."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.status = 200
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                assert self.path == f"/services/{SECRET}"
                assert self.headers["Content-Type"].startswith("application/json")
                if receiver.status == 200:
                    assert body.keys() == {"text"}
                    receiver.told.append(body["text"])
                self.send_response(receiver.status)
                if receiver.status == 302:
                    self.send_header("Location", f"http://127.0.0.1/elsewhere/{SECRET}")
                self.end_headers()
                self.wfile.write(f"seen {SECRET}".encode())

            def log_message(self, *_: Any) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/services/{SECRET}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def taken(self) -> list[str]:
        """What was told since somebody looked last."""
        told, self.told = self.told, []
        return told


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    one = Receiver()
    yield one
    one.server.shutdown()
    one.server.server_close()


@pytest.fixture
def company(tmp_path: Path) -> Iterator[HandedOff]:
    with run_environment(None, tmp_path):
        yield HandedOff(read_workspace())


def test_the_message(company: HandedOff, receiver: Receiver) -> None:
    run = company.publish().run
    assert tell(company.workspace, Webhook(receiver.url)) == 3
    # c is due later than the next publication looks; of warnings nobody is told.
    (text,) = receiver.taken()
    assert text == (
        "unified-funnel, sample_company: for revenue &lt;ops&gt;\n"
        f"as of 2026-02-01 00:00 UTC, publication {run}\n"
        "SLA clocks breached: 2 of 1 hand-offs\n"
        "• a: First reply (sales), due 2026-01-31 15:00 UTC, nobody to ask is known;"
        " An answer (sales), due 2026-01-31 14:00 UTC, ask Ann\n"
        "SLA clocks due within 24 h of as_of: 1 of 1 hand-offs\n"
        "• b: First reply (sales), due 2026-02-01 03:00 UTC, ask Kim"
    )
    assert AT_RISK_HOURS == 24


def test_once_each_and_again_when_something_changes(company: HandedOff, receiver: Receiver) -> None:
    hook = Webhook(receiver.url)
    assert tell(company.workspace, hook) == 0
    assert not company.workspace.alerts.exists()
    company.publish()
    assert tell(company.workspace, hook) == 3
    # Not at the next tick, and not of the next publication that says the same.
    assert tell(company.workspace, hook) == 0
    company.publish()
    assert tell(company.workspace, hook) == 0
    assert len(receiver.taken()) == 1
    # What was at risk is breached, and that alone is told.
    breach = "update marts.rpt_handoffs_at_risk set status = 'overdue' where handoff_key = 'b'"
    company.publish(breach)
    assert tell(company.workspace, hook) == 1
    (text,) = receiver.taken()
    assert "SLA clocks breached: 1 of 1 hand-offs\n• b: " in text
    assert "• a: " not in text
    # It passed to somebody else, who has not heard of it.
    company.publish("update marts.rpt_handoffs_at_risk set ask = 'Lou' where handoff_key = 'b'")
    assert tell(company.workspace, hook) == 1
    assert receiver.taken()[0].endswith("ask Lou")
    # Gone, and there again: that is news.
    company.publish("delete from marts.rpt_handoffs_at_risk where handoff_key = 'b'")
    assert tell(company.workspace, hook) == 0
    assert "clock/b/reply" not in read_told(company.workspace.alerts)
    company.publish(
        "insert into marts.rpt_handoffs_at_risk values ('b/reply', 'b', 'reply', 'First reply',"
        " 'sales', 'overdue', timestamp '2026-02-01 03:00', 'Lou', 5)"
    )
    assert tell(company.workspace, hook) == 1


def test_findings_sources_and_runs(company: HandedOff, receiver: Receiver) -> None:
    company.publish(
        "delete from marts.rpt_handoffs_at_risk",
        "insert into quality.findings values ('torn', 'critical', 'persons', 'L1')",
        "insert into quality.findings select 'torn', 'critical', 'persons', 'M' || i"
        " from range(9) as t (i)",
        "update quality.source_freshness set is_stale = true",
    )
    runs = [FailedRun(run_id="0b5fd8a3-1", job="funnel_job", ended_at=None, why=["step x failed"])]
    hook = Webhook(receiver.url)
    assert tell(company.workspace, hook, runs) == 12
    (text,) = receiver.taken()
    assert text.splitlines()[2:] == [
        "Failed runs: 1",
        "• funnel_job 0b5fd8a3: step x failed",
        "Critical findings: 10",
        "• torn (critical, persons): L1; M0; M1; M2; M3; and 5 more",
        "Exports older than agreed: 1",
        "• crm main (agreed: 48 h): leads.csv (persons) nothing after 2026-01-31 00:00 UTC",
    ]
    assert tell(company.workspace, hook, runs) == 0
    company.publish("insert into quality.findings values ('torn', 'critical', 'persons', 'N')")
    assert tell(company.workspace, hook, runs) == 1
    assert receiver.taken()[0].endswith("Critical findings: 1\n• torn (critical, persons): N")


def test_ten_hand_offs_and_a_count(company: HandedOff, receiver: Receiver) -> None:
    company.publish(
        "insert into marts.rpt_handoffs_at_risk select 'h' || i || '/reply', 'h' || i, 'reply',"
        " 'First reply', 'sales', 'overdue', timestamp '2026-01-30', 'Kim', 100 + i"
        " from range(200) as t (i)"
    )
    assert tell(company.workspace, Webhook(receiver.url)) == 203
    lines = receiver.taken()[0].splitlines()
    assert lines[2] == "SLA clocks breached: 202 of 201 hand-offs"
    assert [one.split(":")[0] for one in lines[3:13]] == ["• a", *(f"• h{i}" for i in range(9))]
    assert lines[13] == "and 191 more: marts.rpt_handoffs_at_risk"
    assert len(lines) == 16


@pytest.mark.parametrize(
    ("status", "kind"), [(503, TransientError), (429, TransientError), (404, TerminalError),
                         (302, TerminalError)]
)  # fmt: skip
def test_what_was_not_taken_is_told_later(
    company: HandedOff, receiver: Receiver, status: int, kind: type[Exception]
) -> None:
    company.publish()
    receiver.status = status
    for _ in range(2):
        with pytest.raises(kind, match=f"the receiver answered {status}"):
            tell(company.workspace, Webhook(receiver.url))
    receiver.status = 200
    assert tell(company.workspace, Webhook(receiver.url)) == 3
    assert len(receiver.taken()) == 1


def test_a_crash_between_telling_and_remembering_tells_twice(
    company: HandedOff, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    company.publish()

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(alerts, "write_told", killed)
        with pytest.raises(KeyboardInterrupt):
            tell(company.workspace, Webhook(receiver.url))
    assert tell(company.workspace, Webhook(receiver.url)) == 3
    first, second = receiver.taken()
    assert first == second


def test_a_damaged_memory_is_named(company: HandedOff, receiver: Receiver) -> None:
    company.workspace.alerts.write_text("[")
    with pytest.raises(TerminalError, match="the memory of what was told is damaged"):
        tell(company.workspace, Webhook(receiver.url))


def test_the_sensor(
    company: HandedOff,
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Switched on before there is anything: skipped, down, up, told once."""
    caplog.set_level(logging.DEBUG)
    company.publish()
    with dg.DagsterInstance.ephemeral() as instance:

        def tick() -> str:
            result = alerts_sensor(dg.build_sensor_context(instance=instance))
            assert isinstance(result, dg.SkipReason)
            return result.skip_message or ""

        assert tick() == f"{VARIABLE} is not set: nobody is told anything"
        monkeypatch.setenv(VARIABLE, f"http://127.0.0.1:{_free_port()}/services/{SECRET}")
        with pytest.raises(TransientError, match="could not be reached") as down:
            tick()
        assert _chain(down.value) == [str(down.value)]
        monkeypatch.setenv(VARIABLE, receiver.url)
        run_id = _failing_run(instance)
        assert tick() == "told 4"
        assert tick() == "nothing new"
        assert tick() == "nothing new"
    (text,) = receiver.taken()
    (line,) = [one for one in text.splitlines() if run_id[:8] in one]
    assert line.startswith(f"• breaking_job {run_id[:8]}, 2")
    # An error's own words stay where they are.
    assert line.endswith("UTC: step broken failed, check is_whole of kept failed")
    assert PRIVATE not in text
    for written in (caplog.text, *capfd.readouterr(), company.workspace.alerts.read_text()):
        assert SECRET not in written


@pytest.mark.parametrize(
    "url",
    [
        f"ftp://127.0.0.1/{SECRET}",
        f"file:///{SECRET}",
        f"hooks.slack.com/services/{SECRET}",
        f"http://[{SECRET}",
        f"http://127.0.0.1:{SECRET}/",
        f"http://127.0.0.1/{SECRET} and more",
        f"http://{SECRET}.invalid/",
    ],
)
def test_an_address_that_is_none_does_not_show(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv(VARIABLE, url)
    monkeypatch.setenv("no_proxy", "*")

    def send() -> None:
        hook = read_webhook()
        assert hook is not None
        assert SECRET not in repr(hook)
        hook.send("words")

    with pytest.raises((TerminalError, TransientError)) as failed:
        send()
    assert not [one for one in _chain(failed.value) if SECRET in one]


def test_who_does_not_answer_in_time_is_told_later(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook, "TIMEOUT_SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/{SECRET}"
        with pytest.raises(TransientError, match="could not be reached"):
            Webhook(url).send("words")


def test_without_a_publication_there_is_no_contact() -> None:
    assert compose("acme", None, []) == "unified-funnel, acme"


def _chain(error: BaseException) -> list[str]:
    found = [str(error)]
    for cause in (error.__cause__, error.__context__):
        if cause is not None:
            found += _chain(cause)
    return found


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def _failing_run(instance: dg.DagsterInstance) -> str:
    @dg.asset
    def kept() -> None:
        pass

    @dg.asset_check(asset=kept)
    def is_whole() -> dg.AssetCheckResult:
        return dg.AssetCheckResult(passed=False, description=PRIVATE)

    @dg.asset
    def broken() -> None:
        raise ValueError(PRIVATE)

    loaded = dg.Definitions(
        assets=[kept, broken],
        asset_checks=[is_whole],
        jobs=[dg.define_asset_job("breaking_job")],
        executor=dg.in_process_executor,
    )
    job = loaded.resolve_job_def("breaking_job")
    return job.execute_in_process(instance=instance, raise_on_error=False).run_id
