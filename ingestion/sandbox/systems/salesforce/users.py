"""User, and the queues among its groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from ingestion.sandbox.clock import DAY, ZONES, ever
from ingestion.sandbox.company.staff import AMERICAS, EUROPE, LEAD, REGIONS, ROLES
from ingestion.sandbox.systems.columns import instants
from ingestion.sandbox.systems.salesforce.owners import MACHINES
from ingestion.sandbox.systems.stored import Changing, Stored, append_only, build_stored

if TYPE_CHECKING:
    from ingestion.sandbox.systems.salesforce.org import Org


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
