"""The suite of hand-offs over a million of them: `python -m tests.bench.handoffs suite <folder>`.

The folder is that of a bench's workspace after a build. Hand-offs are drawn, one to three in a
hundred wrong under each rule but three; `statement` finds the same rows by SQL alone. Both bring
every failing key. Prints the seconds, without start and imports.
"""

from __future__ import annotations

import sys
import time
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from expectations.handoffs import KEY, handoff_suite
from tests.bench.drawn import drawn

if TYPE_CHECKING:
    from collections.abc import Callable

    import duckdb
    import pandas as pd

HANDOFFS = 1_000_000
_WRONG = 33
_OWNERS = 500
_NEEDED = (
    "agreement.exits",
    "agreement.exit_reasons",
    "agreement.required_fields",
    "ops.run_context",
)

# Each rule goes by hashes of its own: `hash(number, k) % 33 = 0` is wrong.
_DRAWN = f"""
create table marts.dim_owners as
select 'owner-' || number as owner_key, 'user' as kind, number % {_WRONG} > 0 as is_active
from range({_OWNERS}) as numbers (number);

create table marts.dim_persons as
select 'person-' || number as person_key from range({HANDOFFS}) as numbers (number);

create table marts.fct_handoffs as
with drawn as (
    select
        number,
        c.agreement_version,
        c.as_of - to_seconds((hash(number) % (3 * 365 * 86400))::bigint)
            + case when hash(number, 1) % {_WRONG} = 0 then interval 3 year else interval 0 day end
            as handed_off_at,
        case hash(number, 2) % 3 when 0 then 'accepted' when 1 then 'rejected' end as decision
    from range({HANDOFFS}) as numbers (number)
    cross join ops.run_context as c
),
reasons as (
    select reason, row_number() over (order by reason) - 1 as place, count(*) over () as reasons
    from (
        select distinct r.reason
        from agreement.exit_reasons as r
        inner join ops.run_context as c on r.version = c.agreement_version
        where r.exit = 'rejected'
    )
)
select
    'person-' || d.number || '#1/1' as handoff_key,
    'person-' || d.number as person_key,
    d.agreement_version,
    d.handed_off_at,
    case when hash(d.number, 3) % {_WRONG} > 0 then 'owner-' || d.number % {_OWNERS} end
        as recipient_key,
    -- Some are of an owner whom nobody knows.
    'owner-' || case
        when hash(d.number, 4) % {_WRONG} > 0 then d.number % {_OWNERS} else {_OWNERS}
    end as owner_key,
    d.decision,
    d.handed_off_at + case
        when d.decision is null then null
        when hash(d.number, 5) % {_WRONG} > 0 then interval 5 hour
        else interval (-5) day
    end as decided_at,
    case
        when d.decision <> 'rejected' or hash(d.number, 6) % {_WRONG} = 0 then null
        when hash(d.number, 7) % {_WRONG} = 0 then 'of no agreement'
        else r.reason
    end as reason,
    false as is_reason_unknown
from drawn as d
inner join reasons as r on d.number % r.reasons = r.place;

create table intermediate.int_handoff_fields as
select
    h.handoff_key,
    f.field,
    f.label,
    case hash(h.handoff_key, f.field) % (2 * {_WRONG})
        when 0 then 'missing' when 1 then 'placeholder' when 2 then 'unknown' else 'present'
    end as state
from marts.fct_handoffs as h
inner join agreement.required_fields as f on h.agreement_version = f.version;
"""


def suite(connection: duckdb.DuckDBPyConnection) -> int:
    """Evaluate the suite as the gate does; return the number of rows that break a rule."""
    from expectations.validation import findings, validate  # noqa: PLC0415  # slow to import

    verdict = validate(
        handoff_suite(_agreement(connection)),
        lambda query: connection.execute(query).df(),
        has_all_rows=True,
    )
    if verdict.errors:
        sys.exit("\n".join(verdict.errors))
    return len(findings(verdict, KEY))


def statement(connection: duckdb.DuckDBPyConnection) -> int:
    """Evaluate the same rules in one statement; return the number of rows that break a rule."""
    (look,) = handoff_suite(_agreement(connection)).looks
    conditions = {
        "ExpectColumnValuesToNotBeNull": "{0} is not null",
        "ExpectColumnValuesToBeUnique": "count(*) over (partition by {0}) = 1",
        "ExpectColumnValuesToBeInSet": "{0}",
    }
    judged = ", ".join(
        f"{{'rule': '{rule.name}', 'holds': {conditions[rule.expectation].format(rule.name)},"
        f" 'observed': cast({rule.observed or 'null'} as varchar)}}"
        for rule in look.rules
    )
    frame: pd.DataFrame = connection.execute(
        f"with looked as ({look.query}),"
        f" judged as (select handoff_key, unnest([{judged}]) as one from looked)"
        " select handoff_key, one.rule, one.observed from judged where not one.holds"
    ).df()
    return len(frame)


def _agreement(connection: duckdb.DuckDBPyConnection) -> dict[str, pd.DataFrame]:
    table = "required_fields"
    return {table: connection.execute(f"from agreement.{table}").df()}


WAYS: dict[str, Callable[[duckdb.DuckDBPyConnection], int]] = {
    "suite": suite,
    "statement": statement,
}


def main(way: str, folder: Path) -> float:
    """Return the seconds of a way. Raises FileNotFoundError before a build."""
    # Imported before the clock starts: 2 s for Great Expectations.
    import_module("great_expectations" if way == "suite" else "pandas")
    with drawn(folder, "handoffs", _NEEDED, _DRAWN) as connection:
        began = time.monotonic()
        found = WAYS[way](connection)
        seconds = time.monotonic() - began
        if found != (other := statement(connection)):
            sys.exit(f"{found:,} rows break a rule, by the statement {other:,}")
    return seconds


if __name__ == "__main__":
    sys.stdout.write(f"{main(sys.argv[1], Path(sys.argv[2]).resolve())}\n")
