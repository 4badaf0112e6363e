"""Simulated companies and their CRM, lived once for all tests that look at them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from ingestion.sandbox.clock import DAY, HOUR, local, weekday
from ingestion.sandbox.company.company import Company, simulate
from ingestion.sandbox.mess import PROFILES, Mess
from ingestion.sandbox.settings import Settings
from ingestion.sandbox.systems import salesforce
from ingestion.sandbox.systems.held import MAIN
from ingestion.sandbox.systems.salesforce.contacts import Contacts, draw_contacts
from ingestion.sandbox.systems.salesforce.deals import Deals, draw_deals
from ingestion.sandbox.systems.salesforce.leads import Leads, draw_leads

if TYPE_CHECKING:
    import pandas as pd

    from ingestion.sandbox.arrays import Flags, Moments
    from ingestion.sandbox.systems.held import Held

CLEAN, USUAL, AWFUL = PROFILES["clean"], PROFILES["usual"], PROFILES["awful"]
# Large enough for shares to be near their rates.
PEOPLE = 6_000
MORNING = 6 * HOUR  # exports are made in the morning after the last day


@dataclass(frozen=True)
class Lived:
    """A company with a Salesforce org of all its people."""

    company: Company

    @property
    def end(self) -> float:
        return self.company.settings.end

    @cached_property
    def members(self) -> Flags:
        return np.ones(len(self.company.people), dtype=bool)

    @cached_property
    def org(self) -> Held:
        return salesforce.hold(self.company, self.members, MAIN)

    @cached_property
    def leads(self) -> Leads:
        return draw_leads(self.company, self.members)

    @cached_property
    def contacts(self) -> Contacts:
        return draw_contacts(self.company, self.members)

    @cached_property
    def deals(self) -> Deals:
        return draw_deals(self.company, self.members)

    @cached_property
    def tables(self) -> Tables:
        return Tables(self)


class Tables(dict[str, "pd.DataFrame"]):
    """What a full export of each object holds, by the stem of its file."""

    def __init__(self, lived: Lived) -> None:
        super().__init__()
        self._lived = lived

    def __missing__(self, stem: str) -> pd.DataFrame:
        rows = self._lived.org.objects[stem].at(self._lived.end + MORNING)
        plain = [
            pa.field(one.name, pa.string() if pa.types.is_dictionary(one.type) else one.type)
            for one in rows.schema
        ]
        self[stem] = rows.cast(pa.schema(plain)).to_pandas()
        return self[stem]


@lru_cache(maxsize=6)  # a company with its tables takes some ten megabytes
def lived(mess: Mess = CLEAN, people: int = PEOPLE, seed: int = 7) -> Lived:
    return Lived(simulate(Settings(people=people, seed=seed, mess=mess)))


def in_office_hours(moments: Moments, zone: np.ndarray) -> Flags:
    shown = local(moments, zone)
    day = np.floor(shown / DAY)
    of_day = shown - day * DAY
    return (weekday(day) < 5) & (of_day >= 9 * HOUR) & (of_day < 17 * HOUR)


def same(one: Any, other: Any) -> bool:
    """Whether two arrays hold the same values; nulls are alike."""
    if one.dtype == float:
        return np.array_equal(one, other, equal_nan=True)
    return np.array_equal(one, other)
