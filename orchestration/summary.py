"""What a run did, in a page of plain text."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from orchestration.gate import DATA_DOCS
from orchestration.published import KEY as PUBLISHED_KEY
from orchestration.raw_files import GROUP as RAW_GROUP
from orchestration.reported import KEY as REPORT_KEY
from orchestration.team_report import describe_teams, read_teams

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    import dagster as dg

    from orchestration.workspace import Workspace

_ROWS_SHOWN = 5
_TABLES_SHOWN = 8

# Steps by the name that the summary gives their phase, in the order of the run.
PHASES = {
    "agreement_tables": "land",
    "mapping_tables": "land",
    "review__actions": "land",
    "erasures__erased_keys": "land",
    "raw_files": "land",
    "gate_in": "check in",
    "models": "build",
    "gate_out": "check out",
    "published__marts": "publish",
    "exported__rejected_leads": "export",
    "report": "report",
}


@dataclass(frozen=True, kw_only=True)
class Contents:
    """What a warehouse says about a run: counts, findings by name, rows that were put aside."""

    as_of: datetime
    as_of_date: str
    reporting_time_zone: str
    counts: Mapping[str, int]
    findings: list[tuple[str, str, int]]
    aside: list[tuple[str, int, str]]
    aside_rows: int


def read_contents(warehouse: Path) -> Contents:
    """Read what the summary tells from a warehouse that nobody writes to."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        as_of, as_of_date, zone = _row(
            connection,
            "select as_of, as_of_date::varchar, reporting_time_zone from ops.run_context",
        )
        counts = _row(
            connection,
            "select (select count(*) from marts.dim_persons where not is_placeholder),"
            " (select count(*) from marts.dim_persons where is_placeholder),"
            " (select count(*) from marts.fct_passes),"
            " (select count(*) from marts.fct_opportunities),"
            " (select count(*) from quality.quarantined_rows)",
        )
        findings = connection.execute(
            "select finding, severity, count(*) from quality.findings"
            " group by all order by severity, count(*) desc, finding"
        ).fetchall()
        aside = connection.execute(
            "select coalesce(file, export), line, reason from quality.quarantined_rows"
            " order by file, line, reason limit ?",
            [_ROWS_SHOWN],
        ).fetchall()
    names = ("persons", "placeholders", "passes", "opportunities")
    return Contents(
        as_of=as_of,
        as_of_date=as_of_date,
        reporting_time_zone=zone,
        counts=dict(zip(names, counts, strict=False)),
        findings=findings,
        aside=aside,
        aside_rows=counts[-1],
    )


def seconds_by_phase(
    steps: Iterable[tuple[str, float | None, float | None]], started_at: float
) -> dict[str, float]:
    """Return the seconds of each phase of a run, in order; `start` is all before the first step.

    `steps` are names with start and end, in seconds since 1970 as `started_at` is.
    Dagster's own book-keeping between the steps is in no phase.
    """
    timed = sorted(
        (start, end, name) for name, start, end in steps if start is not None and end is not None
    )
    seconds = {"start": timed[0][0] - started_at} if timed else {}
    for start, end, step in timed:
        phase = PHASES.get(step, step)
        seconds[phase] = seconds.get(phase, 0.0) + end - start
    return seconds


def files_of(result: dg.ExecuteInProcessResult) -> tuple[list[dict[str, Any]], list[str]]:
    """Return what happened to each export file of a run, and the files that no mapping names."""
    files: list[dict[str, Any]] = []
    unnamed: list[str] = []
    for key, metadata in _metadata(result).items():
        if key[0] == RAW_GROUP:
            files.extend(metadata["files"])
            unnamed = metadata["unnamed_files"]
    return files, unnamed


def not_read(result: dg.ExecuteInProcessResult) -> list[dict[str, Any]]:
    """Return the objects of connected systems that a run could not read."""
    return [
        one
        for key, metadata in _metadata(result).items()
        if key[0] == RAW_GROUP
        for one in metadata["not_read"]
    ]


def publication_of(result: dg.ExecuteInProcessResult) -> dict[str, Any]:
    """Return the metadata of the publication of a run, empty if there was none."""
    return _metadata(result).get(tuple(PUBLISHED_KEY.path), {})


def report_of(result: dg.ExecuteInProcessResult) -> str:
    """Return the path of the first page of the report of a run that succeeded."""
    return str(_metadata(result)[tuple(REPORT_KEY.path)]["path"])


def describe_gate(result: dg.ExecuteInProcessResult) -> list[str]:
    """Return a line with the number of suites, one for each that does not pass, and their pages."""
    found = [
        one
        for one in result.get_asset_check_evaluations()
        if one.check_name == "__".join(one.asset_key.path)
    ]
    broken = [one for one in found if not one.passed]
    rules = sum(int(_value(one.metadata["rules"])) for one in found)
    lines = [
        f"gate           {len(found)} suites, {rules} rules, {len(broken)} suites with failures"
    ]
    lines.extend(
        f"  {one.severity.value.lower():<8}     {one.check_name}: {one.description}"
        for one in broken
    )
    if found:
        lines.append(f"data docs      {_value(found[0].metadata[DATA_DOCS])}")
    return lines


def describe(
    workspace: Workspace,
    result: dg.ExecuteInProcessResult,
    contents: Contents,
    phases: Mapping[str, float],
) -> list[str]:
    """Return the lines of the summary of a run that published; the last one names the path."""
    files, unnamed = files_of(result)
    publication = publication_of(result)
    told = ", ".join(f"{phase} {seconds:.1f} s" for phase, seconds in phases.items())
    counts = contents.counts
    placeholders = counts["placeholders"]
    return [
        "",
        f"data set       {workspace.data_set}",
        f"as of          {_told_as_of(contents)}",
        *_describe_files(files, unnamed),
        *_describe_not_read(not_read(result)),
        *_describe_aside(contents),
        *_describe_simulated(workspace, files, contents),
        f"persons        {counts['persons']:,}"
        + (f" and {placeholders:,} placeholders" if placeholders else ""),
        f"passes         {counts['passes']:,}",
        f"opportunities  {counts['opportunities']:,}",
        *_describe_findings(contents),
        *describe_gate(result),
        *_describe_teams(publication),
        "",
        f"report         {report_of(result)}",
        f"time           {told}",
        "marts          " + _compared(publication),
        f"published: {publication['path']}",
    ]


def _told_as_of(contents: Contents) -> str:
    return (
        f"{contents.as_of:%Y-%m-%d %H:%M} UTC, exclusive"
        f" (day {contents.as_of_date} in {contents.reporting_time_zone})"
    )


def _describe_files(files: list[dict[str, Any]], unnamed: list[str]) -> list[str]:
    delivered, landed, aside = (
        sum(one[name] for one in files) for name in ("delivered", "landed", "set_aside")
    )
    lines = [f"rows in        {delivered:,} delivered = {landed:,} landed + {aside:,} set aside"]
    if files and all(one["was_already_landed"] for one in files):
        lines[0] += "; all already landed, nothing loaded twice"
    width = max((len(_named(one)) for one in files), default=0)
    for one in files:
        note = "" if one["told"] is None else f"  of {one['told']:,} told"
        note += "  already landed" if one["was_already_landed"] else ""
        note += "  once more" if one["is_once_more"] else ""
        lines.append(
            f"  {_named(one):<{width}}  {one['delivered']:>10,} = {one['landed']:>10,}"
            f" + {one['set_aside']:>6,}{note}"
        )
    if unnamed:
        shown = ", ".join(unnamed[:_TABLES_SHOWN])
        more = len(unnamed) - _TABLES_SHOWN
        shown += f" and {more} more" if more > 0 else ""
        lines.append(f"not named      {shown} (no mapping names them: not read)")
    return lines


def _describe_not_read(objects: list[dict[str, Any]]) -> list[str]:
    """Tell of each object of a connected system that could not be read, and how old it is."""
    if not objects:
        return []
    lines = [f"NOT READ       {len(objects)} objects; the run went on with what it has:"]
    for error in dict.fromkeys(one["error"] for one in objects):
        lines.append(f"  {error}")
        lines.extend(
            f"    {one['source']} {one['object']}: {one['age']}"
            for one in objects
            if one["error"] == error
        )
    return lines


def _named(file: Mapping[str, Any]) -> str:
    system = (
        file["source"] if file["instance"] == "main" else f"{file['source']} {file['instance']}"
    )
    return f"{file['file']} ({system} {file['entity']})"


def _describe_aside(contents: Contents) -> list[str]:
    if not contents.aside_rows:
        return ["put aside      no row"]
    rows = (
        "1 row, with its"
        if contents.aside_rows == 1
        else f"{contents.aside_rows:,} rows, each with its"
    )
    lines = [f"put aside      {rows} reason:"]
    lines.extend(f"  {file}:{line}: {reason}" for file, line, reason in contents.aside)
    if contents.aside_rows > len(contents.aside):
        lines.append('  all of them: make query SQL="select * from quality.quarantined_rows"')
    return lines


def _describe_simulated(
    workspace: Workspace, files: list[dict[str, Any]], contents: Contents
) -> list[str]:
    """Hold what the simulated company says it wrote against what was read and put aside."""
    if not workspace.is_sample:
        return []
    from ingestion.sandbox.written import read_written  # noqa: PLC0415  # only for the sample

    written = read_written(workspace.folder)
    if written is None:
        return []
    read = {one["export"]: one for one in files if not one["is_once_more"]}
    rows = sum(written.rows[file] for file in read)
    unusable = sum(written.set_aside.get(one, 0) + written.quarantined.get(one, 0) for one in read)
    differing = [
        f"{file}: {written.rows[file]:,} rows written and {one['delivered']:,} delivered,"
        f" {written.set_aside.get(file, 0):,} unusable and {one['set_aside']:,} set aside"
        for file, one in read.items()
        if (one["delivered"], one["set_aside"])
        != (written.rows[file], written.set_aside.get(file, 0))
    ]
    if unusable != contents.aside_rows:
        differing.append(f"{unusable:,} unusable rows written, {contents.aside_rows:,} put aside")
    told = "all accounted for" if not differing else "DIFFERENT FROM WHAT WAS READ"
    wrote = f"{written.people:,} people made {rows:,} rows"
    return [
        f"simulated      {wrote}, {unusable:,} of them unusable: {told}",
        *(f"  {one}" for one in differing),
    ]


def _describe_findings(contents: Contents) -> list[str]:
    if not contents.findings:
        return ["findings       none"]
    total = sum(count for *_, count in contents.findings)
    lines = [f'findings       {total:,}; each one: make query SQL="select * from quality.findings"']
    lines.extend(
        f"  {severity:<8}     {finding} {count:,}" for finding, severity, count in contents.findings
    )
    return lines


def _describe_teams(publication: Mapping[str, Any]) -> list[str]:
    as_of_date = date.fromisoformat(publication["as_of_date"])
    return describe_teams(read_teams(Path(publication["path"]), as_of_date))


def _compared(publication: Mapping[str, Any]) -> str:
    if publication["is_beside"]:
        return "built beside: the publication in use looks at more and stays"
    if publication["is_first"]:
        return "the first publication"
    differing = publication["differs_from_last"]
    if not differing:
        return "equal to the last publication"
    shown = ", ".join(differing[:_TABLES_SHOWN])
    more = len(differing) - _TABLES_SHOWN
    return f"differ from the last publication: {shown}" + (f" and {more} more" if more > 0 else "")


def _metadata(result: dg.ExecuteInProcessResult) -> dict[tuple[str, ...], dict[str, Any]]:
    found: dict[tuple[str, ...], dict[str, Any]] = {}
    for event in result.get_asset_materialization_events():
        one = event.step_materialization_data.materialization
        found[tuple(one.asset_key.path)] = {
            name: _value(value) for name, value in one.metadata.items()
        }
    return found


def _value(metadata: Any) -> Any:
    return getattr(metadata, "value", metadata)


def _row(connection: duckdb.DuckDBPyConnection, query: str) -> tuple[Any, ...]:
    return connection.execute(query).fetchone() or ()
