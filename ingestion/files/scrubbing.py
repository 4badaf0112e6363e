"""Rows without what was erased: the same for a file that lands and for a load that is rewritten.

Two things are looked for: rows that tell of an erased record, and erased addresses and numbers
wherever they stand in a text. The address that stands in for an erased one is the same wherever it
was: records that shared it still do, so nobody's person, account or pass changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow.compute as pc

from ingestion.files.entities import ENTITIES, MAIN_INSTANCE
from ingestion.files.personal import (
    ERASED,
    FREE_TEXT,
    KEPT,
    NO_DOMAIN,
    NOBODYS_DOMAINS,
    NOBODYS_MAILBOXES,
    PERSONAL,
    PLACEHOLDERS,
    REFERENCES,
    STAND_IN_DIGITS,
)
from ingestion.files.sql import literal, literals

if TYPE_CHECKING:
    from collections.abc import Iterable

    import duckdb

    from ingestion.erasure import ErasedKeys
    from ingestion.files.mapping import Mapping

_MARKS = r"""\s@<>"(),:;\[\]\\/?!=&|{}*`"""
_ADDRESS = rf"[^{_MARKS}]+@[^{_MARKS}']+\.[^{_MARKS}']+"
# Dates and amounts look like this too; only what hashes to an erased number is touched.
_NUMBER = r"\+?[0-9(][0-9 ()./\-]{4,}[0-9]"
_STAND_IN = rf"erased-[0-9a-f]{{{STAND_IN_DIGITS}}}@[^{_MARKS}']+"
_FEWEST_DIGITS = 7


def define_macros(
    connection: duckdb.DuckDBPyConnection, role_mailboxes: Iterable[str] = ()
) -> None:
    """Define what the SQL of erasures is made of.

    `addresses(text)` and `numbers(text)` are lists of what looks like one; `address_form(address)`
    and `number_form(number)` how two of them are compared, null for what is too short;
    `without_addresses(text, stand_ins)` and `without_numbers(text, found)` the text with those of a
    map replaced; `is_nobodys(address form)` whether it is that of a role or a placeholder;
    `domain_kept(address form)` its domain, if addresses keep it; `hidden(value, mailbox)` what
    lands in the place of a personal value: an address gets the mailbox where nothing stands in for
    it yet.
    """
    mailboxes = sorted({*NOBODYS_MAILBOXES, *role_mailboxes})
    connection.execute(f"set variable nobodys_mailboxes = {literals(mailboxes)}")
    connection.execute("set variable kept_domains = []::varchar[]")
    address, number = literal(_ADDRESS), literal(_NUMBER)
    stand_in = literal(_STAND_IN)
    digits = "regexp_replace(given, '[^0-9]', '', 'g')"
    macros = {
        "addresses(given)": f"regexp_extract_all(given, {address})",
        "address_form(given)": "lower(trim(given, '.'''))",
        "numbers(given)": f"regexp_extract_all(given, {number})",
        "number_form(given)": (
            f"case when length({digits}) >= {_FEWEST_DIGITS} then ltrim({digits}, '0') end"
        ),
        "without_addresses(given, found)": (
            f"case when contains(given, '@') then {_rebuilt(address)} else given end"
        ),
        "without_numbers(given, found)": (
            f"case when len(numbers(given)) > 0 then {_rebuilt(number)} else given end"
        ),
        # As long and of the same form, so that it counts as a number where one is required.
        "digitless(given)": (
            "regexp_replace(regexp_replace(given, '[0-9]', '0', 'g'), '\\pL', 'x', 'g')"
        ),
        "is_nobodys(form)": (
            "list_contains(getvariable('nobodys_mailboxes'), "
            "split_part(split_part(form, '@', 1), '+', 1)) or "
            f"split_part(form, '@', 2) in ({', '.join(map(literal, NOBODYS_DOMAINS))}) "
            "or form like '%.invalid'"
        ),
        "domain_kept(form)": (
            "case when list_contains(getvariable('kept_domains'), split_part(form, '@', 2)) "
            f"then split_part(form, '@', 2) else {literal(NO_DOMAIN)} end"
        ),
        "hidden(given, mailbox)": (
            f"case when {_says_nothing('given')} then given "
            # What the models take for no address must not become one: it would link records.
            f"when trim(given) like '%_@_%._%' and trim(given) not like '%@%@%' "
            "and trim(given) not like '% %' then "
            "case when is_nobodys(address_form(trim(given))) then given "
            f"when regexp_matches(given, {stand_in}) then regexp_extract(given, {stand_in}) "
            "else coalesce(mailbox || '@' || domain_kept(address_form(trim(given))), "
            f"{literal(ERASED)}) end "
            "when not contains(given, '@') and number_form(given) is not null "
            "then digitless(given) "
            f"else {literal(ERASED)} end"
        ),
    }
    for name, meaning in macros.items():
        connection.execute(f"create or replace temp macro {name} as {meaning}")


def canonical(mapping: Mapping, entity: str, field: str) -> str:
    """Return SQL: what the delivered value of a text field means, as staging translates it."""
    value = f"nullif(trim({field}), '')"
    cases = []
    for one in mapping.files:
        if one.entity != entity or field not in one.columns or one.columns[field].map is None:
            continue
        meant = " ".join(
            f"when {literal(given.strip())} then {literal(to)}"
            for given, to in (one.columns[field].map or {}).items()
        )
        other = one.other(field)
        cases.append(
            f"when _source = {literal(one.system)} and _instance = {literal(one.instance)} "
            f"and _export = {literal(one.file)} then case {value} {meant} "
            f"else {value if other is None else literal(other)} end"
        )
    return f"case {' '.join(cases)} else {value} end" if cases else value


def record_key(record_id: str) -> str:
    """Return SQL: the key of a record of the row's own system and instance."""
    return f"(_source || '/' || _instance || '/' || trim({record_id}))"


def person_told_of(entity: str, mapping: Mapping) -> str | None:
    """Return SQL: the key of the person's record that a row tells of; None if it tells of none."""
    if entity == "persons":
        return record_key("_record_id")
    if entity not in REFERENCES:
        return None
    record_id, source = REFERENCES[entity]
    if source is None:
        of_person = (
            f"{canonical(mapping, entity, 'record_entity')} is distinct from 'opportunities'"
        )
        return f"case when {of_person} then {record_key(record_id)} end"
    system = f"coalesce(nullif(trim({source}), ''), _source)"
    return (
        f"({system} || '/' || case when {system} = _source then _instance "
        f"else {literal(MAIN_INSTANCE)} end || '/' || trim({record_id}))"
    )


def free_text(entity: str) -> tuple[str, ...]:
    """Return the columns of an entity in which a person may be written about."""
    return (*FREE_TEXT.get(entity, ()), "_undeclared")


def texts(entity: str) -> tuple[str, ...]:
    """Return all columns of an entity that hold what was delivered: any may hold an address."""
    return ("_record_id", "_cursor", *ENTITIES[entity], "_undeclared")


@dataclass(frozen=True)
class Scrubber:
    """Takes what was erased out of rows, in a database that belongs to one load.

    `erased` is None where nothing ever was: then nothing is looked for.
    """

    connection: duckdb.DuckDBPyConnection
    mapping: Mapping
    erased: ErasedKeys | None

    def __post_init__(self) -> None:
        if self.erased is None:
            return
        self.erased.secret.define_hash(self.connection)
        mailboxes = self.erased.table.filter(pc.field("kind") == "mailbox")
        define_macros(self.connection, mailboxes["erased_key"].to_pylist())
        self.connection.register("erased_given", self.erased.table)
        self.connection.execute(
            "create or replace temp table erased_keys as "
            "select distinct on (kind, entity, erased_key) * from erased_given order by erased_at"
        )
        self.connection.unregister("erased_given")
        self.connection.execute(
            "set variable kept_domains = (select coalesce(list(erased_key), []::varchar[]) "
            "from erased_keys where kind = 'domain')"
        )

    def rows(self, entity: str, rows: str, *aside: str) -> str | None:
        """Return SQL for the rows without what was erased, in any order; None if nothing was.

        `rows` is SQL for a raw table of the entity, `aside` for tables with a `row_text` whose
        addresses and numbers are to be known to `row_text`.
        """
        if self.erased is None:
            return None
        self._find("address", rows, texts(entity), aside)
        self._find("number", rows, _with_numbers(entity), aside)
        self._find_lines(entity, rows)
        hidden = self._hidden(entity)
        changed = " or ".join(f"{value} is distinct from {name}" for name, value in hidden.items())
        if not self._has(
            f"select 1 from {rows} join erased_lines on _line = erased_line where {changed} limit 1"
        ):
            return None
        replaced = ", ".join(
            f"case when erased_line is null then {name} else {value} end as {name}"
            for name, value in hidden.items()
        )
        return (
            f"(select * exclude (erased_line, erased_mailbox, is_told, is_named) "
            f"replace ({replaced}) from {rows} left join erased_lines on _line = erased_line)"
        )

    def row_text(self, delivered: str, text: str | None = None) -> str:
        """Return SQL for the text of a row that was set aside: none of it if something is erased.

        The rest of a row that cannot be read may hold the name too. `delivered` is the text as
        delivered, `text` that of the row without what was erased, by default the same. Knows the
        addresses and numbers that the last call of `rows` found.
        """
        if self.erased is None:
            return delivered
        without = self._without(text or delivered, has_numbers=True)
        return (
            f"case when keyed_hash('set_aside:' || {delivered}) in "
            "(select erased_key from erased_keys where kind = 'set_aside') "
            f"or {without} is distinct from {delivered} then {literal(ERASED)} else {delivered} end"
        )

    def set_aside(self, entity: str, aside: str) -> str | None:
        """Return SQL for the rows of a load that were set aside, without what was erased.

        `aside` is SQL for a table with the columns of `SET_ASIDE_COLUMNS`. None if nothing was.
        """
        if self.erased is None:
            return None
        record_id = self._without("record_id")
        key = f"source || '/' || instance || '/' || trim({record_id})"
        is_record = (
            f"{literal(entity)} = 'persons' and coalesce({key} in "
            "(select erased_key from erased_keys where kind = 'record'), false)"
        )
        values = {
            "record_id": record_id,
            "row_text": (
                f"case when {is_record} then {literal(ERASED)} else {self.row_text('row_text')} end"
            ),
        }
        changed = " or ".join(f"{value} is distinct from {name}" for name, value in values.items())
        if not self._has(f"select 1 from {aside} where {changed} limit 1"):
            return None
        replaced = ", ".join(f"{value} as {name}" for name, value in values.items())
        return f"(select * replace ({replaced}) from {aside})"

    def _find(self, what: str, rows: str, columns: tuple[str, ...], aside: tuple[str, ...]) -> None:
        """Find where erased addresses, or numbers, stand: table and variable `erased_<what>es`.

        Only the rows where one stands are rebuilt later: to rebuild all took ten times as long.
        """
        kind, spellings, candidate, instead = {
            "address": ("email", "addresses", "contains({0}, '@')", "stand_in"),
            "number": ("phone", "numbers", "{0} <> '{{}}'", "digitless(spelling)"),
        }[what]
        places = [(rows, "_line", name) for name in columns]
        places += [(one, "null::bigint", "row_text") for one in aside]
        occurrences = " union all ".join(
            f"select {line} as line, {literal(name)} as field, unnest({spellings}({name})) "
            f"as spelling from {relation} where {candidate.format(name)}"
            for relation, line, name in places
        )
        is_any = self._has(f"select 1 from erased_keys where kind = {literal(kind)} limit 1")
        self.connection.execute(
            f"create or replace temp table erased_{what} as with occurrences as materialized "
            f"(from ({occurrences}) where {is_any}), erased as materialized "
            f"(select spelling, {instead} as instead from (select distinct spelling, "
            f"keyed_hash({literal(kind + ':')} || {what}_form(spelling)) as digest "
            "from occurrences) "
            f"join (select * from erased_keys where kind = {literal(kind)}) on erased_key = digest"
            ") select line, field, spelling, instead from occurrences join erased using (spelling)"
        )
        self.connection.execute(
            f"set variable erased_{what} = (select map(coalesce(list(spelling), []::varchar[]), "
            "coalesce(list(instead), []::varchar[])) "
            f"from (select distinct spelling, instead from erased_{what}))"
        )

    def _find_lines(self, entity: str, rows: str) -> None:
        """Find the rows that tell of an erased record, name somebody or hold an address or number.

        `is_told` says that the row tells of the person or names them in a text: then nobody knows
        what its texts say.
        """
        nothing = "null::varchar"
        found = [
            f"select line, {nothing}, false, false from erased_{what} where line is not null"
            for what in ("address", "number")
        ]
        if entity == "persons":
            found.append(
                f"select line, {nothing}, true, false from erased_address where field = 'email'"
            )
        if (told_of := person_told_of(entity, self.mapping)) is not None:
            record_id = REFERENCES[entity][0] if entity in REFERENCES else "_record_id"
            # An id that is an address lands as what stands in for it.
            relation = f"(select * replace ({self._without(record_id)} as {record_id}) from {rows})"
            found.append(
                "select _line, stand_in, true, false from "
                f"(select _line, {told_of} as told_of "
                f"from {relation if self._has_addresses(record_id) else rows}) "
                "join (select * from erased_keys where kind = 'record') on told_of = erased_key"
            )
        if entity in FREE_TEXT:
            mentions = (
                "select erased_key from erased_keys where kind = 'mention' "
                f"and entity = {literal(entity)}"
            )
            found.append(
                f"select _line, {nothing}, true, true from {rows} "
                f"where {record_key('_record_id')} in ({mentions})"
            )
        self.connection.execute(
            "create or replace temp table erased_lines as select line as erased_line, "
            "max(mailbox) as erased_mailbox, bool_or(told) as is_told, bool_or(named) as is_named "
            f"from ({' union all '.join(found)}) as f(line, mailbox, told, named) group by line"
        )

    def _hidden(self, entity: str) -> dict[str, str]:
        """SQL of the columns that may change, over a row with its `erased_lines`."""
        values = {
            name: self._without(name, has_numbers=name in _with_numbers(entity))
            for name in texts(entity)
        }
        values["_undeclared"] = f"case when is_told then '{{}}' else {values['_undeclared']} end"
        for name in PERSONAL if entity == "persons" else FREE_TEXT.get(entity, ()):
            when = "is_told"
            if entity == "field_changes":
                kept = ", ".join(literal(one) for one in KEPT)
                field = canonical(self.mapping, entity, "field")
                when = f"is_told and (is_named or coalesce({field} not in ({kept}), true))"
            values[name] = (
                f"case when {when} then hidden({values[name]}, erased_mailbox) "
                f"else {values[name]} end"
            )
        return values

    def _has_addresses(self, field: str) -> bool:
        return self._has(f"select 1 from erased_address where field = {literal(field)} limit 1")

    @staticmethod
    def _without(text: str, *, has_numbers: bool = False) -> str:
        inner = f"without_addresses({text}, getvariable('erased_address'))"
        return f"without_numbers({inner}, getvariable('erased_number'))" if has_numbers else inner

    def _has(self, query: str) -> bool:
        return self.connection.execute(query).fetchone() is not None


def _with_numbers(entity: str) -> tuple[str, ...]:
    """Columns in which a number is looked for: others have ids and amounts that look like one."""
    return ("phone", "_undeclared") if entity == "persons" else free_text(entity)


def _rebuilt(pattern: str) -> str:
    """SQL: a text piece by piece, so that ann@x.com is not found in joann@x.com."""
    return (
        f"list_aggregate(list_transform(list_zip(string_split_regex(given, {pattern}), "
        f"regexp_extract_all(given, {pattern})), "
        "lambda piece: piece[1] || coalesce(found[piece[2]], piece[2], '')), 'string_agg', '')"
    )


def _says_nothing(value: str) -> str:
    given = ", ".join(literal(one) for one in (*PLACEHOLDERS, "", ERASED))
    return f"coalesce(lower(trim({value})) in ({given}), true)"
