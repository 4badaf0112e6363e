"""What other currencies are worth, month by month: the same in every system of the company."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ingestion.sandbox.chance import some, stream
from ingestion.sandbox.clock import DAY, before

if TYPE_CHECKING:
    from ingestion.sandbox.arrays import Moments, Numbers
    from ingestion.sandbox.settings import Settings

WORTH = {"EUR": 1.09, "GBP": 1.27}  # USD for one unit, about
MONTH = 30 * DAY


@dataclass(frozen=True)
class Rates:
    """One rate per month and currency, months first.

    `code` is the place of the currency in `WORTH`, `begins` the first moment that the rate is for
    and `worth` the USD for one unit. `edited` are the rates that somebody corrects later: at
    `later`, to `worth_again`; both have one value per rate.
    """

    code: Numbers
    begins: Moments
    worth: Moments
    edited: Numbers
    later: Moments
    worth_again: Moments


def draw_rates(settings: Settings) -> Rates:
    """Draw the monthly rates of a company's whole time."""
    months = int(np.ceil((settings.end - settings.start) / MONTH))
    rng = stream(settings.seed, "currency rates")
    month = np.repeat(np.arange(months), len(WORTH))
    begins = np.asarray(settings.start + month * MONTH, dtype=np.float64)
    code = np.tile(np.arange(len(WORTH)), months)
    size = len(code)
    worth = np.array(list(WORTH.values()))[code] * (1 + 0.03 * rng.standard_normal(size))
    edited = np.flatnonzero(some(rng, size, settings.mess.rate_edited))
    later = before(settings.end, np.floor(begins + (10 + 60 * rng.random(size)) * DAY))
    again = worth * (1 + 0.02 * rng.standard_normal(size))
    return Rates(code, begins, worth, edited, later, again)
