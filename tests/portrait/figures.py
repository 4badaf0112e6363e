"""What the plots show: small tables of numbers from a simulated company."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ingestion.sandbox.clock import DAY, HOUR, MINUTE, ever, local, weekday
from ingestion.sandbox.company.opportunities import NEW_BUSINESS, PRODUCTS
from ingestion.sandbox.company.people import MARKETING
from ingestion.sandbox.company.touches import RESPONSES
from ingestion.sandbox.systems.held import INQUIRY, MQL, OPPORTUNITY, SAL, SQL, WON
from ingestion.sandbox.truth.passes import see_passes

if TYPE_CHECKING:
    from ingestion.sandbox.arrays import Moments
    from ingestion.sandbox.company.company import Company

FUNNEL = {
    INQUIRY: "Inquiry", MQL: "MQL", SAL: "SAL", SQL: "SQL", OPPORTUNITY: "Opportunity", WON: "Won",
}  # fmt: skip
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
# Passes that began so long before the end have had the time to end.
_RIPE = 270 * DAY


def by_month(company: Company) -> pd.DataFrame:
    """Return how many of each kind there were: month, kind, count."""
    flows = {
        "New contacts": company.people.first_at,
        "MQLs": company.rounds.mql_at,
        "Opportunities": company.deals.created_at[company.deals.kind == NEW_BUSINESS],
    }
    parts = []
    for kind, at in flows.items():
        months = pd.to_datetime(at[ever(at)], unit="s").to_period("M").value_counts().sort_index()
        # Moments in UTC may fall into the months around.
        months = months[(months.index >= "2023-01") & (months.index <= "2025-12")]
        parts.append(
            pd.DataFrame(
                {"month": months.index.to_timestamp(), "kind": kind, "count": months.to_numpy()}
            )
        )
    return pd.concat(parts, ignore_index=True)


def funnel(company: Company) -> pd.DataFrame:
    """Return of first rounds that marketing began: stage, count, share of the stage before."""
    rounds = company.rounds
    entered = see_passes(company).entered
    ripe = (rounds.entry == MARKETING) & (rounds.number == 1)
    ripe &= rounds.begins_at < company.settings.end - _RIPE
    counts = [int((ever(entered[stage]) & ripe).sum()) for stage in FUNNEL]
    before = [None, *counts[:-1]]
    return pd.DataFrame(
        {
            "stage": list(FUNNEL.values()),
            "count": counts,
            "share": [
                "" if former is None else f"{count / former:.0%} of the stage before"
                for count, former in zip(counts, before, strict=True)
            ],
        }
    )


def first_attempts(company: Company) -> pd.DataFrame:
    """Return minutes from the hand-off to the first attempt: from, until, count."""
    rounds = company.rounds
    minutes = (rounds.attempt_at - rounds.mql_at) / MINUTE
    return _histogram(minutes[ever(minutes)], np.logspace(0.6, 4.4, 39))


def cycles(company: Company) -> pd.DataFrame:
    """Return days from the creation to the end of new business: from, until, share, outcome."""
    deals = company.deals
    days = (deals.closed_at - deals.created_at) / DAY
    new = (deals.kind == NEW_BUSINESS) & ever(days)
    edges = np.arange(0, 241, 10)
    parts = []
    for outcome, those in (("Won", deals.is_won), ("Lost", ~deals.is_won)):
        part = _histogram(days[new & those], edges)
        part["share"] = part["count"] / (new & those).sum()
        parts.append(part.assign(outcome=outcome))
    return pd.concat(parts, ignore_index=True)


def responses(company: Company) -> pd.DataFrame:
    """Return shares of the responses by local weekday and hour: weekday, hour, share."""
    touches = company.touches
    those = np.isin(touches.kind, RESPONSES)
    shown = local(touches.at[those], company.people.zone[touches.human[those]])
    day = weekday(np.floor(shown / DAY)).astype(int)
    hour = np.floor(shown / HOUR % 24).astype(int)
    counts = np.zeros((7, 24))
    np.add.at(counts, (day, hour), 1)
    place = np.indices(counts.shape)
    return pd.DataFrame(
        {
            "weekday": np.array(WEEKDAYS)[place[0].ravel()],
            "hour": place[1].ravel(),
            "share": (counts / counts.sum()).ravel(),
        }
    )


def amounts(company: Company) -> pd.DataFrame:
    """Return amounts of new business at creation by product: from, until, share, product."""
    deals = company.deals
    new = deals.kind == NEW_BUSINESS
    edges = np.geomspace(2e3, 5e5, 37)
    parts = []
    for product in PRODUCTS:
        those = new & (deals.product == product)
        part = _histogram(deals.amount[those], edges)
        part["share"] = part["count"] / those.sum()
        parts.append(part.assign(product=product))
    return pd.concat(parts, ignore_index=True)


def rounds_of_humans(company: Company) -> pd.DataFrame:
    """Return how many rounds people have: rounds, count, share."""
    number = np.zeros(len(company.people), dtype=int)
    np.maximum.at(number, company.rounds.human, company.rounds.number)
    counts = np.bincount(number)
    return pd.DataFrame(
        {
            "rounds": np.arange(len(counts)),
            "count": counts,
            "share": [f"{one:.1%}" for one in counts / counts.sum()],
        }
    )


def _histogram(values: Moments, edges: Moments) -> pd.DataFrame:
    """Count values between edges; what lies beyond is counted at the ends."""
    counts, _ = np.histogram(np.clip(values, edges[0], edges[-1]), edges)
    return pd.DataFrame({"from": edges[:-1], "until": edges[1:], "count": counts})
