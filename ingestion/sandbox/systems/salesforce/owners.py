"""Who can own a record, and under which id."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from ingestion.sandbox.company.staff import REGIONS
from ingestion.sandbox.systems.columns import column
from ingestion.sandbox.systems.identifiers import salesforce_id

if TYPE_CHECKING:
    from ingestion.sandbox.arrays import Numbers
    from ingestion.sandbox.company.company import Company

MACHINES = ("Integration", "Sequences")
INTEGRATION, SEQUENCES = 0, 1  # places in MACHINES


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
