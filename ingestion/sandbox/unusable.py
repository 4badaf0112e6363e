"""Rows that nobody can use, planted at the end of some files."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

_NO_DATE = "2025-02-30 25:00:00"  # text that no calendar knows


@dataclass(frozen=True)
class Plan:
    """How many rows to plant, of each kind."""

    key: str
    without_key: int = 0
    again: int = 0  # a row of the file once more
    contradiction: str = ""  # two rows with one id that differ in this column
    without_date: int = 0
    date: str = ""


PLANS = {
    "marketing_leads.csv": Plan("id", without_key=2),
    "marketing_activities.csv": Plan("id", again=3, without_date=2, date="activity_date"),
    "crm_leads.csv": Plan("Id", contradiction="Title"),
    "crm_opportunities.csv": Plan("Id", without_date=1, date="CreatedDate"),
    "crm_activities.csv": Plan("Id", without_key=1, without_date=2, date="ActivityDate"),
    "billing_customers.csv": Plan("customer_no", without_key=1),
}


def plant(file: str, rows: pd.DataFrame) -> tuple[pd.DataFrame, int, int]:
    """Add the unusable rows of this file.

    Returns the table and how many rows landing has to set aside and staging to quarantine.
    """
    plan = PLANS.get(file)
    if plan is None:
        return rows, 0, 0
    set_aside = [_with(rows.head(plan.without_key), plan.key, None), rows.head(plan.again)]
    if plan.contradiction:
        one = _with(rows.head(1), plan.key, rows[plan.key].iloc[0] + "X")
        set_aside += [one, _with(one, plan.contradiction, "Somebody else")]
    quarantined = rows.head(plan.without_date)
    quarantined = _with(quarantined, plan.key, quarantined[plan.key] + "Z")
    if plan.date:
        quarantined = _with(quarantined, plan.date, _NO_DATE)
    whole = pd.concat([rows, *set_aside, quarantined], ignore_index=True)
    return whole, sum(map(len, set_aside)), len(quarantined)


def _with(rows: pd.DataFrame, column: str, value: str | pd.Series[str] | None) -> pd.DataFrame:
    changed = rows.copy()
    changed[column] = value
    return changed
