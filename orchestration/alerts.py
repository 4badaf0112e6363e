"""What somebody should hear of without asking, once each, and again when it changes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import escape
from typing import TYPE_CHECKING

import duckdb

from ingestion.errors import TerminalError
from orchestration.disk import replace_text
from orchestration.publication import DATABASE, current_publication

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from orchestration.publication import Publication
    from orchestration.webhook import Webhook
    from orchestration.workspace import Workspace

# Real hours from as_of on. The next daily publication looks a day later: whoever is told of what is
# due until then can still do it, and nobody is told of what another morning will tell in time.
AT_RISK_HOURS = 24

# Lines of one kind in a message: more is a report, and has tables.
_LINES_SHOWN = 10
_PARTS_SHOWN = 5
_LINE_LENGTH = 500

# By what is told first. The table is where all of it stands.
_TOPICS = {
    "run": ("Failed runs", "", "the runs of `make ui`"),
    "breached": ("SLA clocks breached", "hand-offs", "marts.rpt_handoffs_at_risk"),
    "at_risk": (
        f"SLA clocks due within {AT_RISK_HOURS} h of as_of",
        "hand-offs",
        "marts.rpt_handoffs_at_risk",
    ),
    "finding": ("Critical findings", "", "quality.findings"),
    "source": ("Exports older than agreed", "", "quality.source_freshness"),
}


@dataclass(frozen=True, kw_only=True)
class Matter:
    """Something to tell of.

    `key` says what it is, and is remembered with `state`: it is told again when that changes.
    Matters of one `about` share a line of the message, each with its `text`. They hold keys and no
    values of persons.
    """

    topic: str
    key: str
    state: str
    about: str
    text: str


@dataclass(frozen=True, kw_only=True)
class FailedRun:
    """A run that failed: when (aware, UTC; None if nobody noted it), and what stopped it."""

    run_id: str
    job: str
    ended_at: datetime | None
    why: Sequence[str] = ()

    @property
    def key(self) -> str:
        """What it is remembered by."""
        return f"run/{self.run_id}"


def tell(workspace: Workspace, webhook: Webhook, runs: Iterable[FailedRun] = ()) -> int:
    """Send one message of all that is new since the last one; return how many matters it tells.

    Remembered is what stands now, after the receiver took the message: a crash between the two
    tells it twice, and nothing is ever lost. What has gone is forgotten, and told anew if it comes
    again.
    Only one process may call this for a workspace at a time.
    Raises TransientError or TerminalError of the webhook, and TerminalError if the publication or
    the memory is damaged.
    """
    told = read_told(workspace.alerts)
    publication = current_publication(workspace.published)
    matters = [*run_matters(runs), *published_matters(workspace.published, publication)]
    fresh = [one for one in matters if told.get(one.key) != one.state]
    if fresh:
        webhook.send(compose(workspace.data_set, publication, fresh))
    standing = {one.key: one.state for one in matters}
    if standing != told:
        write_told(workspace.alerts, standing)
    return len(fresh)


def run_matters(runs: Iterable[FailedRun]) -> Iterator[Matter]:
    """Return a matter for each failed run."""
    for run in runs:
        ended = f", {_moment(run.ended_at)}" if run.ended_at else ""
        yield Matter(
            topic="run",
            key=run.key,
            state="failed",
            about=f"{run.job} {run.run_id[:8]}{ended}",
            text=", ".join(run.why) or "no step of it failed: it did not begin",
        )


def published_matters(published: Path, publication: Publication | None) -> Iterator[Matter]:
    """Return what a publication says that somebody should hear, None says nothing.

    Clocks that somebody can still stop, due within 24 h of its as_of or breached; findings that
    are critical or errors; exports that are old. A publication of an earlier version, which has
    not all of these tables, tells what it has.
    """
    if publication is None:
        return
    as_of = datetime.fromisoformat(publication.as_of).astimezone(UTC).replace(tzinfo=None)
    database = published / publication.run / DATABASE
    with duckdb.connect(str(database), read_only=True) as connection:
        if "marts.rpt_handoffs_at_risk" in publication.tables:
            yield from _clocks(connection, as_of)
        if "quality.findings" in publication.tables:
            yield from _findings(connection)
        if "quality.source_freshness" in publication.tables:
            yield from _sources(connection)


def _clocks(connection: duckdb.DuckDBPyConnection, as_of: datetime) -> Iterator[Matter]:
    # What can still be met first, then the latest breaches: as the table's own urgency has it.
    found = connection.execute(
        "select clock_key, handoff_key, sla_label, team, status, due_at, ask"
        " from marts.rpt_handoffs_at_risk where status = 'overdue' or due_at <= ?"
        " order by urgency, team, clock_key",
        [as_of + timedelta(hours=AT_RISK_HOURS)],
    ).fetchall()
    for clock_key, handoff_key, label, team, status, due_at, ask in found:
        topic = "breached" if status == "overdue" else "at_risk"
        whom = f"ask {ask}" if ask else "nobody to ask is known"
        yield Matter(
            topic=topic,
            key=f"clock/{clock_key}",
            # Somebody else has to hear of it when it passes to them.
            state=f"{topic}, {whom}",
            about=handoff_key,
            text=f"{label} ({team}), due {_moment(due_at)}, {whom}",
        )


def _findings(connection: duckdb.DuckDBPyConnection) -> Iterator[Matter]:
    # Without the detail: it may quote what was delivered.
    found = connection.execute(
        "select distinct finding, severity, coalesce(entity, ''), coalesce(record_key, '')"
        " from quality.findings where severity in ('critical', 'error') order by all"
    ).fetchall()
    for finding, severity, entity, record_key in found:
        yield Matter(
            topic="finding",
            key=f"finding/{finding}/{entity}/{record_key}",
            state=severity,
            about=f"{finding} ({severity}, {entity})",
            text=record_key or "the whole of it",
        )


def _sources(connection: duckdb.DuckDBPyConnection) -> Iterator[Matter]:
    found = connection.execute(
        "select source, instance, entity, export, delivered_until, stale_after_hours"
        " from quality.source_freshness where is_stale order by all"
    ).fetchall()
    for source, instance, entity, export, until, hours in found:
        since = f"nothing after {_moment(until)}" if until else "never delivered"
        yield Matter(
            topic="source",
            key=f"source/{source}/{instance}/{entity}/{export}",
            state=since,
            about=f"{source} {instance} (agreed: {hours} h)",
            text=f"{export} ({entity}) {since}",
        )


def compose(data_set: str, publication: Publication | None, matters: Iterable[Matter]) -> str:
    """Return one message: whom it is for, then a part for each topic, ten lines and a count."""
    contact = publication.alert_contact if publication else ""
    lines = [f"unified-funnel, {data_set}" + (f": for {contact}" if contact else "")]
    if publication is not None:
        as_of = datetime.fromisoformat(publication.as_of)
        lines.append(f"as of {_moment(as_of)}, publication {publication.run}")
    of_topic: dict[str, dict[str, list[str]]] = {topic: {} for topic in _TOPICS}
    for one in matters:
        of_topic[one.topic].setdefault(one.about, []).append(one.text)
    for topic, groups in of_topic.items():
        if groups:
            lines += _part(topic, groups)
    # Slack reads these three as mark-up; a name in them must not call everybody.
    return escape("\n".join(lines), quote=False)


def _part(topic: str, groups: Mapping[str, list[str]]) -> Iterator[str]:
    title, grouped, table = _TOPICS[topic]
    number = sum(map(len, groups.values()))
    of = f" of {len(groups):,} {grouped}" if grouped else ""
    yield f"{title}: {number:,}{of}"
    for about, texts in list(groups.items())[:_LINES_SHOWN]:
        more = len(texts) - _PARTS_SHOWN
        told = "; ".join(texts[:_PARTS_SHOWN]) + (f"; and {more:,} more" if more > 0 else "")
        line = f"• {about}: {told}"
        yield line if len(line) <= _LINE_LENGTH else line[: _LINE_LENGTH - 1] + "…"
    if (more := len(groups) - _LINES_SHOWN) > 0:
        yield f"and {more:,} more: {table}"


def read_told(path: Path) -> dict[str, str]:
    """Return what was told: state by key. Raises TerminalError if the file is damaged."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise TerminalError(
            "the memory of what was told is damaged",
            where=str(path),
            mend="Remove it: everything that stands is then told once more",
        )
    return found


def write_told(path: Path, told: Mapping[str, str]) -> None:
    """Remember what was told, in one step."""
    replace_text(path, json.dumps(dict(sorted(told.items())), indent=0) + "\n")


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
