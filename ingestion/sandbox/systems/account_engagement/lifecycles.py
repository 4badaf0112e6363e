"""Lifecycle stages, and who moved from one to the next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from ingestion.sandbox.clock import DAY, before, ever
from ingestion.sandbox.systems.columns import instants
from ingestion.sandbox.systems.identifiers import numeric
from ingestion.sandbox.systems.logged import lags
from ingestion.sandbox.systems.prospects import qualifications
from ingestion.sandbox.systems.slips import chain
from ingestion.sandbox.systems.stored import Stored, append_only
from ingestion.sandbox.systems.words import coded

if TYPE_CHECKING:
    from ingestion.sandbox.arrays import Moments, Numbers
    from ingestion.sandbox.company.company import Company
    from ingestion.sandbox.systems.prospects import Prospects

# By their position. Nobody is moved into the stages of sales: those are kept in the CRM.
_STAGES = ("Visitor", "Prospect", "Marketing Qualified", "Sales Qualified", "Won")
_NONE, _PROSPECT, _QUALIFIED = -1, 1, 2
_RULE_RUNS = 10.0  # seconds after the score changed


@dataclass(frozen=True)
class Qualified:
    """Moves into "Marketing Qualified": one entry per move in every array."""

    round: Numbers
    at: Moments


def see_qualified(company: Company, prospects: Prospects) -> Qualified:
    """Return who was moved into "Marketing Qualified", when the rule saw the score."""
    round_, at = qualifications(company, prospects)
    moved_at = before(company.settings.end, at + _RULE_RUNS)
    return Qualified(round_[ever(moved_at)], moved_at[ever(moved_at)])


def lifecycle_objects(
    company: Company, prospects: Prospects, ids: pa.Array, qualified: Qualified, first: int
) -> dict[str, Stored]:
    """Return the stages and the history of moves: into "Prospect" at creation and at a reset."""
    return {
        "lifecycle_stages": _stages(company),
        "lifecycle_histories": _histories(company, prospects, ids, qualified, first),
    }


def _stages(company: Company) -> Stored:
    size = len(_STAGES)
    created = np.full(size, company.settings.start - 30 * DAY)
    return append_only(
        "LifecycleStage",
        ("id", "name", "position", "isLocked", "matchType", "isDeleted", "createdAt", "updatedAt"),
        {
            "id": pa.array(_stage_ids()),
            "name": pa.array(_STAGES),
            "position": np.arange(size),
            "isLocked": np.ones(size, dtype=bool),
            "matchType": pa.array(["match_all"] * size),
            "isDeleted": np.zeros(size, dtype=bool),
            "createdAt": instants(created),
            "updatedAt": instants(created),
        },
        created,
    )


def _histories(
    company: Company, prospects: Prospects, ids: pa.Array, qualified: Qualified, first: int
) -> Stored:
    scores, size = company.scores, len(prospects)
    reset_at = before(company.settings.end, scores.at + _RULE_RUNS)
    is_reset = (scores.new < scores.old) & (prospects.of_human[scores.human] >= 0)
    resets = np.flatnonzero(is_reset & ever(reset_at))
    human = company.rounds.human[qualified.round]
    moves = chain(
        np.full(size, _NONE),
        np.concatenate(
            [np.arange(size), prospects.of_human[human], prospects.of_human[scores.human[resets]]]
        ),
        np.concatenate([prospects.created_at, qualified.at, reset_at[resets]]),
        np.repeat([_PROSPECT, _QUALIFIED, _PROSPECT], [size, len(human), len(resets)]),
    )
    elapsed = np.where(moves.old == _NONE, 0, np.diff(moves.at, prepend=0.0)).astype(np.int64)
    order = np.argsort(moves.at, kind="stable")
    old, new, at = moves.old[order], moves.new[order], moves.at[order]
    lag = lags(company, "account_engagement lifecycle histories", len(at))
    return append_only(
        "LifecycleHistory",
        ("id", "prospectId", "previousStageId", "nextStageId", "secondsElapsed", "createdAt"),
        {
            "id": numeric(np.arange(len(at)), first),
            "prospectId": ids.take(pa.array(moves.record[order])),
            "previousStageId": coded(old, _stage_ids(), old != _NONE),
            "nextStageId": coded(new, _stage_ids()),
            "secondsElapsed": elapsed[order],
            "createdAt": instants(at),
        },
        at + lag,
    )


def _stage_ids() -> list[str]:
    return [str(1 + place) for place in range(len(_STAGES))]
