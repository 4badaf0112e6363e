"""Picklists and currency rates: what records refer to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from ingestion.sandbox.clock import DAY
from ingestion.sandbox.systems.columns import dates, instants
from ingestion.sandbox.systems.identifiers import salesforce_id
from ingestion.sandbox.systems.lead_status import CONVERTED, NEW
from ingestion.sandbox.systems.rates import MONTH, WORTH, draw_rates
from ingestion.sandbox.systems.salesforce.deals import FORECASTS, PROBABILITIES
from ingestion.sandbox.systems.salesforce.deals import STAGES as DEAL_STAGES
from ingestion.sandbox.systems.salesforce.leads import STATUSES
from ingestion.sandbox.systems.stored import Changing, Stored, append_only, build_stored
from ingestion.sandbox.systems.words import coded

if TYPE_CHECKING:
    from ingestion.sandbox.systems.salesforce.org import Org


def reference_objects(org: Org) -> dict[str, Stored]:
    """Return the statuses, the stages, and dated currency rates, some of which are edited later."""
    start = org.company.settings.start
    planned = start - 30 * DAY
    status = np.arange(NEW, len(STATUSES))
    statuses, stages = len(status), len(DEAL_STAGES)
    currencies = ("USD", *WORTH)
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
                                                   WORTH.values())]),
                "IsActive": np.ones(len(currencies), dtype=bool),
                "IsCorporate": np.arange(len(currencies)) == 0,
            },
            np.full(len(currencies), planned),
        ),
        "dated_conversion_rates": _rates(org),
    }  # fmt: skip


def _rates(org: Org) -> Stored:
    rates = draw_rates(org.company.settings)
    edited = rates.edited
    # Salesforce keeps how many units one USD is worth.
    return build_stored(
        "DatedConversionRate",
        ("Id", "IsoCode", "StartDate", "NextStartDate", "ConversionRate", "CreatedDate",
         "SystemModstamp"),
        created_at=rates.begins,
        fixed={
            "Id": org.numbered("04w", len(rates.code)),
            "IsoCode": coded(rates.code, tuple(WORTH)),
            "StartDate": dates(rates.begins),
            "NextStartDate": dates(rates.begins + MONTH),
            "CreatedDate": instants(rates.begins),
        },
        changing={
            "ConversionRate": Changing(
                np.round(1 / rates.worth, 6),
                edited,
                rates.later[edited],
                np.round(1 / rates.worth_again, 6)[edited],
            )
        },
        stamp="SystemModstamp",
    )  # fmt: skip
