"""The change history that a system keeps of one field."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ingestion.sandbox.moments import local, numbered

if TYPE_CHECKING:
    from ingestion.sandbox.moments import Moments, Numbers, Texts

# Field -> how the ids of its changes begin, and the column that names the record.
_FIELDS = {"Status": ("017", "LeadId"), "StageName": ("008", "OpportunityId")}


@dataclass(frozen=True)
class History:
    """One entry per change; `record` is the place of the record, sorted by record and time."""

    record: Numbers
    old: Texts
    new: Texts
    at: Moments
    current: Texts  # per record: the value today
    changed_at: Moments  # per record: the last change, NaN for none


def write_history(first: Texts, steps: list[tuple[str, Moments]]) -> History:
    """Return the changes of records that begin with a value and take each step at its moment."""
    moments = np.column_stack([moments for _, moments in steps])
    values = np.array([value for value, _ in steps], dtype=object)
    record, step = np.nonzero(~np.isnan(moments))
    at = moments[record, step]
    order = np.lexsort((step, at, record))
    record, new, at = record[order], values[step[order]], at[order]
    is_first = np.diff(record, prepend=-1) != 0
    is_last = np.diff(record, append=-1) != 0
    current, changed_at = first.copy(), np.full(len(first), np.nan)
    current[record[is_last]] = new[is_last]
    changed_at[record[is_last]] = at[is_last]
    old = np.where(is_first, first[record], np.roll(new, 1))
    return History(record, old, new, at, current, changed_at)


def change_table(history: History, field: str, record_id: Texts, owner: Texts) -> pd.DataFrame:
    """Return one row per change; ids and owners are given per record."""
    prefix, record = _FIELDS[field]
    return pd.DataFrame(
        {
            "Id": numbered(prefix, history.at),
            record: record_id[history.record],
            "Field": field,
            "OldValue": history.old,
            "NewValue": history.new,
            "CreatedById": owner[history.record],
            "CreatedDate": local(history.at),
        }
    )
