"""Who there is: companies and people, all made up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ingestion.sandbox import rates
from ingestion.sandbox.moments import shown

if TYPE_CHECKING:
    from ingestion.sandbox.moments import Flags, Numbers, Texts

_PLACES = ("Harbor", "Ridge", "Meadow", "Cedar", "Summit", "Valley", "Lantern", "Granite", "Willow")
_TRADES = ("Tools", "Freight", "Supply", "Foods", "Systems", "Works", "Textiles", "Academy")
_INDUSTRIES = {
    "Tools": "Manufacturing",
    "Freight": "Logistics",
    "Supply": "Wholesale",
    "Foods": "Retail",
    "Systems": "Software",
    "Works": "Manufacturing",
    "Textiles": "Manufacturing",
    "Academy": "Education",
}
_COUNTRIES = ("US", "US", "US", "US", "CA", "MX", "GB", "DE", "FR", "NL")
_EUROPE = ("GB", "DE", "FR", "NL")
_FIRST_NAMES = ("Ana", "Ben", "Chloe", "Dev", "Elif", "Finn", "Grace", "Hugo", "Omar", "Zoë")
_LAST_NAMES = ("Adler", "Costa", "Dietz", "Evans", "Garcia", "Ito", "Keller", "Novak", "Okafor")
_TITLES = np.array(
    [
        ("Chief Financial Officer", "Finance"),
        ("Director, Finance", "Finance"),
        ("Head of IT", "IT"),
        ("IT Manager", "IT"),
        ("VP, Operations", "Operations"),
        ("Operations Manager", "Operations"),
        ("Office Manager", ""),
        ("Consultant", ""),
        ("Student", ""),
    ],
    dtype=object,
)
_NO_PHONES = ("n/a", "-", "none", "test", "123")


@dataclass(frozen=True)
class Companies:
    """One entry per company in every array."""

    name: Texts
    domain: Texts
    industry: Texts
    country: Texts
    employees: Numbers
    revenue: Numbers

    def owner(self, company: Numbers, americas: tuple[str, ...], europe: tuple[str, ...]) -> Texts:
        """Return the rep of each of these companies, by territory."""
        there = np.isin(self.country[company].astype(str), _EUROPE)
        theirs = np.array(europe, dtype=object)[company % len(europe)]
        ours = np.array(americas, dtype=object)[company % len(americas)]
        return np.where(there, theirs, ours)


@dataclass(frozen=True)
class People:
    """One entry per human in every array; `company` is a place in Companies."""

    company: Numbers
    in_marketing: Flags
    is_sales_lead: Flags
    is_sales_contact: Flags
    first_name: Texts
    last_name: Texts
    email: Texts
    title: Texts
    role: Texts
    phone: Texts
    source: Texts

    def __len__(self) -> int:
        return len(self.company)


def draw_companies(rng: np.random.Generator, size: int) -> Companies:
    """Make up companies."""
    place, trade = rng.choice(_PLACES, size), rng.choice(_TRADES, size)
    number = np.arange(1, size + 1).astype(str)
    name = place.astype(object) + " " + trade.astype(object) + " " + number.astype(object)
    host = np.char.lower(np.char.replace(name.astype(str), " ", "-")).astype(object)
    ending = rng.choice(["com", "org", "net"], size).astype(object)
    employees = np.maximum(3, np.floor(180 * np.exp(1.2 * rng.standard_normal(size))))
    revenue = np.round(employees * 150 * np.exp(0.4 * rng.standard_normal(size))) * 1000
    kinds = np.array([_INDUSTRIES[one] for one in _TRADES], dtype=object)
    return Companies(
        name=name,
        domain=host + ".example." + ending,
        industry=kinds[np.argmax(trade[:, None] == np.array(_TRADES), axis=1)],
        country=rng.choice(_COUNTRIES, size).astype(object),
        employees=employees.astype(np.int64),
        revenue=revenue.astype(np.int64),
    )


def draw_people(rng: np.random.Generator, size: int, companies: Companies) -> People:
    """Make up people, several in most companies."""
    company = rng.integers(0, len(companies.name), size)
    kind = rng.random(size)
    in_marketing = kind < rates.IN_MARKETING
    is_sales_lead = ~in_marketing & (kind < rates.IN_MARKETING + rates.OPENED_BY_SALES)
    first = rng.choice(_FIRST_NAMES, size).astype(object)
    last = rng.choice(_LAST_NAMES, size).astype(object)
    number = np.arange(1, size + 1).astype(str).astype(object)
    plain = np.char.replace(np.char.lower(first.astype(str)), "ë", "e").astype(object)
    surname = np.char.lower(last.astype(str)).astype(object)
    title = _TITLES[rng.integers(0, len(_TITLES), size)]
    digits = np.char.zfill(rng.integers(0, 100, size).astype(str), 2).astype(object)
    phone = np.where(
        rng.random(size) < rates.PHONE_PLACEHOLDER,
        rng.choice(_NO_PHONES, size),
        "+1-555-01" + digits,
    )
    names, shares = list(rates.SOURCES), [share for share, _ in rates.SOURCES.values()]
    source = np.where(in_marketing, rng.choice(names, size, p=shares), "Outbound")
    return People(
        company=company,
        in_marketing=in_marketing,
        is_sales_lead=is_sales_lead,
        is_sales_contact=~in_marketing & ~is_sales_lead,
        first_name=first,
        last_name=last,
        email=plain + "." + surname + number + "@" + companies.domain[company],
        title=title[:, 0],
        role=title[:, 1],
        phone=shown(phone, rng.random(size) >= rates.PHONE_MISSING),
        source=shown(source.astype(object), rng.random(size) >= rates.SOURCE_MISSING),
    )
