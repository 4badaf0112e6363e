"""Users and queues: who can own a record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from ingestion.sandbox.clock import DAY, ZONES, ever
from ingestion.sandbox.company.staff import AMERICAS, EUROPE, LEAD, REGIONS, ROLES
from ingestion.sandbox.systems.columns import column, instants
from ingestion.sandbox.systems.identifiers import salesforce_id
from ingestion.sandbox.systems.stored import Changing, Stored, append_only, build_stored

if TYPE_CHECKING:
    from ingestion.sandbox.clock import Numbers
    from ingestion.sandbox.company.company import Company
    from ingestion.sandbox.systems.salesforce.org import Org

MACHINES = ("Integration", "Sequences")
INTEGRATION, SEQUENCES = 0, 1  # places in MACHINES
# Histories are deleted after 24 months, 18 of which the pages show.
HISTORY_KEPT = 730 * DAY
# A deleted record stays in the recycle bin for so long.
RECYCLE_BIN = 15 * DAY


@dataclass(frozen=True)
class Owners:
    """Ids of all that can own a record: staff, then queues by region, then machines."""

    ids: pa.Array
    names: pa.Array
    queue: int  # place of the first queue
    machine: int  # place of the first machine

    def id_of(self, place: Numbers) -> pa.Array:
        """Return the ids of these places."""
        return self.ids.take(pa.array(place))

    def name_of(self, place: Numbers) -> pa.Array:
        """Return the names of these places."""
        return self.names.take(pa.array(place))

    def queue_of(self, region: Numbers) -> Numbers:
        """Return the place of each region's queue."""
        return self.queue + region


def number_owners(company: Company, pod: str) -> Owners:
    """Give ids to everybody who can own a record."""
    size = len(company.staff)
    users = salesforce_id("005", np.arange(size + len(MACHINES)), pod)
    queues = salesforce_id("00G", np.arange(len(REGIONS)), pod)
    names = [f"Inbound {region}" for region in REGIONS]
    return Owners(
        ids=pa.concat_arrays([users[:size], queues, users[size:]]),
        names=pa.concat_arrays([column(company.staff.name), pa.array([*names, *MACHINES])]),
        queue=size,
        machine=size + len(REGIONS),
    )


def user_objects(org: Org) -> dict[str, Stored]:
    """Return users, who are switched off when they leave, and queues."""
    company, owners = org.company, org.owners
    staff, start = company.staff, company.settings.start
    size, machines = len(staff), len(MACHINES)
    everybody = np.append(np.arange(size), owners.machine + np.arange(machines))
    mail = [f"{name.lower().replace(' ', '.')}@funnel.example.com" for name in staff.name]
    leads = np.array([np.flatnonzero((staff.role == LEAD) & (staff.region == one))[0]
                      for one in (AMERICAS, EUROPE)])  # fmt: skip
    nobody = [None] * machines
    created = np.append(staff.hired_at, np.full(machines, start - 30 * DAY))
    left = np.flatnonzero(ever(staff.left_at))
    users = build_stored(
        "User",
        (
            "Id", "Name", "Email", "Username", "IsActive", "Department", "ManagerId",
            "Manager_Name__c", "Region__c", "TimeZoneSidKey", "CreatedDate", "SystemModstamp",
        ),
        created_at=created,
        fixed={
            "Id": owners.id_of(everybody),
            "Name": owners.name_of(everybody),
            "Email": pa.array([*mail, *["team@funnel.example.com"] * machines]),
            "Username": pa.array([*mail, *(name.lower() for name in MACHINES)]),
            "Department": pa.array([*(ROLES[one] for one in staff.role), *["Systems"] * machines]),
            "ManagerId": pa.array([*owners.id_of(leads[staff.region]).to_pylist(), *nobody]),
            "Manager_Name__c": pa.array([*staff.name[leads[staff.region]], *nobody]),
            "Region__c": pa.array([*(REGIONS[one] for one in staff.region), *nobody]),
            "TimeZoneSidKey": pa.array([*(ZONES[one] for one in staff.zone), *nobody]),
            "CreatedDate": instants(created),
        },
        changing={
            "IsActive": Changing(
                np.ones(size + machines, dtype=bool),
                left,
                staff.left_at[left],
                np.zeros(len(left), dtype=bool),
            )
        },
        stamp="SystemModstamp",
    )  # fmt: skip
    places = owners.queue + np.arange(len(REGIONS))
    queues = append_only(
        "Group",
        ("Id", "Name", "Type", "Region__c"),
        {
            "Id": owners.id_of(places),
            "Name": owners.name_of(places),
            "Type": pa.array(["Queue"] * len(REGIONS)),
            "Region__c": pa.array(REGIONS),
        },
        np.full(len(REGIONS), start - 30 * DAY),
    )
    return {"users": users, "queues": queues}
