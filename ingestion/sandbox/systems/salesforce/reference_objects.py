"""Picklists and currency rates: what records refer to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from ingestion.sandbox.chance import some, stream
from ingestion.sandbox.clock import DAY, before
from ingestion.sandbox.systems.columns import dates, instants
from ingestion.sandbox.systems.identifiers import salesforce_id
from ingestion.sandbox.systems.lead_status import CONVERTED, NEW
from ingestion.sandbox.systems.salesforce.deals import FORECASTS, PROBABILITIES
from ingestion.sandbox.systems.salesforce.deals import STAGES as DEAL_STAGES
from ingestion.sandbox.systems.salesforce.leads import STATUSES
from ingestion.sandbox.systems.stored import Changing, Stored, append_only, build_stored
from ingestion.sandbox.systems.words import coded

if TYPE_CHECKING:
    from ingestion.sandbox.systems.salesforce.org import Org

# What one unit is worth in USD, about; Salesforce keeps how many units one USD is worth.
_CURRENCIES = {"EUR": 1.09, "GBP": 1.27}
_MONTH = 30 * DAY


def reference_objects(org: Org) -> dict[str, Stored]:
    """Return the statuses, the stages, and dated currency rates, some of which are edited later."""
    start = org.company.settings.start
    planned = start - 30 * DAY
    status = np.arange(NEW, len(STATUSES))
    statuses, stages = len(status), len(DEAL_STAGES)
    currencies = ("USD", *_CURRENCIES)
    return {
        "lead_statuses": append_only(
            "LeadStatus",
            ("Id", "MasterLabel", "ApiName", "IsConverted", "IsDefault", "SortOrder"),
            {
                "Id": org.numbered("01J", statuses),
                "MasterLabel": pa.array(STATUSES[NEW:]),
                "ApiName": pa.array(STATUSES[NEW:]),
                "IsConverted": status == CONVERTED,
                "IsDefault": status == NEW,
                "SortOrder": status,
            },
            np.full(statuses, planned),
        ),
        "opportunity_stages": append_only(
            "OpportunityStage",
            ("Id", "MasterLabel", "ApiName", "SortOrder", "IsActive", "IsClosed", "IsWon",
             "DefaultProbability", "ForecastCategoryName"),
            {
                "Id": salesforce_id("01J", statuses + np.arange(stages), org.pod),
                "MasterLabel": pa.array(DEAL_STAGES),
                "ApiName": pa.array(DEAL_STAGES),
                "SortOrder": np.arange(stages) + 1,
                "IsActive": np.ones(stages, dtype=bool),
                "IsClosed": np.arange(stages) >= stages - 2,
                "IsWon": np.arange(stages) == stages - 2,
                "DefaultProbability": PROBABILITIES,
                "ForecastCategoryName": pa.array(FORECASTS),
            },
            np.full(stages, planned),
        ),
        "currency_types": append_only(
            "CurrencyType",
            ("Id", "IsoCode", "ConversionRate", "IsActive", "IsCorporate"),
            {
                "Id": org.numbered("01L", len(currencies)),
                "IsoCode": pa.array(currencies),
                "ConversionRate": np.array([1.0, *(round(1 / one, 6) for one in
                                                   _CURRENCIES.values())]),
                "IsActive": np.ones(len(currencies), dtype=bool),
                "IsCorporate": np.arange(len(currencies)) == 0,
            },
            np.full(len(currencies), planned),
        ),
        "dated_conversion_rates": _rates(org),
    }  # fmt: skip


def _rates(org: Org) -> Stored:
    settings = org.company.settings
    months = int(np.ceil((settings.end - settings.start) / _MONTH))
    rng = stream(settings.seed, "currency rates")
    month = np.repeat(np.arange(months), len(_CURRENCIES))
    begins = np.asarray(settings.start + month * _MONTH, dtype=np.float64)
    code = np.tile(np.arange(len(_CURRENCIES)), months)
    size = len(code)
    worth = np.array(list(_CURRENCIES.values()))[code] * (1 + 0.03 * rng.standard_normal(size))
    edited = np.flatnonzero(some(rng, size, settings.mess.rate_edited))
    later = before(settings.end, np.floor(begins + (10 + 60 * rng.random(size)) * DAY))
    again = np.round(1 / (worth * (1 + 0.02 * rng.standard_normal(size))), 6)
    return build_stored(
        "DatedConversionRate",
        ("Id", "IsoCode", "StartDate", "NextStartDate", "ConversionRate", "CreatedDate",
         "SystemModstamp"),
        created_at=begins,
        fixed={
            "Id": org.numbered("04w", size),
            "IsoCode": coded(code, tuple(_CURRENCIES)),
            "StartDate": dates(begins),
            "NextStartDate": dates(begins + _MONTH),
            "CreatedDate": instants(begins),
        },
        changing={
            "ConversionRate": Changing(
                np.round(1 / worth, 6), edited, later[edited], again[edited]
            )
        },
        stamp="SystemModstamp",
    )  # fmt: skip
