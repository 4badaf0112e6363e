"""The contract of a hand-off, over a small warehouse in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb
import pytest

from expectations.handoffs import KEY, handoff_suite
from expectations.validation import Verdict, findings, validate

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd


@pytest.fixture
def warehouse() -> Iterator[duckdb.DuckDBPyConnection]:
    """Hand-offs that are all well: one accepted, one rejected with a reason, one that waits."""
    with duckdb.connect() as connection:
        connection.execute(
            """
            create schema marts; create schema intermediate;
            create schema agreement; create schema ops;
            create table ops.run_context as
                select timestamp '2026-02-01' as as_of, 2 as agreement_version;
            create table agreement.exits (version int, exit varchar, is_reason_required boolean);
            insert into agreement.exits values
                (1, 'rejected', true), (1, 'recycled', false), (1, 'disqualified', false),
                (2, 'rejected', true), (2, 'recycled', true), (2, 'disqualified', false);
            create table agreement.exit_reasons (version int, exit varchar, reason varchar);
            insert into agreement.exit_reasons values
                (1, 'rejected', 'bad_data'), (2, 'rejected', 'bad_data'),
                (2, 'rejected', 'wrong_region'), (2, 'recycled', 'no_budget');
            create table marts.dim_persons as
                select unnest(['p1', 'p2', 'p3']) as person_key;
            create table marts.dim_owners (owner_key varchar, is_active boolean, kind varchar);
            insert into marts.dim_owners values
                ('ann', true, 'user'), ('bob', false, 'user'), ('unsure', null, 'user');
            create table marts.fct_handoffs (
                handoff_key varchar, person_key varchar, pass_number int, handed_off_at timestamp,
                recipient_key varchar, owner_key varchar, assigned_at timestamp,
                first_attempt_at timestamp, decision varchar, decided_at timestamp, reason varchar,
                reason_at timestamp, is_complete boolean, missing_fields varchar,
                agreement_version int, is_reason_unknown boolean);
            insert into marts.fct_handoffs values
                ('h1', 'p1', 1, '2026-01-05 10:00', 'americas', 'ann', '2026-01-05 10:05', null,
                    'accepted', '2026-01-06 09:00', null, null, true, null, 1, false),
                ('h2', 'p2', 1, '2026-01-05 10:00', 'queue', null, null, null,
                    'rejected', '2026-01-05 12:00', 'bad_data', '2026-01-05 12:00', true, null, 1,
                    false),
                ('h3', 'p3', 1, '2026-01-20 10:00', 'queue', 'unsure', null, null,
                    null, null, null, null, null, null, 2, false);
            create table intermediate.int_handoff_fields as
                select handoff_key, field, state from (values
                    ('h1', 'email', 'present'), ('h1', 'company', 'present'),
                    ('h2', 'email', 'present'), ('h2', 'company', 'unknown'),
                    ('h3', 'email', 'unknown')) as f (handoff_key, field, state);
            """
        )
        yield connection


def _verdict(warehouse: duckdb.DuckDBPyConnection, agreement: dict[str, pd.DataFrame]) -> Verdict:
    suite = handoff_suite(agreement)
    assert suite.name == "marts__fct_handoffs"
    verdict = validate(suite, lambda query: warehouse.execute(query).df(), has_all_rows=True)
    assert verdict.errors == ()
    return verdict


def test_hand_offs_that_keep_the_contract_pass(
    warehouse: duckdb.DuckDBPyConnection, agreement: dict[str, pd.DataFrame]
) -> None:
    verdict = _verdict(warehouse, agreement)
    assert (verdict.failures, verdict.rows) == ((), 3)
    # Of a data set that hands nothing over, nothing is expected.
    warehouse.execute("delete from marts.fct_handoffs")
    assert _verdict(warehouse, agreement).is_passed


# What is changed, and the finding: key, rule, severity, what was observed.
CASES = {
    "a placeholder": (
        (
            "update intermediate.int_handoff_fields set state = 'placeholder'"
            " where handoff_key = 'h1' and field = 'company'"
        ),
        ("h1", "is_company_complete", "warning", "placeholder"),
    ),
    "a malformed address": (
        "update intermediate.int_handoff_fields set state = 'malformed' where handoff_key = 'h3'",
        ("h3", "is_email_complete", "warning", "malformed"),
    ),
    "an owner nobody knows": (
        "update marts.fct_handoffs set owner_key = 'zoe' where handoff_key = 'h1'",
        ("h1", "is_owner_known", "warning", "zoe"),
    ),
    "an owner who left": (
        "update marts.fct_handoffs set owner_key = 'bob' where handoff_key = 'h3'",
        ("h3", "is_owner_active", "warning", "user bob not active"),
    ),
    "no recipient": (
        "update marts.fct_handoffs set recipient_key = null where handoff_key = 'h3'",
        ("h3", "has_recipient", "warning", None),
    ),
    "a reason of another exit": (
        "update marts.fct_handoffs set reason = 'no_budget' where handoff_key = 'h2'",
        ("h2", "is_reason_known", "warning", "rejected: no_budget"),
    ),
    "a rejection without reason": (
        "update marts.fct_handoffs set reason = null where handoff_key = 'h2'",
        ("h2", "has_reason", "warning", "rejected"),
    ),
    "an exit that owes a reason": (
        (
            "update marts.fct_handoffs set decision = 'recycled', reason = null,"
            " agreement_version = 2 where handoff_key = 'h2'"
        ),
        ("h2", "has_reason", "warning", "recycled"),
    ),
    "decided too early": (
        "update marts.fct_handoffs set decided_at = '2026-01-05 09:59' where handoff_key = 'h1'",
        ("h1", "is_in_order", "warning", "2026-01-05 09:59:00"),
    ),
    "not yet": (
        "update marts.fct_handoffs set handed_off_at = '2026-02-01' where handoff_key = 'h3'",
        ("h3", "is_past", "warning", "2026-02-01 00:00:00"),
    ),
    "a person nobody knows": (
        "update marts.fct_handoffs set person_key = 'p9' where handoff_key = 'h3'",
        ("h3", "is_person_known", "critical", "p9"),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_breaks_the_contract_is_a_finding(
    warehouse: duckdb.DuckDBPyConnection, agreement: dict[str, pd.DataFrame], case: str
) -> None:
    change, (key, rule, severity, observed) = CASES[case]
    warehouse.execute(change)
    verdict = _verdict(warehouse, agreement)
    found = findings(verdict, KEY)
    assert found[["handoff_key", "rule", "severity"]].to_numpy().tolist() == [[key, rule, severity]]
    assert found["observed"].dropna().to_list() == ([] if observed is None else [observed])
    assert verdict.is_blocking == (severity == "critical")


@pytest.mark.parametrize(
    "change",
    [
        # An exit without agreed reasons takes any; a reason agreed on later is known.
        (
            "update marts.fct_handoffs set decision = 'disqualified', reason = 'spam'"
            " where handoff_key = 'h2'"
        ),
        "update marts.fct_handoffs set reason = 'wrong_region' where handoff_key = 'h2'",
        # Version 1 lets a recycled one go without a reason.
        (
            "update marts.fct_handoffs set decision = 'recycled', reason = null"
            " where handoff_key = 'h2'"
        ),
        # Nobody can know the reason: a later answer stands in its place.
        (
            "update marts.fct_handoffs set reason = null, is_reason_unknown = true"
            " where handoff_key = 'h2'"
        ),
        # G14: a decision known by its day only is not before a hand-off of that day.
        "update marts.fct_handoffs set decided_at = '2026-01-05' where handoff_key = 'h1'",
        "update marts.fct_handoffs set handed_off_at = null where handoff_key = 'h3'",
        # Nobody knows what it was at the hand-off: counted, not judged.
        "update intermediate.int_handoff_fields set state = 'unknown'",
    ],
)
def test_what_keeps_the_contract_all_the_same(
    warehouse: duckdb.DuckDBPyConnection, agreement: dict[str, pd.DataFrame], change: str
) -> None:
    warehouse.execute(change)
    assert _verdict(warehouse, agreement).failures == ()


def test_a_hand_off_that_comes_twice_is_two_findings(
    warehouse: duckdb.DuckDBPyConnection, agreement: dict[str, pd.DataFrame]
) -> None:
    warehouse.execute("insert into marts.fct_handoffs from marts.fct_handoffs limit 1")
    verdict = _verdict(warehouse, agreement)
    found = findings(verdict, KEY)
    assert found[["handoff_key", "rule"]].to_numpy().tolist() == [["h1", "handoff_key"]] * 2
    assert verdict.is_blocking


def test_every_hand_off_that_breaks_a_rule_is_a_row(
    warehouse: duckdb.DuckDBPyConnection, agreement: dict[str, pd.DataFrame]
) -> None:
    warehouse.execute(
        """
        insert into marts.fct_handoffs
        select * exclude (i) replace ('many' || i as handoff_key, null as reason)
        from marts.fct_handoffs, range(1000) as r (i) where handoff_key = 'h2'
        """
    )
    verdict = _verdict(warehouse, agreement)
    found = findings(verdict, KEY)
    assert len(found) == found["handoff_key"].nunique() == 1000
    assert len(verdict.failures[0].keys) < 1000


def test_the_newest_label_names_a_field(agreement: dict[str, pd.DataFrame]) -> None:
    (look,) = handoff_suite(agreement).looks
    told = [one.description for one in look.rules if one.name == "is_email_complete"]
    assert told == [
        "E-mail is there and well-formed at the hand-off, where the agreement requires it"
    ]
