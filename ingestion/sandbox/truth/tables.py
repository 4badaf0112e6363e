"""The tables of the truth. Times are UTC without zone, days are days in New York."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ingestion.sandbox.clock import DAY, HEADQUARTERS, ever
from ingestion.sandbox.company.accounts import COUNTRIES
from ingestion.sandbox.company.customers import MARGIN_BY_INDUSTRY, MARGIN_BY_ROLE
from ingestion.sandbox.company.opportunities import LOST
from ingestion.sandbox.company.people import SOURCES
from ingestion.sandbox.systems.columns import column, dates, instants
from ingestion.sandbox.systems.held import STAGES
from ingestion.sandbox.systems.words import coded
from ingestion.sandbox.truth.contents import content_tables
from ingestion.sandbox.truth.passes import decisions, see_passes

if TYPE_CHECKING:
    from pathlib import Path

    from ingestion.sandbox.arrays import Flags, Moments, Numbers, Texts
    from ingestion.sandbox.company.company import Company
    from ingestion.sandbox.company.opportunities import Opportunities
    from ingestion.sandbox.systems.held import Held
    from ingestion.sandbox.truth.passes import Passes

# Why no system tells of something true.
PURGED, NOT_RECORDED = "purged", "not_recorded"
_DEAL_KINDS = ("new_business", "renewal", "expansion")
_DEAL_STAGES = ("discovery", "qualification", "proposal", "negotiation")


def truth_tables(company: Company, systems: tuple[Held, ...], moment: float) -> dict[str, pa.Table]:
    """Return the truth as tables, one row per:

    `records`: person-like record of a system, with its human; `passes`: human and pass, with how
    many rounds the re-entry window joins in it;
    `stage_entries`: human, pass and stage really entered, with whether a system still tells of it
    at the moment of an export (`is_held`), else why not; `hand_offs`: round that qualified;
    `opportunities`: opportunity record of a system, with its human and pass, and why and out of
    which stage it was lost; `customers`: human and deal won; `traits`: value of an attribute, with
    what it adds to the margin of who has it;
    `contents` and `content_coverage`: as `content_tables` has them.
    """
    passes = see_passes(company)
    return {
        "records": _records(systems),
        "passes": _passes(company, passes),
        "stage_entries": _stage_entries(company, passes, systems, moment),
        "hand_offs": _hand_offs(company, passes),
        "opportunities": _opportunities(company, passes, systems),
        "customers": _customers(company, passes),
        "traits": _traits(),
        **content_tables(company, systems, moment),
    }


def write_truth(folder: Path, tables: dict[str, pa.Table]) -> None:
    """Write each table as <folder>/<name>.parquet. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        pq.write_table(table, folder / f"{name}.parquet")


def _records(systems: tuple[Held, ...]) -> pa.Table:
    parts = [
        pa.table(
            {
                "system": pa.array([held.system] * len(held.records.human), pa.string()),
                "instance": pa.array([held.instance] * len(held.records.human), pa.string()),
                "object": column(held.records.object),
                "record_id": held.records.record_id,
                "human": held.records.human,
                "created_at": instants(held.records.created_at),
            }
        )
        for held in systems
    ]
    return pa.concat_tables(parts)


def _passes(company: Company, passes: Passes) -> pa.Table:
    rounds, exits = company.rounds, company.exits
    begins = np.fmin.reduce([passes.entered[stage] for stage in STAGES])
    key = rounds.human * (passes.number.max() + 1) + passes.number
    counted = np.flatnonzero(passes.number > 0)
    order = counted[np.lexsort((begins[counted], key[counted]))]
    first = order[np.diff(key[order], prepend=-1) != 0]
    # Both have one entry per pass, sorted by human and number.
    last = np.flatnonzero(passes.is_last)
    last = last[np.argsort(key[last], kind="stable")]
    return pa.table(
        {
            "human": rounds.human[last],
            "pass_number": passes.number[last],
            "started_at": instants(begins[first]),
            "outcome": column(exits.outcome[last]),
            "ended_at": instants(exits.ended_at[last]),
            "rounds": np.unique(key[counted], return_counts=True)[1],
        }
    )


def _stage_entries(
    company: Company, passes: Passes, systems: tuple[Held, ...], moment: float
) -> pa.Table:
    rounds = company.rounds
    size = len(rounds)
    entered = np.column_stack([passes.entered[stage] for stage in STAGES])
    round_, stage = np.nonzero(~np.isnan(entered))
    at = entered[round_, stage]
    # Of the rounds of one pass, the first to enter the stage.
    key = (rounds.human[round_] * (passes.number.max() + 1) + passes.number[round_]) * len(STAGES)
    key += stage
    order = np.lexsort((at, key))
    order = order[np.diff(key[order], prepend=-1) != 0]
    round_, stage, at = round_[order], stage[order], at[order]
    is_held, was_held = _held(systems, round_ + stage * size, at, size, moment)
    why = np.where(was_held, PURGED, NOT_RECORDED).astype(object)
    why[is_held] = None
    return pa.table(
        {
            "human": rounds.human[round_],
            "pass_number": passes.number[round_],
            "stage": coded(stage, STAGES),
            "entered_at": instants(at),
            "entered_date": dates(at, HEADQUARTERS),
            "is_held": is_held,
            "missing_because": column(why),
        }
    )


def _held(
    systems: tuple[Held, ...], key: Numbers, at: Moments, size: int, moment: float
) -> tuple[Flags, Flags]:
    """Whether some system tells of each entry within a day of it: still, or once."""
    keys, told_at, until = [], [], []
    for held in systems:
        proof = held.evidence
        place = np.full(len(proof.stage), -1)
        for number, stage in enumerate(STAGES):
            place[proof.stage == stage] = number
        is_stage = place >= 0
        keys.append(proof.round[is_stage] + place[is_stage] * size)
        told_at.append(proof.at[is_stage])
        until.append(proof.shown_until[is_stage])
    all_keys, moments, ends = (np.concatenate(one) for one in (keys, told_at, until))
    # Stamps lag behind what happened by seconds; what is a day off is about something else.
    order = np.argsort(key, kind="stable")
    found = np.searchsorted(key[order], all_keys)
    found = np.minimum(found, len(key) - 1)
    matches = (key[order][found] == all_keys) & (np.abs(moments - at[order][found]) < DAY)
    is_held, was_held = np.zeros(len(key), dtype=bool), np.zeros(len(key), dtype=bool)
    was_held[order[found[matches]]] = True
    is_held[order[found[matches & (ends > moment)]]] = True
    return is_held, was_held


def _hand_offs(company: Company, passes: Passes) -> pa.Table:
    rounds, staff = company.rounds, company.staff
    handed = np.flatnonzero(ever(rounds.mql_at))
    owner = staff.name[rounds.owner]
    owner[~ever(rounds.assigned_at)] = None
    next_owner = staff.name[rounds.next_owner]
    next_owner[~ever(rounds.reassigned_at)] = None
    decision, decided_at = decisions(company)
    return pa.table(
        {
            "human": rounds.human[handed],
            "pass_number": passes.number[handed],
            "handed_off_at": instants(rounds.mql_at[handed]),
            "assigned_at": instants(rounds.assigned_at[handed]),
            "owner": column(owner[handed]),
            "reassigned_at": instants(rounds.reassigned_at[handed]),
            "next_owner": column(next_owner[handed]),
            "first_attempt_at": instants(rounds.attempt_at[handed]),
            "decision": column(decision[handed]),
            "decided_at": instants(decided_at[handed]),
            "reason": column(rounds.reason[handed]),
        }
    )


def _opportunities(company: Company, passes: Passes, systems: tuple[Held, ...]) -> pa.Table:
    deals = company.deals
    lost_in = _lost_in(deals)
    parts = []
    for held in systems:
        if held.deals is None:
            continue
        deal = held.deals.deal
        size = len(deal)
        parts.append(
            pa.table(
                {
                    "system": pa.array([held.system] * size, pa.string()),
                    "instance": pa.array([held.instance] * size, pa.string()),
                    "record_id": held.deals.record_id,
                    "human": deals.human[deal],
                    "pass_number": passes.number[deals.round[deal]],
                    "type": coded(deals.kind[deal], _DEAL_KINDS),
                    "created_at": instants(deals.created_at[deal]),
                    "closed_at": instants(deals.closed_at[deal]),
                    "is_won": deals.is_won[deal],
                    "amount": np.where(ever(deals.closed_at), deals.closed_amount, deals.amount)[
                        deal
                    ],
                    "currency": column(deals.currency[deal]),
                    "product": column(deals.product[deal]),
                    "reason": column(deals.reason[deal]),
                    "competitor": column(deals.competitor[deal]),
                    "lost_in": column(lost_in[deal]),
                }
            )
        )
    return pa.concat_tables(parts)


def _lost_in(deals: Opportunities) -> Texts:
    """Return the stage that each lost deal stood in before; of the others nothing."""
    is_last = np.diff(deals.change_of, append=-1) != 0
    last = np.flatnonzero(is_last & (deals.change_to == LOST))
    deal = deals.change_of[last]
    moved = (last > 0) & (deals.change_of[last - 1] == deal)
    stood = np.where(moved, deals.change_to[last - 1], deals.opening[deal])
    found = np.full(len(deals), None, dtype=object)
    found[deal] = np.array(_DEAL_STAGES, dtype=object)[stood]
    return found


def _customers(company: Company, passes: Passes) -> pa.Table:
    customers, deals = company.customers, company.deals
    first = customers.deal
    return pa.table(
        {
            "human": customers.human,
            "pass_number": passes.number[deals.round[first]],
            "since": instants(customers.since),
            "retained_at": instants(customers.retained_at),
            "churned_at": instants(customers.churned_at),
        }
    )


def _traits() -> pa.Table:
    """What makes a good customer, and what does not, under the names of the agreement."""
    rows = [("account.industry", name.lower(), more) for name, more in MARGIN_BY_INDUSTRY.items()]
    rows += [
        ("person.persona", f"{role.lower()}_lead", more)
        for role, more in MARGIN_BY_ROLE.items()
        if role
    ]
    for field in ("account.country", "person.country"):
        rows += [(field, country, 0.0) for country in COUNTRIES]
    rows += [("person.lead_source", source, 0.0) for source in SOURCES]
    fields, values, more = zip(*rows, strict=True)
    return pa.table({"field": fields, "value": values, "margin": pa.array(more, pa.float64())})
