"""The companies whose people the simulated company sells to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ingestion.sandbox.chance import one_of, places, some
from ingestion.sandbox.company.staff import AMERICAS, EUROPE

if TYPE_CHECKING:
    from ingestion.sandbox.arrays import Numbers, Texts
    from ingestion.sandbox.settings import Settings

_PLACES = ("Harbor", "Ridge", "Meadow", "Cedar", "Summit", "Valley", "Lantern", "Granite", "Willow")
_TRADES = {
    "Tools": "Manufacturing",
    "Freight": "Logistics",
    "Supply": "Wholesale",
    "Foods": "Retail",
    "Systems": "Software",
    "Works": "Manufacturing",
    "Textiles": "Manufacturing",
    "Academy": "Education",
}
# Country: (share, region, zone, currency)
COUNTRIES = {
    "US": (0.52, AMERICAS, 0, "USD"),
    "CA": (0.09, AMERICAS, 1, "USD"),
    "MX": (0.05, AMERICAS, 2, "USD"),
    "GB": (0.12, EUROPE, 3, "GBP"),
    "DE": (0.12, EUROPE, 4, "EUR"),
    "FR": (0.06, EUROPE, 4, "EUR"),
    "NL": (0.04, EUROPE, 4, "EUR"),
}
_SUBSIDIARIES = 0.03
_PEOPLE_PER_ACCOUNT = 4


@dataclass(frozen=True)
class Accounts:
    """One entry per company in every array."""

    name: Texts
    domain: Texts
    industry: Texts
    country: Texts
    region: Numbers
    zone: Numbers
    employees: Numbers
    revenue: Numbers  # a year, USD
    currency: Texts
    parent: Numbers  # place of the parent company, -1 for none

    def __len__(self) -> int:
        return len(self.name)


def draw_accounts(rng: np.random.Generator, settings: Settings) -> Accounts:
    """Make up companies of log-normal size."""
    size = settings.people // _PEOPLE_PER_ACCOUNT
    trade = one_of(rng, size, list(_TRADES))
    number = np.arange(1, size + 1).astype(str).astype(object)
    name = one_of(rng, size, _PLACES) + " " + trade + " " + number
    host = np.char.replace(np.char.lower(name.astype(str)), " ", "-").astype(object)
    country = one_of(rng, size, list(COUNTRIES), [one[0] for one in COUNTRIES.values()])
    employees = np.maximum(3, np.floor(180 * np.exp(1.2 * rng.standard_normal(size))))
    revenue = np.round(employees * 150 * np.exp(0.4 * rng.standard_normal(size))) * 1000
    own_currency = _by(country, 3)
    foreign = some(rng, size, settings.mess.other_currency)
    is_subsidiary = some(rng, size, _SUBSIDIARIES) & (np.arange(size) > 0)
    parent = places(rng, size, size)
    return Accounts(
        name=name,
        domain=host + ".example." + one_of(rng, size, ("com", "org", "net")),
        industry=np.array([_TRADES[one] for one in _TRADES], dtype=object)[
            np.argmax(trade[:, None] == np.array(list(_TRADES), dtype=object), axis=1)
        ],
        country=country,
        region=_by(country, 1).astype(np.int64),
        zone=_by(country, 2).astype(np.int64),
        employees=employees.astype(np.int64),
        revenue=revenue.astype(np.int64),
        currency=np.where(foreign, own_currency, "USD").astype(object),
        parent=np.where(is_subsidiary & (parent < np.arange(size)), parent, -1),
    )


def _by(country: Texts, column: int) -> Texts:
    """Look a column of the table of countries up."""
    values = np.empty(len(country), dtype=object)
    for name, row in COUNTRIES.items():
        values[country == name] = row[column]
    return values
