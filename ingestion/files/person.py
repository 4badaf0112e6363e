"""A person as the landing holds them: what an erasure is to take out, and what it is known by."""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from ingestion.erasure import read_erased_keys
from ingestion.erasure.erased_keys import SCHEMA, key_check
from ingestion.errors import TerminalError
from ingestion.files.entities import ENTITIES, SET_ASIDE_COLUMNS, SYSTEM_COLUMNS
from ingestion.files.file_load import SOURCE
from ingestion.files.personal import FREE_TEXT, PLACEHOLDERS, STAND_IN_DIGITS
from ingestion.files.rewriting import register_store, relation
from ingestion.files.scrubbing import (
    canonical,
    define_macros,
    free_text,
    person_told_of,
    record_key,
)
from ingestion.files.sql import literal, reading_connection

if TYPE_CHECKING:
    import duckdb

    from ingestion.erasure import Secret
    from ingestion.files.mapping import Mapping
    from ingestion.landing import FileKind, Landing

ASKED = "PERSON"

# A name shorter than this is found in too many texts.
_SHORTEST_NAME = 2


@dataclass(frozen=True)
class FoundPerson:
    """What is to be erased of a person.

    `keys` is what lands, as in `erased_keys.SCHEMA`; no rows if the person was erased before and
    nothing has come since. `counts` are rows of the landing by entity, `shared` the addresses and
    numbers that others have too: they stay on the others' records. `values` are the person's
    addresses, numbers and full names: to look for them afterwards, never to be shown.
    """

    keys: pa.Table
    counts: dict[str, int]
    shared: int
    values: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True)
class PersonSearch:
    """Where a person is looked for.

    `resolved` has one row per record that identity resolution knows: `record_key`, `person_key`.
    `role_mailboxes` are local parts of addresses that belong to nobody.
    """

    landing: Landing
    mapping: Mapping
    resolved: pa.Table
    role_mailboxes: tuple[str, ...]
    secret: Secret

    def find(self, asked: str) -> FoundPerson:
        """Return what is to be erased of the person that a key or an e-mail address names.

        `asked` is a person key, a former one, a record key (`system/instance/id`) or an address.
        Raises TerminalError, which does not repeat it, if it names nobody or more than one person.
        """
        with (
            tempfile.TemporaryDirectory(prefix="unified-funnel-") as scratch,
            reading_connection(Path(scratch)) as connection,
        ):
            search = _Search(self, connection, Path(scratch))
            if not search.resolve(asked.strip()):
                return FoundPerson(SCHEMA.empty_table(), {}, 0, ())
            search.collect_identifiers()
            search.collect_mentions()
            return search.found()


class _Search:
    """One search, in tables of a database of its own."""

    def __init__(
        self, surroundings: PersonSearch, connection: duckdb.DuckDBPyConnection, scratch: Path
    ) -> None:
        self._around = surroundings
        self._connection = connection
        surroundings.secret.define_hash(connection)
        define_macros(connection, surroundings.role_mailboxes)
        register_store(surroundings.landing, connection)
        loads = surroundings.landing.loads(SOURCE, with_superseded=True)
        for entity, fields in ENTITIES.items():
            columns = SYSTEM_COLUMNS | dict.fromkeys(fields, "VARCHAR")
            of_entity = [one for one in loads if one.object == entity]
            self._relate(f"raw_{entity}", of_entity, "part", columns, scratch)
        self._relate("set_aside", loads, "set_aside", SET_ASIDE_COLUMNS, scratch)
        connection.register("resolved_given", surroundings.resolved)
        connection.execute("create temp table resolved as from resolved_given")
        erased = read_erased_keys(surroundings.landing)
        connection.register(
            "erased_given", SCHEMA.empty_table() if erased is None else erased.table
        )
        connection.execute("create temp table erased_keys as from erased_given")

    def _relate(
        self,
        name: str,
        loads: list[Any],
        kind: FileKind,
        columns: dict[str, str],
        scratch: Path,
    ) -> None:
        with_files = [one for one in loads if self._around.landing.paths(one, kind)]
        if with_files:
            query = f"from {relation(self._around.landing, with_files, kind, scratch)}"
        else:
            nulls = ", ".join(f"null::{kind_} as {column}" for column, kind_ in columns.items())
            query = f"select {nulls} where false"
        self._connection.execute(f"create temp view {name} as {query}")

    def resolve(self, asked: str) -> bool:
        """Find the records of the person; False if they were erased before and nothing is left."""
        self._table(
            "asked_records",
            "select record_key from resolved where $1 in (record_key, person_key) union "
            f"select {record_key('_record_id')} from raw_persons "
            f"where {record_key('_record_id')} = $1",
            asked,
        )
        if not self._count("asked_records"):
            self._table(
                "asked_records",
                f"select distinct {record_key('_record_id')} as record_key from raw_persons "
                "where contains(email, '@') and list_contains(list_transform("
                "addresses(email), lambda a: address_form(a)), address_form($1))",
                asked,
            )
        self._table(
            "asked_persons",
            "select distinct coalesce(person_key, record_key) as person_key "
            "from asked_records left join resolved using (record_key)",
        )
        persons = self._count("asked_persons")
        if not persons:
            if self._was_erased(asked):
                return False
            raise TerminalError(
                "nobody is found under what was given",
                where=ASKED,
                mend="Give a person key, a record key (system/instance/id) or an e-mail address as"
                " the exports have it; after new exports call `make run` first",
            )
        if persons > 1:
            raise TerminalError(
                f"what was given belongs to {persons} persons{self._named()}",
                where=ASKED,
                mend="Name one of them by the key of the person or of a record, one by one",
            )
        self._table(
            "own",
            "select record_key from asked_records union select record_key from resolved "
            "where person_key in (from asked_persons)",
        )
        return True

    def collect_identifiers(self) -> None:
        """Find the addresses and numbers of the person, and which of them nobody else has."""
        changes = [
            f"select {value}, kind from (select *, "
            f"{person_told_of('field_changes', self._around.mapping)} as told_of, "
            f"{canonical(self._around.mapping, 'field_changes', 'field')} as kind "
            "from raw_field_changes) where kind in ('email', 'phone') and told_of in (from own)"
            for value in ("old_value", "new_value")
        ]
        is_own = f"{record_key('_record_id')} in (from own)"
        self._table(
            "own_values",
            f"select email as given, 'email' as kind from raw_persons where {is_own} union "
            f"select _record_id, 'email' from raw_persons where {is_own} union "
            f"select phone, 'phone' from raw_persons where {is_own} union "
            f"{' union '.join(changes)}",
        )
        of_others = (
            f"{record_key('_record_id')} in "
            "(select record_key from resolved where record_key not in (from own))"
        )
        self._table(
            "others_values",
            f"select distinct address_form(unnest(addresses(email))) as form from raw_persons "
            f"where contains(email, '@') and {of_others} union "
            # A seller who is a lead too goes on selling.
            "select distinct address_form(unnest(addresses(email))) from raw_owners "
            "where contains(email, '@') union "
            "select distinct number_form(unnest(numbers(phone))) from raw_persons "
            f"where phone is not null and {of_others}",
        )
        # `spelling` as delivered, `form` as it is compared.
        self._table(
            "found_identifiers",
            "select *, form in (select form from others_values where form is not null) "
            "as is_shared from ("
            "select kind, spelling, address_form(spelling) as form from (select kind, "
            "unnest(addresses(given)) as spelling from own_values where kind = 'email') union "
            "select kind, spelling, number_form(spelling) from (select kind, "
            "unnest(numbers(given)) as spelling from own_values where kind = 'phone')) "
            "where form <> '' and not regexp_full_match(form, 'erased-[0-9a-f]+@.*') "
            "and not (kind = 'email' and is_nobodys(form))",
        )
        self._connection.execute(
            "set variable kept_domains = (select coalesce(list(distinct domain), []::text[]) "
            "from (select split_part(form, '@', 2) as domain from found_identifiers "
            "where kind = 'email') semi join (select regexp_extract(lower(trim(domain)), "
            r"'^(https?://)?(www\.)?([^/:\s]+)', 3) as domain from raw_accounts) using (domain))"
        )
        self._table(
            "identifiers",
            "select distinct kind, form, keyed_hash(kind || ':' || form) as digest, case "
            f"when kind = 'email' then 'erased-' || left(keyed_hash('email:' || form), "
            f"{STAND_IN_DIGITS}) || '@' || domain_kept(form) end as stand_in "
            "from found_identifiers where not is_shared",
        )

    def collect_mentions(self) -> None:
        """Find the rows of other entities that name the person in a text."""
        self._connection.execute("create temp table mentions (kind text, entity text, key text)")
        names = self._full_names()
        if not names:
            return
        escaped = [(re.escape(first), re.escape(last)) for first, last in names]
        pattern = _word(
            "|".join(rf"{first}\s+{last}|{last},?\s+{first}" for first, last in escaped)
        )
        for entity in FREE_TEXT:
            named = " or ".join(
                f"regexp_matches({one}, {pattern}, 'i')" for one in free_text(entity)
            )
            self._connection.execute(
                f"insert into mentions select 'mention', {literal(entity)}, "
                f"{record_key('_record_id')} from raw_{entity} where {named}"
            )
        # In a row that was set aside, first and last name stand in fields of their own.
        is_named = " or ".join(
            f"(regexp_matches(row_text, {_word(first)}, 'i') "
            f"and regexp_matches(row_text, {_word(last)}, 'i'))"
            for first, last in escaped
        )
        self._connection.execute(
            "insert into mentions select 'set_aside', object, keyed_hash('set_aside:' || row_text) "
            f"from set_aside where {is_named}"
        )

    def found(self) -> FoundPerson:
        """Put together what was found."""
        keys = self._keys()
        values = self._column(
            "select spelling from found_identifiers where not is_shared union "
            "select form from found_identifiers where not is_shared and kind = 'email'"
        )
        names = [f"{first} {last}" for first, last in self._full_names()]
        shared = self._column("select distinct form from found_identifiers where is_shared")
        return FoundPerson(
            keys=keys,
            counts=self._row_counts() if keys.num_rows else {},
            shared=len(shared),
            values=tuple(sorted({*values, *names})),
        )

    def _keys(self) -> pa.Table:
        """What lands; nothing if all of it has landed before."""
        self._connection.execute(
            "set variable stand_ins = (select map(coalesce(list(spelling), []::text[]), "
            "coalesce(list(stand_in), []::text[])) from (select distinct on (spelling) spelling, "
            "stand_in from (select unnest(addresses(record_key)) as spelling from own) join ("
            "select digest, stand_in from identifiers union all "
            "select erased_key, stand_in from erased_keys where kind = 'email') "
            "on digest = keyed_hash('email:' || address_form(spelling))))"
        )
        # An id that is an address is personal itself: it lands as what it becomes.
        key = "without_addresses(record_key, getvariable('stand_ins'))"
        mailbox = f"'erased-' || left(keyed_hash('record:' || record_key), {STAND_IN_DIGITS})"
        rows = self._connection.execute(
            "with given as ("
            f"select 'record' as kind, 'persons' as entity, {key} as erased_key, "
            f"{mailbox} as stand_in from own union all "
            "select kind, null, digest, stand_in from identifiers union all "
            "select distinct kind, entity, key, null from mentions union all "
            "select 'domain', null, unnest(getvariable('kept_domains')), null union all "
            "select 'mailbox', null, unnest($1), null) "
            "select kind, entity, erased_key, stand_in from given "
            "anti join erased_keys using (kind, erased_key) order by all",
            [list(self._around.role_mailboxes)],
        ).to_arrow_table()
        if not set(rows["kind"].to_pylist()) - {"domain", "mailbox"}:
            rows = rows.slice(0, 0)
        count = rows.num_rows
        moment = datetime.now(UTC).replace(tzinfo=None)
        rows = rows.append_column("erased_at", pa.array([moment] * count, pa.timestamp("us")))
        check = key_check(self._around.secret)
        return rows.append_column("key_check", pa.array([check] * count, pa.string())).cast(SCHEMA)

    def _row_counts(self) -> dict[str, int]:
        counts = {}
        for entity in ENTITIES:
            told_of = person_told_of(entity, self._around.mapping)
            is_told = "false" if told_of is None else f"coalesce({told_of} in (from own), false)"
            key = record_key("_record_id")
            counts[entity] = self._number(
                f"select count(*) from raw_{entity} where {is_told} or {key} in "
                f"(select key from mentions where kind = 'mention' and entity = {literal(entity)})"
            )
        counts["set_aside"] = self._number("select count(*) from mentions where kind = 'set_aside'")
        return {name: count for name, count in counts.items() if count}

    def _full_names(self) -> list[tuple[str, str]]:
        nobody = [*PLACEHOLDERS, "(erased)"]
        found = self._connection.execute(
            "select distinct trim(first_name), trim(last_name) from raw_persons "
            f"where {record_key('_record_id')} in (from own) "
            f"and length(trim(first_name)) >= {_SHORTEST_NAME} "
            f"and length(trim(last_name)) >= {_SHORTEST_NAME} "
            "and not list_contains($1, lower(trim(first_name))) "
            "and not list_contains($1, lower(trim(last_name))) order by all",
            [nobody],
        ).fetchall()
        return [(str(first), str(last)) for first, last in found]

    def _was_erased(self, asked: str) -> bool:
        return bool(
            self._number(
                "select count(*) from erased_keys where erased_key = $1 or "
                "(kind = 'email' and erased_key = keyed_hash('email:' || address_form($1)))",
                asked,
            )
        )

    def _named(self) -> str:
        # An id may be an address: then it is not shown.
        keys = self._column("select person_key from asked_persons order by 1 limit 10")
        return "" if any("@" in one for one in keys) else f" ({', '.join(keys)})"

    def _table(self, name: str, query: str, *parameters: Any) -> None:
        # The type of a parameter is known only where its value is: a statement of its own.
        self._connection.execute(f"create or replace temp table {name} as {query}", [*parameters])

    def _count(self, table: str) -> int:
        return self._number(f"select count(*) from {table}")

    def _number(self, query: str, *parameters: Any) -> int:
        found = self._connection.execute(query, [*parameters]).fetchone()
        return int(found[0]) if found else 0

    def _column(self, query: str) -> list[str]:
        return [str(value) for (value,) in self._connection.execute(query).fetchall()]


def _word(pattern: str) -> str:
    """SQL of a pattern that is found where no letter stands beside it."""
    return literal(rf"(^|\PL)({pattern})($|\PL)")
