"""Owners, and the pipelines that deals move through."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from ingestion.sandbox.clock import DAY, ZONES, ever
from ingestion.sandbox.company.attempts import MACHINE
from ingestion.sandbox.company.opportunities import LOST, NEGOTIATION, RENEWAL, WON
from ingestion.sandbox.company.staff import REGIONS, ROLES
from ingestion.sandbox.systems.columns import instants
from ingestion.sandbox.systems.identifiers import numeric
from ingestion.sandbox.systems.rates import WORTH, draw_rates
from ingestion.sandbox.systems.stored import Changing, Stored, append_only, build_stored
from ingestion.sandbox.systems.words import coded

if TYPE_CHECKING:
    from ingestion.sandbox.arrays import Numbers
    from ingestion.sandbox.company.company import Company

INTEGRATION = "Integration"  # the user that machines write as
_FIRST_OWNER, _FIRST_USER = 51_200_011, 8_400_021
_FIRST_RATE = 3_100_001

NEW_BUSINESS_PIPELINE, RENEWAL_PIPELINE = "default", "75382011"
# Stages by their place in the company's own process, for each pipeline; unused ones are None.
NEW_BUSINESS_STAGES = (
    "appointmentscheduled", "qualifiedtobuy", "presentationscheduled", "decisionmakerboughtin",
    "closedwon", "closedlost",
)  # fmt: skip
RENEWAL_STAGES = {NEGOTIATION: "148230417", WON: "148230418", LOST: "148230419"}
STAGE_IDS = (*NEW_BUSINESS_STAGES, *RENEWAL_STAGES.values())
PROBABILITIES = ("0.1", "0.25", "0.5", "0.75", "1.0", "0.0", "0.8", "1.0", "0.0")
_STAGE_LABELS = (
    "Discovery", "Qualification", "Proposal", "Negotiation", "Closed won", "Closed lost",
    "Renewal due", "Renewed", "Not renewed",
)  # fmt: skip
CLOSED = (4, 5, 7, 8)  # places in STAGE_IDS


@dataclass(frozen=True)
class Owners:
    """Ids of owners and of the users behind them: staff by their place, then the machine."""

    ids: pa.Array
    user_ids: pa.Array

    def __len__(self) -> int:
        return len(self.ids)

    def place(self, owner: Numbers) -> Numbers:
        """Return the place of each owner, the last one for what a machine did."""
        return np.where(owner == MACHINE, len(self) - 1, owner)

    def id_of(self, owner: Numbers) -> pa.Array:
        """Return the owner ids, as a dictionary."""
        return pa.DictionaryArray.from_arrays(self.place(owner).astype(np.int32), self.ids)


def number_owners(company: Company) -> Owners:
    """Give an id to everybody who can own a record."""
    number = np.arange(len(company.staff) + 1)
    return Owners(numeric(number * 7, _FIRST_OWNER), numeric(number * 3, _FIRST_USER))


def stage_code(stage: Numbers, kind: Numbers) -> Numbers:
    """Return the place in STAGE_IDS of a stage of a deal of this kind."""
    renewal = np.searchsorted(list(RENEWAL_STAGES), stage) + len(NEW_BUSINESS_STAGES)
    return np.where(kind == RENEWAL, renewal, stage)


def owner_object(company: Company, owners: Owners) -> Stored:
    """Return the owners; who leaves is archived."""
    staff = company.staff
    machine = [INTEGRATION, "", "Systems", None]
    names = np.array([name.split(" ", 1) for name in staff.name], dtype=object)
    mail = [f"{name.lower().replace(' ', '.')}@funnel.example.com" for name in staff.name]
    teams = [
        f"{ROLES[role]} {REGIONS[region]}"
        for role, region in zip(staff.role, staff.region, strict=True)
    ]
    hired = np.append(staff.hired_at, company.settings.start - 30 * DAY)
    left = np.flatnonzero(ever(staff.left_at))
    return build_stored(
        "owners",
        (
            "id", "email", "type", "firstName", "lastName", "userId", "teams",
            "hs_standard_time_zone", "createdAt", "updatedAt", "archived",
        ),
        created_at=hired,
        fixed={
            "id": owners.ids,
            "email": pa.array([*mail, "integration@funnel.example.com"]),
            "type": pa.array(["PERSON"] * len(owners)),
            "firstName": pa.array([*names[:, 0], machine[0]]),
            "lastName": pa.array([*names[:, 1], machine[1]]),
            "userId": owners.user_ids,
            "teams": pa.array([*teams, machine[2]]),
            "hs_standard_time_zone": pa.array([*(ZONES[one] for one in staff.zone), machine[3]]),
            "createdAt": instants(hired),
        },
        changing={
            "archived": Changing(
                np.zeros(len(owners), dtype=bool),
                left,
                staff.left_at[left],
                np.ones(len(left), dtype=bool),
            )
        },
        stamp="updatedAt",
    )  # fmt: skip


def pipeline_objects(company: Company) -> dict[str, Stored]:
    """Return the pipelines of deals and their stages."""
    since = company.settings.start - 30 * DAY
    pipelines = append_only(
        "pipelines",
        ("id", "label", "displayOrder", "archived", "createdAt"),
        {
            "id": pa.array([NEW_BUSINESS_PIPELINE, RENEWAL_PIPELINE]),
            "label": pa.array(["Sales", "Renewals"]),
            "displayOrder": np.arange(2),
            "archived": np.zeros(2, dtype=bool),
            "createdAt": instants(np.full(2, since)),
        },
        np.full(2, since),
    )
    size, new = len(STAGE_IDS), len(NEW_BUSINESS_STAGES)
    in_new = np.arange(size) < new
    stages = append_only(
        "pipeline_stages",
        (
            "pipelineId", "id", "label", "displayOrder", "isClosed", "probability", "archived",
            "createdAt",
        ),
        {
            "pipelineId": np.where(in_new, NEW_BUSINESS_PIPELINE, RENEWAL_PIPELINE).astype(object),
            "id": pa.array(STAGE_IDS),
            "label": pa.array(_STAGE_LABELS),
            "displayOrder": np.where(in_new, np.arange(size), np.arange(size) - new),
            "isClosed": np.isin(np.arange(size), CLOSED),
            "probability": pa.array(PROBABILITIES),
            "archived": np.zeros(size, dtype=bool),
            "createdAt": instants(np.full(size, since)),
        },
        np.full(size, since),
    )  # fmt: skip
    return {"pipelines": pipelines, "pipeline_stages": stages}


def exchange_rates(company: Company) -> Stored:
    """Return what one unit of each other currency is worth in that of the portal, by month."""
    rates = draw_rates(company.settings)
    size, edited = len(rates.code), rates.edited
    return build_stored(
        "exchange_rates",
        ("id", "fromCurrencyCode", "toCurrencyCode", "conversionRate", "effectiveAt", "createdAt",
         "updatedAt"),
        created_at=rates.begins,
        fixed={
            "id": numeric(np.arange(size), _FIRST_RATE),
            "fromCurrencyCode": coded(rates.code, tuple(WORTH)),
            "toCurrencyCode": pa.array(["USD"] * size),
            "effectiveAt": instants(rates.begins),
            "createdAt": instants(rates.begins),
        },
        changing={
            "conversionRate": Changing(
                np.round(rates.worth, 6),
                edited,
                rates.later[edited],
                np.round(rates.worth_again, 6)[edited],
            )
        },
        stamp="updatedAt",
    )  # fmt: skip
