"""Rows that nobody can use, planted at the end of some files."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

_NO_DATE = "2025-02-30 25:00:00"  # text that no calendar knows


@dataclass(frozen=True)
class Plan:
    """Which kinds of unusable rows a file gets."""

    key: str
    without_key: bool = False
    again: bool = False  # a row of the file once more
    contradiction: str = ""  # two rows with one id that differ in this column
    date: str = ""  # the column that gets a date that is none


@dataclass(frozen=True)
class Planted:
    """A table of texts with unusable rows at its end, and how many of each sort they are.

    `set_aside` are those that the landing has to set aside, `quarantined` those that staging has
    to quarantine.
    """

    table: pa.Table
    set_aside: int
    quarantined: int


PLANS = {
    "salesforce_leads": Plan("Id", contradiction="Title"),
    "salesforce_opportunities": Plan("Id", date="CreatedDate"),
    "salesforce_tasks": Plan("Id", without_key=True, date="CompletedDateTime"),
    "marketo_leads": Plan("id", without_key=True),
    "marketo_activities_fill_out_form": Plan("marketoGUID", again=True, date="activityDate"),
    "account_engagement_prospects": Plan("id", without_key=True),
    "account_engagement_visitor_activities": Plan("id", again=True, date="createdAt"),
    "hubspot_contacts": Plan("hs_object_id", without_key=True),
    "hubspot_calls": Plan("hs_object_id", again=True, date="hs_timestamp"),
    "billing_customers": Plan("customer_no", without_key=True),
}


def plant(file: str, table: pa.Table, rate: float, null: str) -> Planted:
    """Add unusable rows to the table of a file (`<system>_<stem>`): a share, at least one.

    At a rate of 0 there are none. `null` is how the file spells what is missing.
    """
    plan = PLANS.get(file)
    if plan is None or rate == 0 or table.num_rows == 0:
        return Planted(table, 0, 0)
    head = table.slice(0, max(1, round(rate * table.num_rows)))
    set_aside: list[pa.Table] = []
    if plan.without_key:
        set_aside.append(_with(head, plan.key, _same(null, head)))
    if plan.again:
        set_aside.append(head)
    if plan.contradiction:
        one = _with(head, plan.key, _marked(head, plan.key, "X"))
        set_aside += [one, _with(one, plan.contradiction, _same("Somebody else", head))]
    quarantined: list[pa.Table] = []
    if plan.date:
        late = _with(head, plan.key, _marked(head, plan.key, "Z"))
        quarantined.append(_with(late, plan.date, _same(_NO_DATE, head)))
    return Planted(
        pa.concat_tables([table, *set_aside, *quarantined]),
        sum(one.num_rows for one in set_aside),
        sum(one.num_rows for one in quarantined),
    )


def _same(text: str, table: pa.Table) -> pa.Array:
    return pa.array([text] * table.num_rows, pa.string())


def _marked(table: pa.Table, key: str, mark: str) -> pa.ChunkedArray:
    return pc.binary_join_element_wise(table[key], mark, "")


def _with(table: pa.Table, column: str, values: list[str] | pa.ChunkedArray) -> pa.Table:
    place = table.column_names.index(column)
    return table.set_column(
        place,
        column,
        pa.chunked_array([values], pa.string()) if isinstance(values, list) else values,
    )
