"""The whole job, in this process, on the terminal: `make run`."""

from __future__ import annotations

import argparse
import logging
import os
import sys
import time
import traceback
import uuid
import warnings
from datetime import datetime
from typing import TYPE_CHECKING

from ingestion.errors import FunnelError
from orchestration import progress
from orchestration.instance import open_instance
from orchestration.lock import hold_lock
from orchestration.publication import CURRENT, current_publication
from orchestration.workspace import Workspace, read_workspace

if TYPE_CHECKING:
    from collections.abc import Iterable

    import dagster as dg
    from dagster_shared.error import SerializableErrorInfo

# When the process began, as far as this module can know.
STARTED_AT = time.time()


class RunFailedError(Exception):
    """The run did not come to its end; the text says what, where, and what to do.

    `traceback` is that of the step that failed, empty where a gate stopped the run.
    """

    def __init__(self, words: str, traceback: str = "") -> None:
        super().__init__(words)
        self.traceback = traceback


def run(
    workspace: Workspace,
    as_of: str = "",
    loads_until: str = "",
    started_at: float | None = None,
    past: tuple[str, str] = ("", ""),
) -> list[str]:
    """Run the job on a workspace and return the lines of its summary.

    The texts are what the job may be asked for, as its configuration describes them; `past` is
    read_from and read_until.
    `started_at` (seconds since 1970) is where the times that the summary tells begin, by default
    now. The run is kept in the workspace's Dagster instance.
    Raises a FunnelError if the settings, the mapping or the agreement are wrong or another run is
    in progress, and RunFailedError if the run failed or a gate stopped it; then the former
    publication is still served, unless it was the export or the report after the new one that
    failed.
    """
    from orchestration.funnel_run import Plan  # noqa: PLC0415  # slow to import
    from orchestration.sample_company import ensure_exports  # noqa: PLC0415

    started_at = started_at or time.time()
    run_id = str(uuid.uuid4())
    with hold_lock(workspace.lock, run_id):
        ensure_exports(workspace)
        asked = {
            "as_of": as_of,
            "loads_until": loads_until,
            "read_from": past[0],
            "read_until": past[1],
        }
        plan = Plan(workspace, **asked)
        # A wrong agreement, mapping or day is told before anything runs.
        plan.check()
        progress.say(
            "start",
            f"{workspace.data_set}, agreement {plan.agreement.name},"
            f" up to {plan.as_of:%Y-%m-%d %H:%M} UTC",
        )
        from orchestration.definitions import definitions  # noqa: PLC0415  # 4 s
        from orchestration.job import JOB  # noqa: PLC0415
        from orchestration.summary import (  # noqa: PLC0415
            describe,
            read_contents,
            seconds_by_phase,
        )

        with open_instance(workspace) as instance:
            result = (
                definitions()
                .resolve_job_def(JOB)
                .execute_in_process(
                    run_config=asked,
                    instance=instance,
                    raise_on_error=False,
                    run_id=run_id,
                )
            )
            steps = [
                (step.step_key, step.start_time, step.end_time)
                for step in instance.get_run_step_stats(run_id)
            ]
        if not result.success:
            raise describe_failure(result)
        contents = read_contents(plan.warehouse)
        phases = {**seconds_by_phase(steps, started_at), "in all": time.time() - started_at}
        return describe(workspace, result, contents, phases)


def describe_failure(result: dg.ExecuteInProcessResult) -> RunFailedError:
    """Return what stopped a run: the gate's verdicts, or the first error's own words."""
    from orchestration.summary import PHASES  # noqa: PLC0415

    failures = [one for one in result.all_events if one.is_step_failure]
    if failures and (error := failures[0].step_failure_data.error):
        step = failures[0].step_key or ""
        if error.cls_name == "DagsterAssetCheckFailedError":
            return RunFailedError(_stopped(step, result))
        return RunFailedError(f"{PHASES.get(step, step)}: {_words(error)}", error.to_string())
    for event in result.all_events:
        error = getattr(event.event_specific_data, "error", None) if event.is_failure else None
        if error is not None:
            return RunFailedError(_words(error), error.to_string())
    return RunFailedError("the run failed without an error of its own")


def _stopped(step: str, result: dg.ExecuteInProcessResult) -> str:
    from orchestration.summary import describe_gate  # noqa: PLC0415

    boundary = "what enters" if step == "gate_in" else "what leaves"
    told = [
        line
        for line in describe_gate(result)[1:]
        if line.strip().startswith("error") or line.startswith("data docs")
    ]
    return "\n".join(
        [
            f"the gate stopped {boundary}: nothing was published",
            *told,
            "Mend the exports, the mapping or the agreement, then run again",
        ]
    )


def _words(error: SerializableErrorInfo) -> str:
    """The message of the innermost cause that is an error of ours, else of the innermost."""
    chain = [error]
    while chain[-1].cause is not None:
        chain.append(chain[-1].cause)
    for one in reversed(chain):
        if one.cls_name in {"Failure", *_our_errors(FunnelError)}:
            return _message(one)
    return f"{_message(chain[-1])} (the traceback: dagster/run.log of the workspace, or --verbose)"


def _our_errors(kind: type[Exception]) -> set[str]:
    """Names of an error class and of all that were derived from it."""
    found = {kind.__name__}
    return found.union(*(_our_errors(one) for one in kind.__subclasses__()))


def _message(error: SerializableErrorInfo) -> str:
    name = f"{error.cls_name}: "
    _, found, message = error.message.partition(name)
    return (message if found else error.message).strip()


def main(arguments: list[str] | None = None) -> int:
    """Run and print; returns 0 if it published, 1 if not, 130 if it was stopped."""
    parser = argparse.ArgumentParser(prog="orchestration.run", description=__doc__)
    parser.add_argument("--as-of", default="", help="day or instant up to which events count")
    parser.add_argument("--loads-until", default="", help="instant up to which loads count")
    parser.add_argument("--read-from", default="", help="read connected systems again, from here")
    parser.add_argument("--read-until", default="", help="… until here")
    parser.add_argument("--verbose", action="store_true", help="show tracebacks")
    options = parser.parse_args(arguments)
    listen()
    began = time.time()
    workspace = None
    try:
        workspace = read_workspace()
        _print(
            run(
                workspace,
                options.as_of,
                options.loads_until,
                STARTED_AT,
                (options.read_from, options.read_until),
            )
        )
    except (FunnelError, RunFailedError) as error:
        return _failed(workspace, began, str(error), error if options.verbose else None)
    except KeyboardInterrupt:
        _failed(workspace, began, "stopped before it had ended")
        return 130
    except Exception as error:  # a defect of ours: told in one line too, and not hidden
        words = f"{type(error).__name__}: {error}. This is a defect: add --verbose and report it"
        return _failed(workspace, began, words, error if options.verbose else None)
    return 0


def _failed(
    workspace: Workspace | None, began: float, words: str, shown: Exception | None = None
) -> int:
    sys.stdout.flush()
    if isinstance(shown, RunFailedError) and shown.traceback:
        sys.stderr.write(f"\n{shown.traceback}")
    elif shown is not None:
        sys.stderr.write("\n" + "".join(traceback.format_exception(shown)))
    served = current_publication(workspace.published) if workspace else None
    if workspace is None or served is None:
        last = "nothing is published yet"
    else:
        path = (workspace.published / CURRENT).resolve()
        # What comes after the publication may fail too.
        is_own = datetime.fromisoformat(served.created_at).timestamp() >= began
        which = "published by this run" if is_own else "the former publication"
        last = f"still served: {path} ({which}, as of {served.as_of})"
    sys.stderr.write(f"\n{words}\n{last}\n")
    return 1


def listen() -> None:
    """Progress to the terminal, and nobody else's log."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(logging.Formatter("%(message)s"))
    log = logging.getLogger(progress.NAME)
    # Called again in one process, it is the same terminal: no second line for each.
    log.handlers = [handler]
    log.propagate = False
    # Beta notices of libraries are for us to read in tests, not for whoever runs this.
    warnings.filterwarnings("ignore")
    os.environ.setdefault("PYTHONWARNINGS", "ignore")


def _print(lines: Iterable[str]) -> None:
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
