"""Erase a person: `make erase PERSON=…`. Nothing that it says holds a value of a person."""

from __future__ import annotations

import argparse
import getpass
import sys
import traceback
from typing import TYPE_CHECKING

from ingestion.erasure import (
    find_traces,
    land_erased_keys,
    read_erased_keys,
    read_secret,
    unfinished_erasures,
)
from ingestion.errors import FunnelError, TerminalError
from ingestion.files.person import ASKED, FoundPerson, PersonSearch
from orchestration import progress
from orchestration.lock import hold_lock
from orchestration.run import RunFailedError, listen, run
from orchestration.warehouse import open_warehouse
from orchestration.workspace import Workspace, read_workspace

if TYPE_CHECKING:
    from collections.abc import Callable

    import pyarrow as pa

    from ingestion.erasure import Trace
    from orchestration.funnel_run import Plan

_TRACES_SHOWN = 20


class TracesError(Exception):
    """Something of the person is still there; the text names the places, one a line."""


def erase(
    workspace: Workspace, asked: str, is_confirmed: Callable[[FoundPerson], bool] = lambda _: True
) -> list[str]:
    """Erase a person from a workspace, run the pipeline, and return the lines of its summary.

    `asked` is a person key, a record key (`system/instance/id`) or an e-mail address.
    `is_confirmed` is asked once it is known what would be erased; if it says no, nothing happens.
    Erasing somebody twice is harmless. An erasure that was interrupted is carried out by the next
    run that publishes.
    Raises a FunnelError if nobody is found, the key of the erasures is missing or another run is in
    progress, RunFailedError if the pipeline did not publish, and TracesError if something is left.
    """
    from orchestration.funnel_run import Plan  # noqa: PLC0415  # slow to import

    with hold_lock(workspace.lock, "erase"):
        plan = Plan(workspace)
        plan.check()
        plan.landing.sweep()
        # Another key than that of the erasures before is refused here.
        read_erased_keys(plan.landing)
        found = search(plan).find(asked)
        is_pending = bool(unfinished_erasures(plan.landing))
        if not found.keys.num_rows and not is_pending:
            return ["erased before: nothing is left to erase"]
        tell(found)
        if not is_confirmed(found):
            return ["nothing was erased"]
        if found.keys.num_rows:
            land_erased_keys(plan.landing, found.keys)
        try:
            summary = run(workspace)
        except RunFailedError as error:
            raise RunFailedError(
                f"{error}\nThe erasure has landed and is not at its end: mend this and call"
                " `make run`. The run that publishes ends it",
                error.traceback,
            ) from error
        check(workspace, found.values)
        if unfinished_erasures(plan.landing):
            raise RunFailedError(
                "the run looked at an earlier day and was built beside: the publication in use is"
                " the former one. Call `make run` without AS_OF: the run that publishes ends the"
                " erasure"
            )
    return [*summary, "checked: nothing of the person is left in the workspace"]


def search(plan: Plan) -> PersonSearch:
    """Return the search for a person in the landing and warehouse of a run.

    Raises TerminalError if there is no warehouse or no key of the erasures.
    """
    mailboxes = {
        mailbox.lower()
        for version in plan.agreement.versions
        for mailbox in version.identity.role_mailboxes
    }
    return PersonSearch(
        plan.landing,
        plan.mapping,
        _resolved(plan.workspace),
        tuple(sorted(mailboxes)),
        read_secret(),
    )


def tell(found: FoundPerson) -> None:
    """Tell what would be erased, in counts."""
    for name, rows in found.counts.items():
        progress.say("erase", name.replace("_", " "), rows=rows)
    kinds = found.keys["kind"].to_pylist()
    for name, kind in (("records", "record"), ("addresses", "email"), ("numbers", "phone")):
        progress.say("erase", f"{name} that it is known again by: {kinds.count(kind)}")
    if found.shared:
        progress.say("erase", f"addresses and numbers that others keep: {found.shared}")


def check(workspace: Workspace, values: tuple[str, ...]) -> None:
    """Raise TracesError if a value is still in the workspace; the exports are not looked at."""
    with progress.still("erase", "looking for what is left"):
        traces = find_traces(
            workspace.folder, values, left_out=(workspace.exports, workspace.folder / "truth")
        )
    if traces:
        raise TracesError("\n".join(_described(traces)))


def _described(traces: list[Trace]) -> list[str]:
    lines = ["something of the person, or of somebody of the same name, is left:"]
    lines += [f"  {one.path} {one.place} {one.what}" for one in traces[:_TRACES_SHOWN]]
    if len(traces) > _TRACES_SHOWN:
        lines.append(f"  and {len(traces) - _TRACES_SHOWN} more places")
    lines.append("Look there; what is not the person's may stay")
    return lines


def _resolved(workspace: Workspace) -> pa.Table:
    """Which records are one person, as the last run resolved them."""
    with open_warehouse(workspace, "erase") as connection:
        return connection.execute(
            "select record_key, person_key from int_persons_resolved"
        ).to_arrow_table()


def main(arguments: list[str] | None = None) -> int:
    """Ask whom, erase and print; returns 0 if nothing is left of the person, else 1."""
    parser = argparse.ArgumentParser(
        prog="orchestration.erase",
        description="Erase the person that the first line of standard input names: a person key, a"
        " record key or an e-mail address. On a terminal it is asked for and not shown.",
    )
    parser.add_argument("--look", action="store_true", help="only tell what would be erased")
    parser.add_argument("--verbose", action="store_true", help="show tracebacks")
    options = parser.parse_args(arguments)
    listen()
    is_terminal = sys.stdin.isatty()
    try:
        asked = getpass.getpass(f"{ASKED}: ") if is_terminal else sys.stdin.readline()
        if not asked.strip():
            raise TerminalError(
                "nobody is named", where=ASKED, mend="Call `make erase PERSON=<key or e-mail>`"
            )

        def is_confirmed(_: FoundPerson) -> bool:
            if options.look:
                return False
            return not is_terminal or input("Erase? This cannot be undone. [y/N] ").strip() == "y"

        lines = erase(read_workspace(), asked, is_confirmed)
    except (FunnelError, RunFailedError, TracesError) as error:
        return _failed(str(error), error if options.verbose else None)
    except KeyboardInterrupt:
        return _failed("stopped; what had begun is carried out by the next `make run`", None)
    except Exception as error:  # a defect of ours; its own words may quote the person
        words = f"{type(error).__name__}. This is a defect: add --verbose and report it"
        return _failed(words, error if options.verbose else None)
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


def _failed(words: str, shown: Exception | None) -> int:
    sys.stdout.flush()
    if shown is not None:
        sys.stderr.write("".join(traceback.format_exception(shown)))
    sys.stderr.write(f"\n{words}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
