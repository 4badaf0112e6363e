"""Simulated companies: what their exports say of each person, as histories of the oracle.

Read is what staging has typed and translated, and nothing that the engine made of it. The one
exception is who is who: the records of a person are those that identity resolution found, which
`make truth` measures by itself.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import duckdb

from ingestion.agreement import read_agreement
from ingestion.files import find_mapping
from ingestion.landing import Landing
from tests.oracle.agreement import Rules
from tests.oracle.comparison import Difference
from tests.oracle.history import Activity, Change, History, Opportunity, Person, Role
from tests.oracle.identity import placeholder_key, primary_record, record_key
from tests.oracle.oracle import result_of
from tests.oracle.warehouse import PROJECT, WAREHOUSE, Builder, land_folder, read_results
from tests.oracle.world import World
from tests.truth.companies import write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ingestion.sandbox.mess import Profile
    from ingestion.sandbox.settings import SetUp
    from tests.oracle.history import Row

_TRACKED = ("status", "lifecycle_stage", "score", "stage")


class UnsupportedError(Exception):
    """The oracle cannot read a data set; str() says what it does not know."""


@dataclass(frozen=True)
class Compared:
    """How many persons and transitions of a company were compared, and which persons differ."""

    persons: int
    transitions: int
    passes: int
    found: list[Difference]


@dataclass(frozen=True)
class Known:
    """A data set: its world, and the history of each person by the keys of its records."""

    world: World
    histories: dict[frozenset[str], History]


def compare(
    workspace: Path,
    set_up: SetUp,
    mess: Profile,
    people: int,
    *,
    builder: Builder,
    seed: int = 1,
) -> Compared:
    """Simulate a company below a folder, build its warehouse and compare every person.

    Raises BuildFailedError, and UnsupportedError for what the oracle cannot read.
    """
    company = write(
        workspace, f"{set_up}_{mess}", mess=mess, set_up=set_up, people=people, seed=seed
    )
    landing = Landing(company.folder / "landing")
    mapping = find_mapping(company.exports)
    land_folder(landing, company.exports, datetime.now(UTC).date())
    builder.build(company.folder)
    rules = Rules(read_agreement(mapping.agreement_path or PROJECT / "agreement.yml"))
    return compared(company.folder / WAREHOUSE, rules)


def compared(warehouse: Path, rules: Rules) -> Compared:
    """Compare every person of a built warehouse."""
    _refuse_compounds(rules)
    known = known_of(warehouse)
    built = {one.records: one for one in read_results(warehouse).values()}
    found = []
    for number, records in enumerate({**known.histories, **dict.fromkeys(built)}):
        history = known.histories.get(records, History(()))
        expected = result_of(history, records, rules, known.world)
        actual = built.get(records)
        # Who does nothing is in no mart; a placeholder that does nothing has no record either.
        if expected != actual and (actual or expected.transitions):
            actuals = (actual,) if actual else ()
            found.append(Difference(number, history, (expected,), actuals))
    return Compared(
        persons=len(known.histories),
        transitions=sum(len(one.transitions) for one in built.values()),
        passes=sum(len(one.passes) for one in built.values()),
        found=found,
    )


def _refuse_compounds(rules: Rules) -> None:
    for version in rules.agreement.versions:
        criteria = [each for one in version.stages for each in one.entered_when]
        criteria += [each for one in version.exits for each in one.left_when]
        compound = [one.field for one in criteria if not one.is_simple]
        if compound:
            raise UnsupportedError(
                f"version {version.version} of the agreement has compound criteria"
                f" ({', '.join(compound)}), which the oracle cannot judge: compare under an"
                " agreement whose criteria each look at one field"
            )


# -- From staging to histories ---------------------------------------------------------------


def known_of(warehouse: Path) -> Known:
    """Return what the exports of a built warehouse say, person by person."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        return _Reader(connection).known()


class _Reader:
    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._person_of: dict[str, str] = dict(
            self._tuples("select record_key, person_key from intermediate.int_persons_resolved")
        )
        self._rows: dict[str, list[Row]] = defaultdict(list)
        """Of each person, by its key."""

    def known(self) -> Known:
        self._refuse_instances()
        world = self._world()
        persons = list(self._persons())
        delivered = {record_key(one.system, one.key) for one in persons}
        # Merged away before any export: only links and changes tell of such an id.
        for record in self._person_of.keys() - delivered:
            system, _, key = record.split("/", 2)
            persons.append(Person(key, system, is_record=False))
        for person in persons:
            self._keep(record_key(person.system, person.key), person)
        changes = list(self._changes())
        for change in changes:
            if change.field != "stage":
                self._keep(record_key(change.system, change.record), change)
        for activity in self._activities():
            self._keep(record_key(activity.system, activity.person), activity)
        self._opportunities_of(persons, changes, world)
        records: dict[str, set[str]] = defaultdict(set)
        for record, person_key in self._person_of.items():
            records[person_key].add(record)
        return Known(
            world,
            {
                frozenset(records.get(person_key, {person_key})): History(tuple(rows))
                for person_key, rows in self._rows.items()
            },
        )

    def _keep(self, record: str, row: Row) -> None:
        """Give a row to the person of a record; what nobody did is nobody's."""
        if record in self._person_of:
            self._rows[self._person_of[record]].append(row)

    def _opportunities_of(self, persons: list[Person], changes: list[Change], world: World) -> None:
        """Give each opportunity to its primary person, with all that says who that is."""
        context: dict[tuple[str, str], list[Row]] = defaultdict(list)
        for role in self._roles():
            # Who is not there has no role.
            if record_key(role.system, role.person) in self._person_of:
                context[role.system, role.opportunity].append(role)
        for person in persons:
            if person.converted_opportunity_id:
                context[person.system, person.converted_opportunity_id].append(person)
        stages: dict[tuple[str, str], list[Change]] = defaultdict(list)
        for change in changes:
            if change.field == "stage":
                stages[change.system, change.record].append(change)
        for opportunity in self._opportunities():
            if not world.knows(world.moment(opportunity.created_at)):
                continue
            name = (opportunity.system, opportunity.key)
            record = primary_record(History(tuple(context[name])), opportunity)
            person_key = self._person_of.get(record, placeholder_key(opportunity))
            rows = self._rows[person_key]
            rows += [opportunity, *stages[name]]
            rows += [one for one in context[name] if one not in rows]

    def _world(self) -> World:
        ((zone, as_of),) = self._tuples(
            "select reporting_time_zone, as_of_date from ops.run_context"
        )
        starts = self._tuples(
            "select distinct c.source, c.field, e.history_start"
            " from staging.stg_files__field_changes as c"
            " inner join raw_mapping.exports as e"
            " on c.source = e.source and c.export = e.export and e.entity = 'field_changes'"
            f" where c.field in {_TRACKED} and e.history_start is not null"
        )
        history_starts = {(source, field): day for source, field, day in starts}
        if len(history_starts) < len(starts):
            raise UnsupportedError("two files of changes of one field begin on different days")
        outcomes = defaultdict(set)
        for one in self._opportunities():
            if one.stage and one.stage != "unmapped":
                outcomes[one.system, one.stage].add(one.outcome or "open")
        return World(
            zone=ZoneInfo(zone),
            as_of=as_of,
            systems=self._systems("raw_mapping.exports"),
            systems_with_activities=self._systems("staging.stg_files__activities"),
            history_starts=history_starts,
            stage_outcomes={
                name: next(iter(meant)) for name, meant in outcomes.items() if len(meant) == 1
            },
        )

    def _systems(self, relation: str) -> frozenset[str]:
        rows = self._tuples(f"select distinct source from {relation}")
        return frozenset(source for (source,) in rows)

    def _refuse_instances(self) -> None:
        instances = self._tuples("select distinct instance from raw_mapping.exports")
        if instances != [("main",)]:
            raise UnsupportedError("a system has several instances, of which the oracle knows one")

    # -- Rows as staging has them ------------------------------------------------------------

    def _persons(self) -> Iterator[Person]:
        for one in self._dicts("staging.stg_files__persons"):
            yield Person(
                key=one["record_id"],
                system=one["source"],
                email=_text(one["email"]),
                status=_text(one["status"]),
                status_at=_time(one, "status_at"),
                lifecycle_stage=_text(one["lifecycle_stage"]),
                lifecycle_stage_at=_time(one, "lifecycle_stage_at"),
                score=_text(one["score"]),
                created_at=_time(one, "created_at"),
                linked_id=_text(one["linked_id"]),
                converted_id=_text(one["converted_id"]),
                converted_at=_time(one, "converted_at"),
                converted_opportunity_id=_text(one["converted_opportunity_id"]),
                merged_into_id=_text(one["merged_into_id"]),
                deleted_at=_time(one, "deleted_at"),
            )

    def _changes(self) -> Iterator[Change]:
        for one in self._dicts(
            "staging.stg_files__field_changes",
            f"field in {_TRACKED} and changed_at is not null"
            " and (record_entity = 'opportunities') = (field = 'stage')",
        ):
            yield Change(
                key=one["record_key"],
                record=one["changed_record_id"],
                field=one["field"],
                old=_text(one["old_value"]),
                new=_text(one["new_value"]),
                at=_time(one, "changed_at"),
                system=one["source"],
            )
        for entity in ("persons", "opportunities"):
            for one in self._dicts(f"staging.stg_files__{entity}", "cardinality(stamps) > 0"):
                yield from _stamps(one)

    def _activities(self) -> Iterator[Activity]:
        for one in self._dicts("staging.stg_files__activities", "occurred_at is not null"):
            yield Activity(
                key=one["record_key"],
                person=_text(_of_own_system(one)["person_id"]),
                type=_text(one["activity_type"]),
                at=_time(one, "occurred_at"),
                system=one["source"],
                is_automated=bool(one["is_automated"]),
                is_completed=one["is_completed"] is not False,
                owner=_text(one["owner_id"]),
            )

    def _opportunities(self) -> Iterator[Opportunity]:
        for one in self._dicts("staging.stg_files__opportunities"):
            yield Opportunity(
                key=one["record_id"],
                person=_text(_of_own_system(one)["person_id"]),
                type=one["opportunity_type"] or "new_business",
                stage=_text(one["stage"]),
                stage_at=_time(one, "stage_at"),
                outcome="won" if one["is_won"] else "lost" if one["is_closed"] else "",
                created_at=_time(one, "created_at"),
                closed_at=_time(one, "closed_at"),
                deleted_at=_time(one, "deleted_at") if one["is_record_deleted"] else "",
                system=one["source"],
            )

    def _roles(self) -> Iterator[Role]:
        for one in self._dicts("staging.stg_files__opportunity_persons", "not is_record_deleted"):
            yield Role(
                key=one["record_key"],
                opportunity=_text(one["opportunity_id"]),
                person=_text(_of_own_system(one)["person_id"]),
                is_primary=bool(one["is_primary"]),
                system=one["source"],
            )

    def _dicts(self, relation: str, condition: str = "true") -> Iterator[dict[str, Any]]:
        result = self._connection.cursor().execute(f"select * from {relation} where {condition}")
        names = [column[0] for column in result.description]
        while batch := result.fetchmany(10_000):
            for values in batch:
                yield dict(zip(names, values, strict=True))

    def _tuples(self, query: str) -> list[tuple[Any, ...]]:
        return self._connection.execute(query).fetchall()


def _of_own_system(row: dict[str, Any]) -> dict[str, Any]:
    if row["person_source"] not in (None, row["source"]):
        raise UnsupportedError(f"{row['export']} names persons of another system by their ids")
    return row


def _stamps(record: dict[str, Any]) -> Iterator[Change]:
    """Yield what columns of a record date: `field=value` and the date."""
    for name, delivered in record["stamps"].items():
        at = (delivered or "").strip()
        if not at:
            continue
        field, _, value = name.partition("=")
        if record["formats"].get(name, record["formats"]["*"]) != "ISO" or len(at) > 10:
            raise UnsupportedError(f"{record['export']} dates {name} by more than a day: {at}")
        key = f"{record['record_key']}/stamp/{name}"
        yield Change(
            key, record["record_id"], field, "", value, at, record["source"], is_stamp=True
        )


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _time(row: dict[str, Any], name: str) -> str:
    """Return a time as histories write it: a day where only that is known."""
    at = row[name]
    if at is None:
        return ""
    return str(at.date() if row[f"{name}_precision"] == "day" else at)
