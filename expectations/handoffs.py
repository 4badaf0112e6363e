"""What must hold of each hand-off from marketing to sales, derived from the agreement."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expectations.suite import Look, Rule, Suite, holds, is_present, is_unique

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

SCHEMA = "marts"
TABLE = "fct_handoffs"
KEY = ("handoff_key",)

# What a required field may be that is not there, or not as agreed. `unknown` is neither: nobody can
# say what it was at the hand-off, and it is counted elsewhere.
UNFIT = ("missing", "placeholder", "malformed")


def handoff_suite(agreement: Mapping[str, pd.DataFrame]) -> Suite:
    """Return the suite `marts__fct_handoffs`.

    `agreement` holds the agreement's tables by name. The query reads `marts.fct_handoffs`,
    `marts.dim_persons`, `marts.dim_owners`, `intermediate.int_handoff_fields`, `agreement.exits`,
    `agreement.exit_reasons` and `ops.run_context`. What is wrong with one hand-off is a warning:
    such a row is set aside with its reason. What breaks the table is critical.
    """
    fields = _required(agreement)
    return Suite(SCHEMA, TABLE, (Look(_query(list(fields)), KEY, (*_rules(), *_complete(fields))),))


def _required(agreement: Mapping[str, pd.DataFrame]) -> dict[str, str]:
    """Label of each field that any version requires, as the newest of them calls it."""
    rows = agreement["required_fields"].sort_values("version", kind="stable")
    return dict(zip(rows["field"], rows["label"], strict=True))


def _rules() -> tuple[Rule, ...]:
    return (
        is_present("handoff_key", "every hand-off has a key"),
        is_unique(KEY, "a hand-off comes once"),
        holds(
            "is_person_known",
            "the person of a hand-off is in dim_persons",
            observed="person_key",
        ),
        holds(
            "is_past",
            "no hand-off is dated at or after as_of",
            "warning",
            observed="handed_off_at",
        ),
        holds("has_recipient", "every hand-off has a recipient", "warning"),
        holds(
            "is_owner_known",
            "the owner of a hand-off is in dim_owners",
            "warning",
            observed="owner_key",
        ),
        holds(
            "is_owner_active",
            "who has a lead that waits for an answer is still there",
            "warning",
            observed="owner",
        ),
        holds(
            "is_reason_known",
            "the reason is one that the agreement knows for that exit",
            "warning",
            observed="told_reason",
        ),
        holds(
            "has_reason",
            "a rejection, and any exit that owes a reason, has one",
            "warning",
            observed="decision",
        ),
        holds(
            "is_in_order",
            "nothing is decided before it was handed over",
            "warning",
            observed="decided_at",
        ),
    )


def _complete(fields: Mapping[str, str]) -> tuple[Rule, ...]:
    return tuple(
        holds(
            f"is_{field}_complete",
            f"{label} is there and well-formed at the hand-off, where the agreement requires it",
            "warning",
            observed=f"{field}_state",
        )
        for field, label in fields.items()
    )


def _query(fields: list[str]) -> str:
    states = ", ".join(
        f"max(state) filter (where field = {_quoted(field)}) as {_named(f'{field}_state')}"
        for field in fields
    )
    judged = "".join(
        f", {state}, {state} not in ({', '.join(_quoted(one) for one in UNFIT)})"
        f" as {_named(f'is_{field}_complete')}"
        for field in fields
        for state in [_named(f"{field}_state")]
    )
    return f"""
        with fields as (
            select handoff_key{f", {states}" if states else ""}
            from intermediate.int_handoff_fields
            group by handoff_key
        ),
        -- A reason may be agreed on later than the hand-off, and is known from then on.
        agreed as (
            select
                h.handoff_key, count(*) as reasons,
                bool_or(r.reason = h.reason) as is_reason_known
            from marts.fct_handoffs as h
            inner join agreement.exit_reasons as r
                on h.decision = r.exit and h.agreement_version <= r.version
            group by h.handoff_key
        )
        select
            h.handoff_key, h.person_key, h.owner_key, h.decision,
            cast(h.handed_off_at as varchar) as handed_off_at,
            cast(h.decided_at as varchar) as decided_at,
            p.person_key is not null as is_person_known,
            h.handed_off_at < c.as_of as is_past,
            h.recipient_key is not null as has_recipient,
            case when h.owner_key is not null then o.owner_key is not null end as is_owner_known,
            case when h.decision is null then o.is_active end as is_owner_active,
            concat_ws(' ', o.kind, o.owner_key, 'not active') as owner,
            case when h.reason is not null and a.reasons > 0 then a.is_reason_known end
                as is_reason_known,
            concat_ws(': ', h.decision, h.reason) as told_reason,
            case when (h.decision = 'rejected' or e.is_reason_required) and not h.is_reason_unknown
                then h.reason is not null end as has_reason,
            -- A decision known by its day only lies at midnight, of a zone that may be behind UTC.
            h.decided_at >= h.handed_off_at or (
                h.decided_at = date_trunc('day', h.decided_at)
                and h.decided_at >= h.handed_off_at - interval 1 day
            ) as is_in_order
            {judged}
        from marts.fct_handoffs as h
        cross join ops.run_context as c
        left join marts.dim_persons as p on h.person_key = p.person_key
        left join marts.dim_owners as o on h.owner_key = o.owner_key
        left join agreement.exits as e
            on h.decision = e.exit and h.agreement_version = e.version
        left join agreed as a on h.handoff_key = a.handoff_key
        left join fields as f on h.handoff_key = f.handoff_key
    """


def _named(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
