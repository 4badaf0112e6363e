"""The activity log: one file for each type, kept as long as Marketo keeps that type."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from ingestion.sandbox.clock import DAY
from ingestion.sandbox.systems.columns import column, instants
from ingestion.sandbox.systems.identifiers import numeric
from ingestion.sandbox.systems.logged import Logged, lags, log
from ingestion.sandbox.systems.marketo.assets import campaign_ids
from ingestion.sandbox.systems.words import coded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ingestion.sandbox.arrays import Moments, Numbers
    from ingestion.sandbox.company.company import Company
    from ingestion.sandbox.systems.columns import Values
    from ingestion.sandbox.systems.prospects import Prospects

_FIELDS = (
    "marketoGUID", "leadId", "activityDate", "activityTypeId", "campaignId",
    "primaryAttributeValueId", "primaryAttributeValue",
)  # fmt: skip
# Marketo's retention policy. What it does not name here it keeps for 25 months.
_MONTHS_25, _DAYS_90, _DAYS_14 = 761 * DAY, 90 * DAY, 14 * DAY
VISIT_WEBPAGE, FILL_OUT_FORM, SEND_EMAIL, EMAIL_DELIVERED = 1, 2, 6, 7
OPEN_EMAIL, CLICK_EMAIL, NEW_LEAD, CHANGE_DATA_VALUE = 10, 11, 12, 13
SYNC_LEAD, CONVERT_LEAD, CHANGE_SCORE, MERGE_LEADS, DELETE_LEAD = 19, 21, 22, 32, 37
CHANGE_STATUS = 104
_KEPT = {
    VISIT_WEBPAGE: _DAYS_90,
    SEND_EMAIL: _DAYS_90,
    EMAIL_DELIVERED: _DAYS_90,
    NEW_LEAD: np.inf,
    CHANGE_DATA_VALUE: _DAYS_90,
    SYNC_LEAD: _DAYS_90,
    CHANGE_SCORE: _DAYS_90,
    DELETE_LEAD: _DAYS_14,
}


@dataclass(frozen=True)
class Entries:
    """Activities of one type: one entry per activity in every array."""

    stem: str  # of the file: activities_<stem>
    type: int
    lead: Numbers  # place in Prospects
    at: Moments
    campaign: Numbers  # place among the smart campaigns, -1 for none
    value_id: pa.Array
    value: pa.Array
    attributes: dict[str, Values] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.lead)


def kept_for(company: Company, type_: int) -> float:
    """Return for how many seconds an activity of a type is kept, inf for ever."""
    return _KEPT.get(type_, _MONTHS_25) if company.settings.mess.purged_history else np.inf


def activity_objects(
    company: Company,
    prospects: Prospects,
    lead_ids: pa.Array,
    entries: Sequence[Entries],
    first_guid: int,
) -> dict[str, Logged]:
    """Return a log for each type; GUIDs number the activities of all types by their moments."""
    at = np.concatenate([one.at for one in entries])
    rank = np.empty(len(at), dtype=np.int64)
    rank[np.argsort(at, kind="stable")] = np.arange(len(at))
    ends = np.cumsum([len(one) for one in entries])
    objects = {}
    for one, end in zip(entries, ends, strict=True):
        number = rank[end - len(one) : end]
        guid = numeric(number, first_guid)
        objects[f"activities_{one.stem}"] = _log(company, prospects, lead_ids, one, guid)
    return objects


def _log(
    company: Company,
    prospects: Prospects,
    lead_ids: pa.Array,
    entries: Entries,
    guid: pa.Array,
) -> Logged:
    order = np.argsort(entries.at, kind="stable")
    places = pa.array(order)
    columns = {
        "marketoGUID": guid,
        "activityDate": instants(entries.at),
        "activityTypeId": np.full(len(entries), entries.type),
        "campaignId": coded(entries.campaign, campaign_ids(company), entries.campaign >= 0),
        "primaryAttributeValueId": entries.value_id,
        "primaryAttributeValue": entries.value,
        **entries.attributes,
    }
    return log(
        entries.stem,
        (*_FIELDS, *entries.attributes),
        {name: column(values).take(places) for name, values in columns.items()},
        id_of=lead_ids,
        id_field="leadId",
        prospects=prospects,
        record=entries.lead[order],
        at=entries.at[order],
        lag=lags(company, f"marketo {entries.stem}", len(entries)),
        kept=kept_for(company, entries.type),
        outlives_record=entries.type == DELETE_LEAD,
    )
