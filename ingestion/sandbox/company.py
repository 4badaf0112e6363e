"""Two years of a made-up B2B company, as arrays: one position per person, account or deal.

Times are local (America/New_York) and naive; NaT is "never, so far". Every rate is a constant here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

Array = NDArray[Any]

BEGIN = np.datetime64("2024-01-02T00:00:00")
END = np.datetime64("2026-01-01T00:00:00")  # exclusive
NEVER = np.datetime64("NaT", "s")

SOURCES = ["organic_search", "paid_search", "webinar", "event", "referral", "outbound"]
SOURCE_SHARE = [0.30, 0.22, 0.16, 0.10, 0.08, 0.14]
# How much likelier than average a source's people are to qualify, and to buy.
SOURCE_FIT = np.array([1.0, 0.8, 1.1, 1.0, 1.5, 1.0])
PRODUCTS = ["Starter", "Team", "Enterprise"]
PRODUCT_PRICE = np.array([4_000, 15_000, 60_000])
PRODUCT_WIN = np.array([1.2, 1.0, 0.7])
COUNTRIES = ["US", "CA", "GB", "DE", "FR"]
COUNTRY_REGION = np.array([0, 0, 1, 1, 1])
REGIONS = ["Americas", "Europe"]
INDUSTRIES = ["manufacturing", "logistics", "wholesale", "retail", "education"]
REPS_PER_REGION = 4
REJECTION_REASONS = ["missing_information", "no_fit", "duplicate", "no_interest"]
LOSS_REASONS = ["price", "competitor", "no_decision", "missing_feature", "other", ""]

QUALIFY, ACCEPT, SALES_QUALIFY, OPEN_DEAL, WIN = 0.35, 0.75, 0.45, 0.80, 0.28
SKIP_ACCEPTANCE, STEP_BACK = 0.10, 0.05
REJECT, RECYCLE = 0.60, 0.25  # of those that sales does not accept; the rest is never answered
RETURN = 0.45  # of the recycled
CHURN = 0.08
RETAINED_AFTER = np.timedelta64(365, "D")


@dataclass(frozen=True)
class Company:
    """What happened. `people`, `accounts` and `deals` are frames with one row each."""

    people: pd.DataFrame
    accounts: pd.DataFrame
    deals: pd.DataFrame


def simulate(people: int, seed: int) -> Company:
    """Return the company with so many people; the same seed gives the same company."""
    rng = np.random.default_rng(seed)
    accounts = _accounts(rng, max(people // 3, 1))
    persons = _persons(rng, people, accounts)
    _qualify(rng, persons)
    _sell(rng, persons)
    return Company(persons, accounts, _deals(rng, persons))


def _accounts(rng: np.random.Generator, count: int) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "country": rng.choice(len(COUNTRIES), count, p=[0.5, 0.1, 0.15, 0.15, 0.1]),
            "industry": rng.choice(len(INDUSTRIES), count, p=[0.3, 0.25, 0.2, 0.15, 0.1]),
            "employees": np.exp(rng.normal(5, 1.2, count)).astype(int) + 3,
            "created_at": _days(BEGIN, -rng.integers(30, 900, count)) + _hour(rng, count),
        }
    )


def _persons(rng: np.random.Generator, count: int, accounts: pd.DataFrame) -> pd.DataFrame:
    source = rng.choice(len(SOURCES), count, p=SOURCE_SHARE)
    account = rng.integers(0, len(accounts), count)
    region = COUNTRY_REGION[accounts["country"].to_numpy()[account]]
    span = int((END - BEGIN) / np.timedelta64(1, "D"))
    return pd.DataFrame(
        {
            "account": account,
            "source": source,
            # Who is called out of the blue enters mid-funnel, without any stage of marketing.
            "is_sales_made": SOURCES.index("outbound") == source,
            "rep": region * REPS_PER_REGION + rng.integers(0, REPS_PER_REGION, count),
            "product": rng.choice(len(PRODUCTS), count, p=[0.5, 0.35, 0.15]),
            "first_at": _days(BEGIN, np.sort(rng.integers(0, span, count))) + _hour(rng, count),
        }
    )


def _qualify(rng: np.random.Generator, persons: pd.DataFrame) -> None:
    count = len(persons)
    fit = SOURCE_FIT[persons["source"]]
    inbound = ~persons["is_sales_made"].to_numpy()
    first = persons["first_at"].to_numpy()
    persons["score"] = np.where(inbound, rng.integers(10, 45, count), 0)
    persons["qualified_at"] = _later(
        rng, first, inbound & _chance(rng, QUALIFY * fit), days=12, spread=1.0
    )
    persons["qualified_score"] = rng.integers(60, 95, count)


def _sell(rng: np.random.Generator, persons: pd.DataFrame) -> None:
    count = len(persons)
    sales_made = persons["is_sales_made"].to_numpy()
    handed = np.where(sales_made, persons["first_at"], persons["qualified_at"])
    persons["in_crm_at"] = handed + np.timedelta64(7, "m")
    known = ~np.isnat(handed)
    persons["worked_at"] = _later(
        rng, handed, known & _chance(rng, 0.9, count), days=0.3, spread=1.2
    )
    worked = ~np.isnat(persons["worked_at"].to_numpy())

    accepted = worked & _chance(rng, ACCEPT, count)
    persons["accepted_at"] = _later(rng, persons["worked_at"], accepted, days=1, spread=0.9)
    answer = rng.random(count)
    refused = worked & ~accepted
    persons["rejected_at"] = _later(
        rng, persons["worked_at"], refused & (answer < REJECT), days=2, spread=0.8
    )
    persons["reason"] = rng.integers(0, len(REJECTION_REASONS), count)
    recycled = refused & (answer >= REJECT) & (answer < REJECT + RECYCLE)
    persons["recycled_at"] = _later(rng, persons["worked_at"], recycled, days=3, spread=0.8)
    back = recycled & _chance(rng, RETURN, count)
    persons["returned_at"] = _later(rng, persons["recycled_at"], back, days=70, spread=0.5)
    again = _later(
        rng, persons["returned_at"], back & _chance(rng, ACCEPT, count), days=1, spread=0.9
    )
    persons["accepted_at"] = persons["accepted_at"].where(~back, again)

    won_over = ~np.isnat(persons["accepted_at"].to_numpy())
    confirmed = won_over & _chance(rng, SALES_QUALIFY * SOURCE_FIT[persons["source"]])
    persons["sales_qualified_at"] = _later(
        rng, persons["accepted_at"], confirmed, days=9, spread=0.8
    )
    stepped = confirmed & _chance(rng, STEP_BACK, count)
    persons["stepped_back_at"] = _later(
        rng, persons["sales_qualified_at"], stepped, days=2, spread=0.3
    )
    dropped = won_over & ~confirmed & _chance(rng, 0.6, count)
    persons["disqualified_at"] = _later(rng, persons["accepted_at"], dropped, days=15, spread=0.8)
    # Some reps qualify without saying that they accepted.
    persons.loc[confirmed & _chance(rng, SKIP_ACCEPTANCE, count), "accepted_at"] = NEVER
    deal = confirmed & ~stepped & _chance(rng, OPEN_DEAL, count)
    persons["deal_at"] = _later(rng, persons["sales_qualified_at"], deal, days=4, spread=0.7)


def _deals(rng: np.random.Generator, persons: pd.DataFrame) -> pd.DataFrame:
    opened = persons.index[persons["deal_at"].notna()].to_numpy()
    # Some deals come in by telephone: nobody is attached to them.
    unknown = np.full(max(len(persons) // 200, 1), -1)
    person = np.concatenate([opened, unknown])
    count = len(person)
    walk_in = person < 0
    some = np.where(walk_in, rng.integers(0, len(persons), count), person)
    product = persons["product"].to_numpy()[some]
    days = _days(BEGIN, rng.integers(30, 600, count)) + _hour(rng, count)
    created = np.where(walk_in, days, persons["deal_at"].to_numpy()[some])
    fit = PRODUCT_WIN[product] * SOURCE_FIT[persons["source"].to_numpy()[some]]
    everybody = np.full(count, True)
    qualification = _later(rng, created, everybody, days=7, spread=0.6)
    proposal = _later(rng, qualification, _chance(rng, 0.85, count), days=12, spread=0.6)
    negotiation = _later(rng, proposal, _chance(rng, 0.75, count), days=10, spread=0.6)
    wins = ~np.isnat(negotiation) & _chance(rng, np.minimum(WIN * fit / 0.6, 0.95))
    last = np.where(
        np.isnat(negotiation), np.where(np.isnat(proposal), qualification, proposal), negotiation
    )
    closed = _later(rng, last, wins | _chance(rng, 0.85, count), days=14, spread=0.6)
    return pd.DataFrame(
        {
            "person": person,
            "account": np.where(walk_in, -1, persons["account"].to_numpy()[some]),
            "rep": persons["rep"].to_numpy()[some],
            "product": product,
            "amount": (PRODUCT_PRICE[product] * np.exp(rng.normal(0, 0.3, count))).round(-1),
            "created_at": created,
            "qualification_at": qualification,
            "proposal_at": proposal,
            "negotiation_at": negotiation,
            "closed_at": closed,
            "is_won": wins & ~np.isnat(closed),
            "loss_reason": rng.integers(0, len(LOSS_REASONS), count),
            "is_churned": _chance(rng, CHURN, count),
        }
    )


def _chance(rng: np.random.Generator, rate: float | Array, count: int = 0) -> Array:
    happens: Array = rng.random(count or np.shape(rate)) < rate
    return happens


def _days(start: np.datetime64, days: Array) -> Array:
    moments: Array = start.astype("datetime64[s]") + days.astype("timedelta64[D]")
    return moments


def _hour(rng: np.random.Generator, count: int) -> Array:
    """Seconds into a working day, 08:00 to 18:00: never in the hour that clocks skip or repeat."""
    return rng.integers(8 * 3600, 18 * 3600, count).astype("timedelta64[s]")


def _later(
    rng: np.random.Generator, since: ArrayLike, happens: Array, *, days: float, spread: float
) -> Array:
    """Log-normal waits around a median, ending in working time; NaT where they do not end."""
    start = np.asarray(since, dtype="datetime64[s]")
    wait = days * np.exp(rng.normal(0, spread, len(start)))
    moment = start + (wait * 86_400).astype("timedelta64[s]")
    # Out of hours it happens the next morning; weekends wait until Monday.
    day = moment.astype("datetime64[D]")
    second = (moment - day).astype("timedelta64[s]").astype("int64")
    late = second >= 18 * 3600
    day = day + late.astype("timedelta64[D]")
    weekday = (day.astype("int64") + 3) % 7
    day = day + np.where(weekday >= 5, 7 - weekday, 0).astype("timedelta64[D]")
    moved = day != moment.astype("datetime64[D]")
    early = moved | (second < 8 * 3600)
    morning = day.astype("datetime64[s]") + rng.integers(8 * 3600, 10 * 3600, len(start)).astype(
        "timedelta64[s]"
    )
    moment = np.where(early, np.maximum(morning, start + np.timedelta64(60, "s")), moment)
    return np.where(happens & (moment < END) & ~np.isnat(start), moment, NEVER)
