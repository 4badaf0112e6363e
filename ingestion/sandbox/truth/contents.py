"""What is true of content, as far as the systems tell of touches: states, use, what it serves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.sandbox.clock import ever, local_day
from ingestion.sandbox.company.campaigns import BUYING_STAGES, MARKETING, PERSONAS, SALES
from ingestion.sandbox.systems.columns import column, instants
from ingestion.sandbox.systems.held import Listed
from ingestion.sandbox.systems.words import said

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ingestion.sandbox.arrays import Flags, Moments, Numbers, Texts
    from ingestion.sandbox.company.company import Company
    from ingestion.sandbox.systems.held import Held

# The default agreement's.
_STALE_AFTER, _UNUSED_AFTER = 365, 180  # days
# As the mappings of all systems translate them.
_PERSONA_KEYS = {"Finance": "finance_lead", "IT": "it_lead", "Operations": "operations_lead"}
_USED_BY = ("nobody", MARKETING, SALES, "both")


def content_tables(
    company: Company, systems: tuple[Held, ...], moment: float
) -> dict[str, pa.Table]:
    """Return the truth about content, one row per:

    `contents`: asset that an inventory lists, or that touches name and none does (without
    `record_id`), with its state, who uses it and when it was last touched, as of the last day and
    as far as the systems tell of touches at the moment of an export;
    `content_coverage`: persona and buying stage, with the assets listed that are neither retired
    nor stale, and whether nothing was ever made for it.
    """
    told = {(held.system, held.instance): _told(company, held, moment) for held in systems}
    parts = []
    for held in systems:
        if held.listed is not None:
            parts.append(_listed(company, held, told))
        if held.touched:
            parts.append(_lost(company, held, told[held.system, held.instance]))
    contents = pa.concat_tables(parts)
    return {"contents": contents, "content_coverage": _coverage(company, contents)}


@dataclass(frozen=True)
class _Told:
    """What a system tells of touches: one entry per content in every array."""

    marketing: Numbers  # touches
    sales: Numbers
    last_at: Moments

    def __add__(self, other: _Told) -> _Told:
        return _Told(
            self.marketing + other.marketing,
            self.sales + other.sales,
            np.fmax(self.last_at, other.last_at),
        )

    def taken(self, place: Numbers) -> _Told:
        return _Told(self.marketing[place], self.sales[place], self.last_at[place])


def _told(company: Company, held: Held, moment: float) -> _Told:
    size = len(company.contents)
    names = pa.array(company.contents.name)
    counts = {team: np.zeros(size, dtype=np.int64) for team in (MARKETING, SALES)}
    last = np.full(size, np.nan)
    for stem, naming in held.touched.items():
        rows = held.objects[stem].at(moment)
        found = pc.index_in(rows[naming.name].cast(pa.string()), value_set=names)
        is_content = pc.is_valid(found)
        place = found.filter(is_content).to_numpy()
        seconds = rows[naming.at].filter(is_content).cast(pa.int64()).to_numpy()
        np.add.at(counts[naming.team], place, 1)
        np.fmax.at(last, place, seconds.astype(np.float64))
    return _Told(counts[MARKETING], counts[SALES], last)


def _listed(company: Company, held: Held, told: Mapping[tuple[str, str], _Told]) -> pa.Table:
    """What the inventory lists; sales also names what marketing keeps in its own system."""
    if held.listed is None:
        raise ValueError(f"{held.system} has no inventory")
    uses = told[held.system, held.instance]
    if held.system != company.settings.crm:
        uses += told[company.settings.crm, held.instance]
    return _rows(company, held, held.listed, uses.taken(held.listed.content))


def _lost(company: Company, held: Held, told: _Told) -> pa.Table:
    lost = np.flatnonzero(~company.contents.is_listed & ~np.isnan(told.last_at))
    nothing = Listed(
        "", pa.nulls(len(lost), pa.string()), lost, np.full(len(lost), "", dtype=object)
    )
    return _rows(company, held, nothing, told.taken(lost))


def _rows(company: Company, held: Held, listed: Listed, told: _Told) -> pa.Table:
    contents, own = company.contents, listed.content
    today = local_day(np.array([company.settings.end - 1]))[0]
    is_listed = contents.is_listed[own]
    created, changed = local_day(contents.created_at[own]), local_day(contents.changed_at[own])
    awake = np.fmax(local_day(told.last_at), np.where(is_listed, created, np.nan))
    flags = {
        "lost": ~is_listed,
        "retired": is_listed & ever(contents.retired_at[own]),
        "stale": is_listed & (today - changed >= _STALE_AFTER),
        "orphaned": is_listed & (listed.owner_team == ""),
        "unused": today - awake >= _UNUSED_AFTER,
    }
    state = np.select(list(flags.values()), list(flags), "active").astype(object)
    used_by = (told.marketing > 0) + 2 * (told.sales > 0)
    return pa.table(
        {
            "system": pa.array([held.system] * len(own), pa.string()),
            "instance": pa.array([held.instance] * len(own), pa.string()),
            "object": pa.array([listed.object or None] * len(own), pa.string()),
            "record_id": listed.record_id,
            "name": column(contents.name[own]),
            "personas": column(_keys(contents.personas()[own], is_listed)),
            "buying_stages": column(_keys(contents.buying_stages()[own], is_listed)),
            "owner_team": column(said(listed.owner_team)),
            "state": column(state),
            **{f"is_{name}": flag for name, flag in flags.items()},
            "used_by": column(np.array(_USED_BY, dtype=object)[used_by]),
            "marketing_touches": told.marketing,
            "sales_touches": told.sales,
            "last_touched_at": instants(told.last_at),
        }
    )


def _keys(listed: Texts, is_listed: Flags) -> Texts:
    """Tags as the agreement has them, in the order of the alphabet; None where nobody tells."""
    keys = [
        ";".join(sorted(_PERSONA_KEYS.get(one, one) for one in tags.split(";"))) for tags in listed
    ]
    found = np.array(keys, dtype=object)
    found[~is_listed] = None
    return found


def _coverage(company: Company, contents: pa.Table) -> pa.Table:
    is_current = pc.invert(
        pc.or_(pc.or_(contents["is_lost"], contents["is_retired"]), contents["is_stale"])
    )
    place = pc.index_in(contents["name"], value_set=pa.array(company.contents.name))
    served = company.contents.serves[place.filter(is_current).to_numpy()].sum(axis=0)
    personas, stages = len(PERSONAS), len(BUYING_STAGES)
    return pa.table(
        {
            "persona": np.repeat([_PERSONA_KEYS[one] for one in PERSONAS], stages),
            "buying_stage": np.tile(BUYING_STAGES, personas),
            "assets": served.ravel(),
            "is_gap": ~company.contents.serves.any(axis=0).ravel(),
        }
    )
