"""What the warehouse knows of one person, in order: the material of `make timeline`."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ingestion.errors import TerminalError
from orchestration.warehouse import RunContext, fetch, run_context

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime

    import duckdb

_NEAR = 5


@dataclass(frozen=True, kw_only=True)
class Signal:
    """One dated or undated fact of the person, and what the agreement takes it for.

    `moment` is local time of the reporting zone; a date-only fact has a day and the moment 00:00.
    `stage` or `exit` is what it satisfies under `version`, neither where it satisfies nothing;
    `is_new` says that the value before it did not satisfy the same. `number` is its place among the
    signals that may move the person.
    """

    change_key: str
    record_key: str | None
    opportunity_key: str | None
    source: str
    field: str
    old_value: str | None
    value: str | None
    moment: datetime | None
    is_timed: bool
    day: date | None
    evidence: str
    stage: str | None
    exit: str | None
    version: int | None
    is_new: bool | None
    is_slip: bool
    number: int | None


@dataclass(frozen=True, kw_only=True)
class Move:
    """One transition of a pass, and where the pass stands after it: at a stage, or out by an exit.

    `change_key` names the signal behind it; silence has none.
    """

    change_key: str | None
    pass_number: int
    transition_number: int
    kind: str
    from_stage: str | None
    to_stage: str
    source: str | None
    moment: datetime | None
    is_timed: bool
    day: date | None
    evidence: str
    is_exit: bool
    current_stage: str | None
    exit_after: str | None


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A stage of the version in force, in the order of ranks."""

    key: str
    label: str
    rank: int
    authority: str | None
    is_won: bool


@dataclass(frozen=True, kw_only=True)
class Condition:
    """One thing that a criterion looks at; None where the agreement names no bound.

    Either `values`, any of which is enough, or numbers from `minimum` to `maximum`.
    """

    is_negated: bool
    source: str | None
    field: str
    values: tuple[str, ...]
    minimum: float | None
    maximum: float | None
    count: int
    within_days: int | None


# Alternatives, of which one is enough if all its conditions hold.
Criterion = list[list[Condition]]


@dataclass(frozen=True, kw_only=True)
class Story:
    """One person: rows of who they are by column name, signals and moves in order."""

    key: str
    context: RunContext
    person: Mapping[str, Any]
    traits: Mapping[str, Any]
    records: Sequence[Mapping[str, Any]]
    links: Sequence[Mapping[str, Any]]
    passes: Sequence[Mapping[str, Any]]
    signals: Sequence[Signal]
    moves: Sequence[Move]
    stages: Sequence[Stage]
    criteria: Mapping[str, Sequence[Criterion]]
    implied: frozenset[str]


def find_person(connection: duckdb.DuckDBPyConnection, asked: str) -> str:
    """Return the key of the person that a person key, a record key or an e-mail address names.

    Raises TerminalError if nobody is named so, with keys that are near, or more than one person is.
    """
    asked = asked.strip()
    if not asked:
        raise TerminalError(
            "nobody was named",
            where="PERSON",
            mend="Give a person key, a record key or an e-mail address",
        )
    found = [
        row["person_key"]
        for row in fetch(
            connection,
            "select person_key from dim_persons where person_key = $1"
            " union select person_key from int_persons_resolved where record_key = $1"
            " union select p.person_key from int_persons_resolved as p"
            " inner join int_person_records as r on p.record_key = r.record_key"
            " where r.email_normalised = lower($1)"
            " order by all",
            asked,
        )
    ]
    if len(found) == 1:
        return str(found[0])
    if found:
        raise TerminalError(
            f"{len(found)} persons have this address and were not taken for one",
            where=asked,
            mend=f"Give one of their keys: {', '.join(found[:_NEAR])}",
        )
    raise TerminalError(
        "no person has this key or address", where=asked, mend=_near(connection, asked)
    )


def _near(connection: duckdb.DuckDBPyConnection, asked: str) -> str:
    # Addresses are never compared by likeness: the answer would be somebody else's.
    if "@" not in asked:
        near = fetch(
            connection,
            "select record_key from int_persons_resolved"
            " where contains(lower(record_key), lower($1))"
            " or jaro_winkler_similarity(lower(record_key), lower($1)) > 0.9"
            " order by not contains(lower(record_key), lower($1)),"
            " jaro_winkler_similarity(lower(record_key), lower($1)) desc, record_key limit $2",
            asked,
            _NEAR,
        )
        if near:
            return f"Near it: {', '.join(row['record_key'] for row in near)}"
    example = fetch(connection, "select min(person_key) as person_key from dim_persons")
    return (
        "Give a person key, a record key (<system>/<instance>/<id>), e.g. "
        f"{example[0]['person_key']}, or the e-mail address of a record"
    )


def read_story(connection: duckdb.DuckDBPyConnection, key: str) -> Story:
    """Read what is known of the person with this key from an open warehouse."""
    context = run_context(connection)
    person = fetch(connection, "select * from dim_persons where person_key = ?", key)
    accounts = fetch(
        connection,
        "select a.* from dim_accounts as a inner join dim_persons as p"
        " on a.account_key = p.account_key where p.person_key = ?",
        key,
    )
    moves = _moves(connection, key, context.zone)
    newest = max((move.pass_number for move in moves), default=0)
    return Story(
        key=key,
        context=context,
        person=person[0],
        traits={
            **{f"person.{name}": value for name, value in person[0].items()},
            **{f"account.{name}": value for one in accounts for name, value in one.items()},
        },
        records=fetch(
            connection,
            "select r.record_key, r.record_type, r.created_at, r.created_at_precision,"
            " r.is_deleted, p.is_email_ambiguous from int_person_records as r"
            " inner join int_persons_resolved as p on r.record_key = p.record_key"
            " where p.person_key = ? order by r.created_at nulls last, r.record_key",
            key,
        ),
        links=fetch(
            connection,
            "select l.record_key, l.other_record_key, l.kind from int_person_links as l"
            " inner join int_persons_resolved as p on l.record_key = p.record_key"
            " where p.person_key = ? order by all",
            key,
        ),
        passes=fetch(
            connection, "select * from fct_passes where person_key = ? order by pass_number", key
        ),
        signals=_in_order(_signals(connection, key, context.zone)),
        moves=moves,
        stages=[
            Stage(**row)
            for row in fetch(
                connection,
                "select stage as key, label, stage_rank as rank, authority, is_won_stage as is_won"
                " from int_agreed_stages order by stage_rank",
            )
        ],
        criteria=read_criteria(connection, context.agreement_version),
        implied=frozenset(
            row["stage"]
            for row in fetch(
                connection,
                "select stage from fct_pass_stages where person_key = ? and pass_number = ?"
                " and is_reached and evidence = 'implied'",
                key,
                newest,
            )
        ),
    )


# A date-only value is never shifted; any other one is told in the reporting zone.
_MOMENT = (
    "case when {0}.precision = 'day' then {0}.{1}"
    " else timezone($2, timezone('UTC', {0}.{1})) end as moment, {0}.precision <> 'day' as is_timed"
)


def _signals(connection: duckdb.DuckDBPyConnection, key: str, zone: str) -> list[Signal]:
    rows = fetch(
        connection,
        "select s.change_key, s.record_key, s.opportunity_key, s.source, s.field, s.old_value,"
        f" s.value, {_MOMENT.format('s', 'signal_at')}, s.signal_date as day, s.evidence,"
        " m.stage, m.exit, m.agreement_version as version, m.has_turned_true as is_new,"
        " l.change_key is not null as is_slip, n.signal_number as number"
        " from int_signals as s left join int_stage_signals as m on s.change_key = m.change_key"
        " left join int_slips as l on s.change_key = l.change_key"
        " left join int_person_signals as n on s.change_key = n.change_key"
        " where s.person_key = $1"
        " order by s.signal_date nulls last, s.signal_at, s.chain_position, s.kind_rank,"
        " s.change_key",
        key,
        zone,
    )
    return [Signal(**row) for row in rows]


def _moves(connection: duckdb.DuckDBPyConnection, key: str, zone: str) -> list[Move]:
    rows = fetch(
        connection,
        "select t.change_key, t.pass_number, t.transition_number, t.kind, t.from_stage, t.to_stage,"
        f" t.source, {_MOMENT.format('t', 'transition_at')}, t.transition_date as day, t.evidence,"
        " t.is_exit, t.current_stage, t.exit_after"
        " from int_stage_transitions as t where t.person_key = $1"
        " order by t.pass_number, t.transition_number",
        key,
        zone,
    )
    return [Move(**row) for row in rows]


def _in_order(signals: list[Signal]) -> list[Signal]:
    """The engine numbers what may move somebody; the others keep their place in time."""
    places = [place for place, signal in enumerate(signals) if signal.number is not None]
    numbered = sorted((signals[place] for place in places), key=lambda one: one.number or 0)
    ordered = list(signals)
    for place, signal in zip(places, numbered, strict=True):
        ordered[place] = signal
    return ordered


_SIMPLE = """
    select
        target, criterion_number, 1 as alternative_number, false as is_negated,
        any_value(source) as source, any_value(field) as field,
        list(value order by value) filter (value is not null) as choices,
        min(threshold) as minimum, cast(null as double) as maximum,
        1 as minimum_count, cast(null as integer) as within_days
    from agreement.criteria
    where version = ? and target_kind = 'stage'
    group by target, criterion_number
"""

# Landed since criteria may be compound; an older warehouse has no such table.
_HAS_COMPOUNDS = """
    select 1 from information_schema.tables
    where table_schema = 'agreement' and table_name = 'compound_conditions'
"""
_COMPOUND = """
    select
        target, criterion_number, alternative_number, any_value(is_negated) as is_negated,
        any_value(source) as source, any_value(field) as field,
        list(value order by value) filter (value is not null) as choices,
        min(minimum) as minimum, max(maximum) as maximum,
        max(minimum_count) as minimum_count, max(within_days) as within_days
    from agreement.compound_conditions
    where version = ? and target_kind = 'stage'
    group by target, criterion_number, alternative_number, condition_number
    order by target, criterion_number, alternative_number, condition_number
"""


def read_criteria(
    connection: duckdb.DuckDBPyConnection, version: int
) -> dict[str, list[Criterion]]:
    """The entry criteria of the version by stage, simple ones and compound ones alike."""
    rows = fetch(connection, _SIMPLE, version)
    if fetch(connection, _HAS_COMPOUNDS):
        rows += fetch(connection, _COMPOUND, version)
    found: dict[tuple[str, int], dict[int, list[Condition]]] = {}
    for row in rows:
        alternatives = found.setdefault((row["target"], row["criterion_number"]), {})
        alternatives.setdefault(row["alternative_number"], []).append(
            Condition(
                is_negated=row["is_negated"],
                source=row["source"],
                field=row["field"],
                values=tuple(row["choices"] or ()),
                minimum=row["minimum"],
                maximum=row["maximum"],
                count=row["minimum_count"] or 1,
                within_days=row["within_days"],
            )
        )
    criteria: dict[str, list[Criterion]] = defaultdict(list)
    for target, number in sorted(found):
        criteria[target].append(list(found[target, number].values()))
    return criteria
