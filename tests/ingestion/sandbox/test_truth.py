"""The truth: passes by the law's re-entry window, entries, and what systems still tell of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.parquet as pq
import pytest

from ingestion.sandbox.clock import DAY, ever, local_day
from ingestion.sandbox.company.company import simulate
from ingestion.sandbox.mess import with_rate
from ingestion.sandbox.settings import SYSTEMS, Settings
from ingestion.sandbox.systems.held import MQL, OPPORTUNITY, RETAINED, SAL, SQL, STAGES, WON
from ingestion.sandbox.systems.landscape import hold_systems
from ingestion.sandbox.truth import truth_tables, write_truth
from ingestion.sandbox.truth.passes import see_passes
from tests.ingestion.sandbox.companies import AWFUL, CLEAN, MORNING, USUAL

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from ingestion.sandbox.company.company import Company
    from ingestion.sandbox.mess import Mess
    from ingestion.sandbox.settings import SetUp
    from ingestion.sandbox.systems.held import Held

PROFILES = pytest.mark.parametrize("mess", [CLEAN, USUAL, AWFUL], ids=["clean", "usual", "awful"])
SET_UPS = pytest.mark.parametrize("set_up", SYSTEMS)
REENTRY = 30 * DAY  # as the agreement says
# What the CRM alone tells of; inquiries and scores are marketing's.
OF_SALES = (SAL, SQL, OPPORTUNITY, WON, RETAINED)


@dataclass(frozen=True)
class Known:
    company: Company
    systems: tuple[Held, ...]
    tables: dict[str, pd.DataFrame]

    @property
    def moment(self) -> float:
        return self.company.settings.end + MORNING


@lru_cache(maxsize=6)
def known(mess: Mess = CLEAN, set_up: SetUp = "salesforce_marketo", instances: int = 1) -> Known:
    settings = Settings(people=4_000, mess=mess, set_up=set_up, instances=instances)
    company = simulate(settings)
    systems = hold_systems(company)
    tables = truth_tables(company, systems, settings.end + MORNING)
    return Known(company, systems, {name: table.to_pandas() for name, table in tables.items()})


def numbered(company: Company) -> dict[int, int]:
    """Round -> number of its pass, one human and one round after the other."""
    rounds, exits = company.rounds, company.exits
    entered = see_passes(company).entered
    begins = np.fmin.reduce([entered[stage] for stage in STAGES])
    of_human: dict[int, list[int]] = {}
    for place in range(len(rounds)):
        if not np.isnan(begins[place]):
            of_human.setdefault(int(rounds.human[place]), []).append(place)
    found = {}
    for places in of_human.values():
        places.sort(key=lambda one: rounds.number[one])
        number = 0
        for before, place in zip([None, *places], places, strict=False):
            is_back = (
                before is not None
                and exits.outcome[before] != "won"
                and not begins[place] - exits.ended_at[before] > REENTRY
            )
            number += not is_back
            found[place] = number
    return found


@PROFILES
def test_who_is_back_within_the_window_is_in_the_same_pass(mess: Mess) -> None:
    company = known(mess).company
    passes = see_passes(company)
    wanted = numbered(company)
    found = {int(one): int(passes.number[one]) for one in np.flatnonzero(passes.number > 0)}
    assert found == wanted
    # Both happen: rounds that go on with a pass, and rounds that begin another.
    later = company.rounds.number > 1
    assert (passes.number[later] == 1).any()
    assert (passes.number[later] == 2).any()


@PROFILES
def test_a_round_that_entered_a_stage_is_in_exactly_one_pass(mess: Mess) -> None:
    one = known(mess)
    passes, rounds = see_passes(one.company), one.company.rounds
    entered = ever(np.fmin.reduce([passes.entered[stage] for stage in STAGES]))
    assert ((passes.number > 0) == entered).all()
    told = one.tables["passes"]
    key = set(zip(told["human"], told["pass_number"], strict=True))
    assert len(key) == len(told)
    assert key == set(zip(rounds.human[entered], passes.number[entered], strict=True))
    assert passes.is_last.sum() == len(told)
    # Passes of a human are numbered without gaps.
    last = told.groupby("human")["pass_number"].agg(["max", "count", "min"])
    assert (last["max"] == last["count"]).all()
    assert (last["min"] == 1).all()


@PROFILES
def test_a_pass_ends_as_its_last_round_did(mess: Mess) -> None:
    one = known(mess)
    rounds, exits = one.company.rounds, one.company.exits
    last: dict[tuple[int, int], int] = {}
    for place, number in numbered(one.company).items():
        key = (int(rounds.human[place]), number)
        if key not in last or rounds.number[place] > rounds.number[last[key]]:
            last[key] = place
    told = one.tables["passes"].set_index(["human", "pass_number"])
    assert told["outcome"].to_dict() == {key: exits.outcome[place] for key, place in last.items()}
    assert Counter(told["outcome"]) == Counter(exits.outcome[list(last.values())])
    assert (told["ended_at"].isna() == told["outcome"].isin(["open", "won"])).all()
    ended = told[told["ended_at"].notna()]
    assert (ended["ended_at"] >= ended["started_at"]).all()


@PROFILES
def test_a_stage_is_entered_once_in_a_pass_and_first_things_come_first(mess: Mess) -> None:
    one = known(mess)
    entries = one.tables["stage_entries"]
    assert not entries.duplicated(["human", "pass_number", "stage"]).any()
    passes = one.tables["passes"].set_index(["human", "pass_number"])["started_at"]
    first = entries.groupby(["human", "pass_number"])["entered_at"].min()
    assert (first == passes.loc[first.index]).all()
    days = local_day(entries["entered_at"].astype("datetime64[s]").astype("int64").to_numpy(float))
    assert [day.toordinal() - 719_163 for day in entries["entered_date"]] == days.tolist()
    wide = entries.pivot(index=["human", "pass_number"], columns="stage", values="entered_at")
    for sooner, later in ((SAL, SQL), (SQL, WON), (OPPORTUNITY, WON), (WON, RETAINED)):
        assert not (wide[sooner] > wide[later]).any(), (sooner, later)
    shares = wide.notna().sum()
    assert (shares[list(STAGES)[2:]].diff().dropna() < 0).all()


@SET_UPS
@pytest.mark.parametrize("instances", [1, 2])
def test_clean_systems_tell_of_every_entry(set_up: SetUp, instances: int) -> None:
    one = known(CLEAN, set_up, instances)
    entries = one.tables["stage_entries"]
    missing = entries[~entries["is_held"]]
    # Somebody who is a customer for the second time: a contact is stamped once.
    assert (missing["stage"] == RETAINED).all()
    assert (missing["pass_number"] > 1).all()
    assert len(missing) <= 2
    assert entries[entries["is_held"]]["missing_because"].isna().all()


def test_the_crm_alone_tells_of_what_sales_does() -> None:
    one = known()
    crm = tuple(held for held in one.systems if held.system == "salesforce")
    entries = truth_tables(one.company, crm, one.moment)["stage_entries"].to_pandas()
    held = entries.groupby("stage", observed=True)["is_held"].mean()
    assert (held[list(OF_SALES)] > 0.98).all()
    assert (held.drop(list(OF_SALES)) == 0).all()


@pytest.mark.parametrize(
    ("kind", "rate", "stages", "why"),
    [
        ("skipped_stage", 0.5, {SAL}, "not_recorded"),
        ("purged_history", 1, {"inquiry", MQL, SAL, SQL}, "purged"),
        ("deal_without_role", 1, {SQL, OPPORTUNITY, WON}, "not_recorded"),
    ],
)
def test_what_is_missing_is_missing_for_its_reason(
    kind: str, rate: float, stages: set[str], why: str
) -> None:
    entries = known(with_rate(CLEAN, kind, rate)).tables["stage_entries"]
    missing = entries[~entries["is_held"] & (entries["stage"] != RETAINED)]
    assert 0 < len(missing) < len(entries)
    assert set(missing["stage"]) <= stages
    assert set(missing["missing_because"]) == {why}


@pytest.mark.parametrize("kind", ["flicker", "reassigned", "late_commit", "duplicate_lead"])
def test_other_mess_hides_nothing(kind: str) -> None:
    entries = known(with_rate(CLEAN, kind, 0.5)).tables["stage_entries"]
    missing = entries[~entries["is_held"]]
    assert (missing["stage"] == RETAINED).all()
    assert len(missing) <= 2


def test_what_is_purged_was_held_two_years_before() -> None:
    one = known(USUAL)
    earlier = truth_tables(one.company, one.systems, one.company.settings.start + 60 * DAY)
    before = earlier["stage_entries"].to_pandas()
    assert "purged" not in set(before["missing_because"])
    now = one.tables["stage_entries"]
    purged = now[now["missing_because"] == "purged"]
    assert len(purged) > 100
    age = (np.datetime64(int(one.moment), "s") - purged["entered_at"]).dt.days
    assert age[purged["stage"].isin(OF_SALES)].min() >= 729  # the history of leads
    assert age[purged["stage"] == MQL].min() >= 89  # Marketo's changes of scores
    # Marketo's responses are kept for 25 months, but go with a lead that is deleted.
    assert (age[purged["stage"] == "inquiry"] >= 760).mean() > 0.98


@PROFILES
def test_hand_offs_are_the_rounds_that_qualified(mess: Mess) -> None:
    one = known(mess)
    rounds, told = one.company.rounds, one.tables["hand_offs"]
    handed = ever(rounds.mql_at)
    assert len(told) == handed.sum()
    counts = Counter(told["decision"].fillna("none"))
    assert counts["accepted"] == (ever(rounds.accepted_at) & handed).sum()
    assert counts["rejected"] == (ever(rounds.rejected_at) & handed).sum()
    assert (told["decided_at"].notna() == told["decision"].notna()).all()
    assert not (told["decided_at"] < told["first_attempt_at"]).any()
    assert not (told["first_attempt_at"] < told["assigned_at"]).any()
    assert not (told["assigned_at"] < told["handed_off_at"]).any()
    assert set(told["owner"].dropna()) <= set(one.company.staff.name)
    assert (told["next_owner"].notna() == told["reassigned_at"].notna()).all()
    entries = one.tables["stage_entries"]
    mql = entries[entries["stage"] == MQL][["human", "pass_number", "entered_at"]]
    first = told.groupby(["human", "pass_number"])["handed_off_at"].min()
    assert first.to_dict() == mql.set_index(["human", "pass_number"])["entered_at"].to_dict()


@SET_UPS
def test_records_and_opportunities_lead_back_to_the_company(set_up: SetUp) -> None:
    one = known(AWFUL, set_up, 2)
    records, deals = one.tables["records"], one.tables["opportunities"]
    key = ["system", "instance", "object", "record_id"]
    assert not records.duplicated(key).any()
    assert records["human"].between(0, len(one.company.people) - 1).all()
    assert set(records["system"]) <= {held.system for held in one.systems}
    assert set(records["instance"]) == {"main", "emea"}
    assert len(deals) == len(one.company.deals)
    assert not deals.duplicated(["system", "instance", "record_id"]).any()
    assert (deals["is_won"].sum() == one.company.deals.is_won.sum()) > 0
    assert deals["closed_at"].notna().sum() == ever(one.company.deals.closed_at).sum()
    passes = one.tables["passes"].set_index(["human", "pass_number"]).index
    assert deals.set_index(["human", "pass_number"]).index.isin(passes).all()


@PROFILES
def test_customers_are_those_of_the_company(mess: Mess) -> None:
    one = known(mess)
    told, customers = one.tables["customers"], one.company.customers
    assert len(told) == len(customers)
    assert told["retained_at"].notna().sum() == ever(customers.retained_at).sum()
    assert told["churned_at"].notna().sum() == ever(customers.churned_at).sum()
    won = one.tables["stage_entries"]
    won = won[won["stage"] == WON].set_index(["human", "pass_number"])["entered_at"]
    since = told.set_index(["human", "pass_number"])["since"]
    assert set(since.index) <= set(won.index)


def test_tables_are_written_as_they_are(tmp_path: Path) -> None:
    one = known()
    tables = truth_tables(one.company, one.systems, one.moment)
    write_truth(tmp_path / "truth", tables)
    assert {path.stem for path in (tmp_path / "truth").iterdir()} == set(tables)
    for name, table in tables.items():
        assert pq.read_table(tmp_path / "truth" / f"{name}.parquet").num_rows == table.num_rows
