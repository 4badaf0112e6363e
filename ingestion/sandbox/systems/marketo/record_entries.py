"""Activities about records: creations, changed values, scores, merges, deletions, the sync."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.sandbox.chance import some, stream
from ingestion.sandbox.clock import ever
from ingestion.sandbox.company.touches import THRESHOLD
from ingestion.sandbox.systems.columns import column
from ingestion.sandbox.systems.marketo import activity_log as types
from ingestion.sandbox.systems.marketo.activity_log import Entries
from ingestion.sandbox.systems.marketo.assets import RESET, SCORE, SYNC
from ingestion.sandbox.systems.marketo.leads import (
    FieldChanges,
    email_changes,
    phone_changes,
    score_changes,
)
from ingestion.sandbox.systems.words import coded

if TYPE_CHECKING:
    from ingestion.sandbox.arrays import Numbers
    from ingestion.sandbox.company.company import Company
    from ingestion.sandbox.systems.marketo.leads import CrmIds
    from ingestion.sandbox.systems.prospects import Prospects

_SOURCES, _LISTS = ("Web form fill-out", "List import"), ("", "Bought list")


def record_entries(
    company: Company, prospects: Prospects, lead_ids: pa.Array, crm: CrmIds
) -> list[Entries]:
    """Return what happens to the records themselves."""
    return [
        _creations(company, prospects),
        _data_values(company, prospects),
        _scores(company, prospects),
        _merges(prospects, lead_ids),
        _deletions(prospects),
        _synced("sync_lead_to_sfdc", types.SYNC_LEAD, crm, np.flatnonzero(crm.is_first)),
        _synced("convert_lead", types.CONVERT_LEAD, crm, np.flatnonzero(crm.is_conversion)),
    ]


def _creations(company: Company, prospects: Prospects) -> Entries:
    people, human, size = company.people, prospects.human, len(prospects)
    is_import = (~people.responds[human]).astype(np.int64)
    return Entries(
        "new_lead",
        types.NEW_LEAD,
        np.arange(size),
        prospects.created_at,
        np.full(size, -1),
        _nothing(size),
        column(prospects.email),
        {
            "Source Type": coded(is_import, _SOURCES),
            "List Name": coded(is_import, _LISTS, is_import == 1),
            "Lead Source": people.source[human],
        },
    )


def _data_values(company: Company, prospects: Prospects) -> Entries:
    parts = (email_changes(company, prospects), phone_changes(company, prospects))
    sizes = [len(one.lead) for one in parts]
    field = np.repeat(np.arange(2), sizes)
    return Entries(
        "change_data_value",
        types.CHANGE_DATA_VALUE,
        np.concatenate([one.lead for one in parts]),
        np.concatenate([one.at for one in parts]),
        np.full(sum(sizes), -1),
        coded(field, ("6", "12")),
        coded(field, ("Email Address", "Phone Number")),
        {
            "Old Value": pa.concat_arrays([column(one.old) for one in parts]),
            "New Value": pa.concat_arrays([column(one.new) for one in parts]),
            "Reason": coded(field, ("Filled out a form", "Updated by a user")),
            "Source": coded(field, ("Web form fill-out", "Marketo user")),
        },
    )


def _scores(company: Company, prospects: Prospects) -> Entries:
    scores = _in_two_steps(company, score_changes(company, prospects), len(prospects))
    old, new = scores.old, scores.new
    size = len(scores.lead)
    is_reset = new < old
    sign = coded((new < old).astype(np.int64), ("+", "-")).cast(pa.string())
    step = pa.array(np.abs(new - old)).cast(pa.string())
    return Entries(
        "change_score",
        types.CHANGE_SCORE,
        scores.lead,
        scores.at,
        np.where(is_reset, RESET, SCORE),
        coded(np.zeros(size, np.int64), ("31",)),
        coded(np.zeros(size, np.int64), ("Lead Score",)),
        {
            "Change Value": pc.binary_join_element_wise(sign, step, ""),
            "Old Value": old,
            "New Value": new,
            "Reason": coded(is_reset.astype(np.int64), ("Behaviour", "Begins again")),
        },
    )


def _in_two_steps(company: Company, scores: FieldChanges, leads: int) -> FieldChanges:
    """Let two scoring rules raise a share of the last scores, both in the same second."""
    old, new = np.asarray(scores.old), np.asarray(scores.new)
    rng = stream(company.settings.seed, "marketo same second")
    twice = some(rng, leads, company.settings.mess.same_second)[scores.lead]
    twice &= (np.diff(scores.lead, append=-1) != 0) & (new > old + 1)
    places = np.repeat(np.arange(len(old)), 1 + twice)
    is_second = np.diff(places, prepend=-1) == 0
    is_first = twice[places] & ~is_second
    middle = (old + new) // 2
    # The rule that makes the difference is the second one.
    middle = np.where(
        (old < THRESHOLD) & (new >= THRESHOLD), np.minimum(middle, THRESHOLD - 1), middle
    )
    return FieldChanges(
        lead=scores.lead[places],
        at=scores.at[places],
        old=np.where(is_second, middle[places], old[places]),
        new=np.where(is_first, middle[places], new[places]),
    )


def _merges(prospects: Prospects, lead_ids: pa.Array) -> Entries:
    loser = np.flatnonzero(prospects.merged_into >= 0)
    winner = prospects.merged_into[loser]
    size = len(loser)
    return Entries(
        "merge_leads",
        types.MERGE_LEADS,
        winner,
        prospects.merged_at[loser],
        np.full(size, -1),
        lead_ids.take(pa.array(winner)),
        column(prospects.email[winner]),
        {
            "Merge IDs": lead_ids.take(pa.array(loser)),
            "Master Updated": np.ones(size, dtype=bool),
            "Merged in Sales": np.zeros(size, dtype=bool),
            "Merge Source": pa.array(["Lead Database"] * size, pa.string()),
        },
    )


def _deletions(prospects: Prospects) -> Entries:
    lead = np.flatnonzero(ever(prospects.deleted_at))
    size = len(lead)
    return Entries(
        "delete_lead",
        types.DELETE_LEAD,
        lead,
        prospects.deleted_at[lead],
        np.full(size, -1),
        _nothing(size),
        column(prospects.email[lead]),
        {"Remove from CRM": np.zeros(size, dtype=bool)},
    )


def _synced(stem: str, type_: int, crm: CrmIds, found: Numbers) -> Entries:
    size = len(found)
    return Entries(
        stem,
        type_,
        crm.lead[found],
        crm.at[found],
        np.full(size, SYNC),
        _nothing(size),
        crm.lead_id.take(pa.array(found)),
    )


def _nothing(size: int) -> pa.Array:
    return pa.nulls(size, pa.string())
