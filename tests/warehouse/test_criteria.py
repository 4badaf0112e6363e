"""Compound criteria over whole histories: small cases by hand, and random ones by brute force."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import duckdb
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

ZONE = ZoneInfo("America/New_York")
AS_OF = datetime(2026, 5, 1, tzinfo=ZONE).astimezone(UTC).replace(tzinfo=None)
SECOND_VERSION = date(2026, 4, 1)

Tree = dict[str, Any]

# Target -> criteria, version by version; what is random comes beside it.
MQL: list[Tree] = [
    {"status": ["mql"]},
    {
        "all": [
            {"score": {"at_least": 60}, "source": "marketing"},
            {"account.employees": {"at_least": 50}},
            {"person.persona": ["finance_lead", "it_lead"]},
            {"not": {"activity": ["unsubscribed"]}},
        ]
    },
]
BY_HAND: dict[str, tuple[list[Tree], list[Tree]]] = {
    "mql": (MQL, MQL),
    "visits": ([{"activity": ["web_visit"], "count": 3, "within_days": 14}],) * 2,
    "either": (
        [{"all": [{"status": ["asked"]},
                  {"any": [{"activity": ["demo"]}, {"account.country": ["DE"]}]}]}],
    ) * 2,
    "bank": ([{"all": [{"account.industry": ["banks"]}]}],) * 2,
    "recent": ([{"activity": ["call"], "within_days": 7}],) * 2,
    "quiet": (
        [{"all": [{"status": ["asked"]}, {"not": {"activity": ["call"], "within_days": 7}}]}],
    ) * 2,
    # What changes in April: a threshold falls; a plain criterion becomes a compound.
    "warm": (
        [{"all": [{"score": {"at_least": 40}}, {"person.country": ["US"]}]}],
        [{"all": [{"score": {"at_least": 30}}, {"person.country": ["US"]}]}],
    ),
    "plain": (
        [{"score": {"at_least": 50}}],
        [{"all": [{"score": {"at_least": 50}}, {"person.country": ["US"]}]}],
    ),
    "disqualified": (
        [{"all": [{"status": ["mql", "working"]}, {"activity": ["bounce"], "count": 2}]}],
    ) * 2,
}  # fmt: skip
EXITS = ("disqualified", "recycled")

LEAVES: list[Tree] = [
    {"status": ["s1"]},
    {"status": ["s2", "s3"]},
    {"status": ["s1", "s2"], "source": "crm"},
    {"score": {"at_least": 20}},
    {"score": {"at_least": 50}, "source": "marketing"},
    {"activity": ["a"]},
    {"activity": ["a", "b"], "count": 3},
    {"activity": ["a"], "count": 2, "within_days": 5},
    {"activity": ["b", "c"], "count": 3, "within_days": 14},
    {"activity": ["c"], "within_days": 3},
    {"opportunity_stage": ["o1", "o2"]},
    {"opportunity_outcome": ["won"]},
    {"person.country": ["US"]},
    {"person.country": ["DE", "FR"], "source": "crm"},
    {"person.persona": ["p1"]},
    {"account.employees": {"at_least": 50, "at_most": 500}},
    {"account.is_active_customer": False},
]


def random_tree(random: Random, depth: int) -> Tree:
    form = random.choice(["leaf", "all", "all", "any", "not"]) if depth else "leaf"
    if form == "leaf":
        return random.choice(LEAVES)
    if form == "not":
        return {"not": random_tree(random, depth - 1)}
    return {form: [random_tree(random, depth - 1) for _ in range(random.randint(2, 3))]}


def random_criterion(random: Random) -> Tree:
    """Something that must hold, beside anything: what holds of itself is refused."""
    return {"all": [random.choice(LEAVES), random_tree(random, 3)]}


def random_targets(random: Random) -> dict[str, tuple[list[Tree], list[Tree]]]:
    found = {}
    for name in (*(f"random_{n}" for n in range(12)), "recycled"):
        versions = [[random_criterion(random) for _ in range(random.randint(1, 2))] for _ in "12"]
        if random.random() < 0.3:
            versions[0].append(random.choice(LEAVES[:6]))
        found[name] = (versions[0], versions[random.random() < 0.7])
    return found


TARGETS = BY_HAND | random_targets(Random(20260401))  # noqa: S311  # the same trees each time


def agreement_text() -> str:
    signed = {team: {"by": "Head", "date": "2023-12-14"} for team in ("marketing", "sales")}
    versions = [
        {
            "version": n + 1,
            "effective_from": day,
            "signed": signed,
            "stages": [
                {"key": key, "label": key, "rank": rank, "team": "marketing",
                 "entered_when": criteria[n]}
                for rank, (key, criteria) in enumerate(TARGETS.items())
                if key not in EXITS
            ],
            "exits": [
                {"key": key, "label": key, "team": "sales", "left_when": TARGETS[key][n]}
                for key in EXITS
            ],
            "reporting": {"time_zone": "America/New_York", "currency": "USD"},
        }
        for n, day in enumerate(("2024-01-01", str(SECOND_VERSION)))
    ]  # fmt: skip
    return json.dumps({"name": "criteria", "versions": versions})  # JSON is YAML


MAPPING = """
name: criteria
title: One person a case
as_of: 2026-04-30
source_time_zone: America/New_York
reporting_time_zone: America/New_York
agreement: agreement.yml
outcomes: won_and_lost
files:
  - {file: leads.csv, system: crm, entity: persons, load: full, exported_at: 2026-05-01, key: id,
     columns: {status: status, status_at: status_at, country: country, persona: persona,
       employees: employees, account_id: account, created_at: created_at}}
  - {file: prospects.csv, system: marketing, entity: persons, load: full, exported_at: 2026-05-01,
     key: id, columns: {country: country, persona: persona, linked_id: lead,
       linked_source: {value: crm}, created_at: created_at}}
  - {file: accounts.csv, system: crm, entity: accounts, load: full, exported_at: 2026-05-01,
     key: id, columns: {industry: industry, country: country, employees: employees,
       is_active_customer: active, created_at: created_at}}
  - {file: statuses.csv, system: crm, entity: field_changes, load: full, exported_at: 2026-05-01,
     key: id, columns: {record_entity: {value: persons}, changed_record_id: record,
       field: {value: status}, old_value: old, new_value: new, changed_at: at}}
  - {file: countries.csv, system: crm, entity: field_changes, load: full, exported_at: 2026-05-01,
     key: id, columns: {record_entity: {value: persons}, changed_record_id: record,
       field: {value: country}, old_value: old, new_value: new, changed_at: at}}
  - {file: scores.csv, system: marketing, entity: field_changes, load: full,
     exported_at: 2026-05-01, key: id, columns: {record_entity: {value: persons},
       changed_record_id: record, field: {value: score}, old_value: old, new_value: new,
       changed_at: at}}
  - {file: activities.csv, system: marketing, entity: activities, load: full,
     exported_at: 2026-05-01, key: id, columns: {person_id: record, activity_type: type,
       occurred_at: at}}
  - {file: deals.csv, system: crm, entity: opportunities, load: full, exported_at: 2026-05-01,
     key: id, columns: {person_id: record, opportunity_type: type, stage: stage,
       is_closed: is_closed, is_won: is_won, created_at: created_at, closed_at: closed_at}}
  - {file: stages.csv, system: crm, entity: field_changes, load: full, exported_at: 2026-05-01,
     key: id, columns: {record_entity: {value: opportunities}, changed_record_id: record,
       field: {value: stage}, old_value: old, new_value: new, changed_at: at}}
"""
COLUMNS = {
    "leads": "id status status_at country persona employees account created_at",
    "prospects": "id lead country persona created_at",
    "accounts": "id industry country employees active created_at",
    "statuses": "id record old new at",
    "countries": "id record old new at",
    "scores": "id record old new at",
    "activities": "id record type at",
    "deals": "id record type stage is_closed is_won created_at closed_at",
    "stages": "id record old new at",
}


class Exports:
    """Collects rows of the made-up systems; what a row does not name is empty."""

    def __init__(self) -> None:
        self.rows: dict[str, list[dict[str, Any]]] = {name: [] for name in COLUMNS}

    def add(self, file: str, **values: Any) -> None:
        values.setdefault("id", f"{file}-{len(self.rows[file]) + 1:06}")
        self.rows[file].append(values)

    def person(self, key: str, *, created_at: str = "2026-01-01 08:00:00", **values: str) -> None:
        """Add a CRM lead and its twin in marketing, which scores and activities belong to."""
        self.add("leads", id=key, created_at=created_at, **values)
        self.add("prospects", id=key, lead=key, created_at=created_at)

    def happen(self, key: str, *facts: tuple[str, str, str]) -> None:
        """Add facts (file, what it became, at): the value before is the one of the fact before."""
        before: dict[str, str] = defaultdict(str)
        for file, value, at in facts:
            if file == "activities":
                self.add(file, record=key, type=value, at=at)
            else:
                self.add(file, record=key, old=before[file], new=value, at=at)
                before[file] = value

    def write(self, folder: Path) -> None:
        (folder / "agreement.yml").write_text(agreement_text())
        (folder / "mapping.yml").write_text(MAPPING)
        for name, columns in COLUMNS.items():
            with (folder / f"{name}.csv").open("w", newline="") as file:
                writer = csv.DictWriter(file, columns.split())
                writer.writeheader()
                writer.writerows(self.rows[name])


def cases_by_hand(e: Exports) -> None:
    e.add("accounts", id="large", employees="80", created_at="2025-06-01 08:00:00")
    e.add("accounts", id="small", employees="20", created_at="2025-06-01 08:00:00")
    e.add("accounts", id="undated", employees="80")
    e.add("accounts", id="late", employees="80", created_at="2026-02-10 08:00:00")
    e.add("accounts", id="german", country="DE", created_at="2025-06-01 08:00:00")
    e.add("accounts", id="bank", industry="banks", created_at="2026-02-10")
    fits: dict[str, str] = {"account": "large", "persona": "finance_lead"}
    scored = [("scores", "10", "2026-02-01 09:00:00"), ("scores", "65", "2026-02-05 09:00:00"),
              ("scores", "70", "2026-02-06 09:00:00")]  # fmt: skip
    e.person("fits", **fits)
    e.person("too_small", **fits | {"account": "small"})
    e.person("undated_fit", **fits | {"account": "undated"})
    e.person("late_fit", **fits | {"account": "late"})
    e.person("no_persona", account="large")
    # What somebody told of their company counts as what an account tells.
    e.person("told_fit", persona="finance_lead", employees="80")
    e.person("told_small", persona="finance_lead", employees="20")
    # An account has the same id as somebody who told otherwise.
    e.add("accounts", id="told_twice", employees="20", created_at="2025-06-01 08:00:00")
    e.person("told_twice", persona="finance_lead", employees="80", account="told_twice")
    for key in ("fits", "too_small", "undated_fit", "late_fit", "no_persona", "told_fit",
                "told_small", "told_twice"):  # fmt: skip
        e.happen(key, *scored)
    e.happen("late_fit", ("activities", "web_visit", "2026-02-12 09:00:00"))
    e.person("unsubscribed", **fits)
    e.happen("unsubscribed", ("activities", "unsubscribed", "2026-02-03 09:00:00"), *scored)
    e.person("unsubscribes", **fits)
    e.happen("unsubscribes", *scored, ("activities", "unsubscribed", "2026-02-08 09:00:00"),
             ("scores", "50", "2026-02-09 09:00:00"),
             ("scores", "75", "2026-02-10 09:00:00"))  # fmt: skip
    e.person("crm_score_only", **fits)

    for key, days in (("within", ("01", "08", "15")), ("beyond", ("01", "08", "16")),
                      ("again", ("01", "02", "03", "04", "20", "21", "22"))):  # fmt: skip
        e.person(key)
        e.happen(key, *(("activities", "web_visit", f"2026-02-{day} 09:00:00") for day in days))

    e.person("by_demo")
    e.happen("by_demo", ("activities", "demo", "2026-02-01 09:00:00"),
             ("statuses", "asked", "2026-02-03 09:00:00"))  # fmt: skip
    e.person("by_country", account="german")
    e.happen("by_country", ("statuses", "asked", "2026-02-03 09:00:00"),
             ("activities", "demo", "2026-02-05 09:00:00"))  # fmt: skip
    e.person("by_neither")
    e.happen("by_neither", ("statuses", "asked", "2026-02-03 09:00:00"))
    e.person("banker", account="bank")
    e.happen("banker", ("activities", "web_visit", "2026-02-09 09:00:00"),
             ("activities", "web_visit", "2026-02-10 00:30:00"),
             ("activities", "web_visit", "2026-02-11 09:00:00"))  # fmt: skip

    # A window that closes between two signals, and what does not hold until it does.
    e.person("caller")
    e.happen("caller", ("activities", "call", "2026-02-01 09:00:00"),
             ("activities", "call", "2026-02-08 09:00:00"),
             ("activities", "call", "2026-02-15 09:00:01"))  # fmt: skip
    e.person("quiet")
    e.happen("quiet", ("activities", "call", "2026-02-01 09:00:00"),
             ("statuses", "asked", "2026-02-02 09:00:00"),
             ("activities", "web_visit", "2026-02-08 09:00:00"),
             ("activities", "web_visit", "2026-02-09 09:00:00"))  # fmt: skip

    for key, score in (("was_warm", "45"), ("gets_warm", "35"), ("was_plain", "55")):
        e.person(key, country="US")
        e.happen(key, ("scores", score, "2026-03-01 09:00:00"),
                 ("activities", "web_visit", "2026-04-02 09:00:00"),
                 ("activities", "web_visit", "2026-04-03 09:00:00"))  # fmt: skip
    e.person("moves", country="US")
    e.happen("moves", ("countries", "FR", "2026-02-01 09:00:00"),
             ("scores", "45", "2026-02-03 09:00:00"),
             ("countries", "US", "2026-02-05 09:00:00"),
             ("activities", "web_visit", "2026-02-06 09:00:00"))  # fmt: skip

    # Working for a minute only: a slip.
    e.person("slips")
    e.happen("slips", ("activities", "bounce", "2026-02-01 09:00:00"),
             ("activities", "bounce", "2026-02-02 09:00:00"),
             ("statuses", "idle", "2026-02-03 09:00:00"),
             ("statuses", "working", "2026-02-03 10:00:00"),
             ("statuses", "idle", "2026-02-03 10:01:00"))  # fmt: skip
    e.person("bounces")
    e.happen("bounces", ("activities", "bounce", "2026-02-01 09:00:00"),
             ("statuses", "working", "2026-02-02 09:00:00"),
             ("activities", "bounce", "2026-02-03 09:00:00"),
             ("activities", "bounce", "2026-02-04 09:00:00"))  # fmt: skip


def random_moment(random: Random, first: date = date(2026, 3, 10)) -> str:
    """Few different moments, so that many fall together; one in eight knows only its day."""
    day = first + timedelta(days=random.randrange(45))
    return f"{day}" if random.random() < 0.125 else f"{day} {random.choice('0369'):0>2}:00:00"


def random_history(e: Exports, random: Random, key: str) -> None:
    def some(*values: str) -> str:
        return random.choice(values)

    e.add("leads", id=key, country=some("US", "DE", "FR", ""), persona=some("p1", "p2", ""),
          employees=some("20", "80", "", ""), account=some("r1", "r2", "r3", "r4", ""),
          created_at=random_moment(random) if random.random() < 0.7 else "")  # fmt: skip
    if random.random() < 0.2:
        e.rows["leads"][-1] |= {"status": some("s1", "s2"), "status_at": ""}
    e.add("prospects", id=key, lead=key, country=some("US", "DE", "", ""),
          persona=some("p1", "", ""), created_at=some("", "2026-03-20 03:00:00"))  # fmt: skip
    for file, values, most in (
        ("statuses", ("s1", "s2", "s3", "other"), 4),
        ("scores", ("5", "25", "55", "75"), 4),
        ("countries", ("US", "DE", "FR", ""), 2),
        ("activities", ("a", "b", "c"), 12),
    ):
        moments = sorted({random_moment(random) for _ in range(random.randint(0, most))})
        e.happen(key, *((file, some(*values), at) for at in moments))
    for n in range(random.randint(0, 2)):
        deal, closes = f"{key}-{n}", random.random() < 0.5
        moments = sorted({random_moment(random) for _ in range(3)})
        stages = [some("o1", "o2", "o3") for _ in moments]
        e.add("deals", id=deal, record=key, type=some("new_business", "new_business", "renewal"),
              stage=stages[-1], is_closed=str(closes).lower(), created_at=moments[0],
              is_won=str(closes and random.random() < 0.5).lower(),
              closed_at=moments[-1] if closes else "")  # fmt: skip
        e.happen(deal, *(("stages", stage, at) for stage, at in zip(stages, moments, strict=True)))


RANDOM_PERSONS = 250


def random_histories(e: Exports) -> None:
    random = Random(20260310)  # noqa: S311  # the same histories each time
    for key, employees, active, created in (
        ("r1", "20", "true", ""), ("r2", "50", "false", "2026-03-15 03:00:00"),
        ("r3", "500", "", "2026-03-25"), ("r4", "501", "false", "2026-01-01 09:00:00"),
    ):  # fmt: skip
        e.add("accounts", id=key, employees=employees, active=active, created_at=created)
    for n in range(RANDOM_PERSONS):
        random_history(e, random, f"random-{n}")


@pytest.fixture(scope="module")
def exports() -> Exports:
    exports = Exports()
    cases_by_hand(exports)
    random_histories(exports)
    return exports


@pytest.fixture(scope="module")
def warehouse(
    exports: Exports,
    tmp_path_factory: pytest.TempPathFactory,
    land_and_build: Callable[..., Path],
) -> Iterator[duckdb.DuckDBPyConnection]:
    folder = tmp_path_factory.mktemp("criteria")
    exports.write(folder)
    path = land_and_build(
        folder,
        tmp_path_factory.mktemp("workspace"),
        arguments=("--select", "+int_compound_signals"),
    )
    with duckdb.connect(str(path), read_only=True) as connection:
        yield connection


def turned(connection: duckdb.DuckDBPyConnection, target: str, key: str) -> list[str]:
    """Return the days on which somebody came to satisfy a target, in UTC."""
    rows = connection.execute(
        "select strftime(signal_at, '%m-%d') from intermediate.int_compound_signals"
        " where person_key = ? and target = ? order by signal_at",
        [f"crm/main/{key}", target],
    ).fetchall()
    return [day for (day,) in rows]


@pytest.mark.parametrize(
    ("key", "days"),
    [
        ("fits", ["02-05"]),
        ("too_small", []),
        ("no_persona", []),
        ("undated_fit", ["02-05"]),
        ("late_fit", ["02-12"]),
        ("told_fit", ["02-05"]),
        ("told_small", []),
        ("told_twice", ["02-05"]),
        ("unsubscribed", []),
        ("unsubscribes", ["02-05"]),
    ],
)
def test_fit_and_behaviour(warehouse: Any, key: str, days: list[str]) -> None:
    assert turned(warehouse, "mql", key) == days


@pytest.mark.parametrize(
    ("key", "days"), [("within", ["02-15"]), ("beyond", []), ("again", ["02-03", "02-22"])]
)
def test_three_visits_within_14_days(warehouse: Any, key: str, days: list[str]) -> None:
    assert turned(warehouse, "visits", key) == days


@pytest.mark.parametrize(
    ("key", "days"), [("by_demo", ["02-03"]), ("by_country", ["02-03"]), ("by_neither", [])]
)
def test_any_inside_all(warehouse: Any, key: str, days: list[str]) -> None:
    assert turned(warehouse, "either", key) == days


def test_fit_alone_is_judged_at_each_signal(warehouse: Any) -> None:
    # The bank is known by the day only: from its first minute on, in the reporting zone.
    assert turned(warehouse, "bank", "banker") == ["02-10"]


def test_a_window_that_closed_silently_opens_anew(warehouse: Any) -> None:
    # Seven days to the second still hold, one second more does not.
    assert turned(warehouse, "recent", "caller") == ["02-01", "02-15"]


def test_what_turns_true_in_silence_does_so_at_the_next_signal(warehouse: Any) -> None:
    assert turned(warehouse, "quiet", "quiet") == ["02-09"]


def test_a_fit_with_a_history_counts_as_of_the_moment(warehouse: Any) -> None:
    assert turned(warehouse, "warm", "moves") == ["02-05"]


def test_a_new_version_alone_moves_nobody(warehouse: Any) -> None:
    assert turned(warehouse, "warm", "was_warm") == ["03-01"]
    assert turned(warehouse, "plain", "was_plain") == []


def test_a_new_version_judges_from_the_next_signal_on(warehouse: Any) -> None:
    assert turned(warehouse, "warm", "gets_warm") == ["04-02"]


def test_an_exit_may_be_compound(warehouse: Any) -> None:
    assert warehouse.execute(
        "select distinct target_kind from intermediate.int_compound_signals"
        " where target = 'disqualified'"
    ).fetchall() == [("exit",)]
    assert turned(warehouse, "disqualified", "bounces") == ["02-03"]


def test_a_slip_turns_nothing_true(warehouse: Any) -> None:
    assert turned(warehouse, "disqualified", "slips") == []


def test_a_row_is_the_signal_that_turned_it(warehouse: Any) -> None:
    columns = (
        "person_key, record_key, opportunity_key, source, kind_rank, field, old_value, value,"
        " signal_at, precision, signal_date, evidence, change_key, chain_position"
    )
    found = warehouse.sql("select * from intermediate.int_compound_signals")
    assert ", ".join(found.columns) == columns.replace(" ", "").replace(",", ", ") + (
        ", version, target_kind, target"
    )
    assert warehouse.execute(
        f"select count(*) from (select distinct {columns} from intermediate.int_compound_signals"
        f" except select {columns} from intermediate.int_signals)"
    ).fetchall() == [(0,)]


# -- By brute force: the tree as it was written, evaluated for each signal with all before it. --


@dataclass(frozen=True)
class Signal:
    change_key: str
    record_key: str
    source: str
    field: str
    value: str
    moment: datetime
    version: int
    counts: bool
    """Whether it is none of a renewal's stages and closings."""


@dataclass
class Person:
    signals: list[Signal] = field(default_factory=list)
    fits: list[tuple[str, str, list[tuple[datetime, str]]]] = field(default_factory=list)
    """Source, field, and since when it had which value, of each record."""


def utc(text: str) -> datetime:
    """Return the instant of local time; a date begins at midnight, and none at all is ever."""
    if not text:
        return datetime(1, 1, 1)
    return datetime.fromisoformat(text).replace(tzinfo=ZONE).astimezone(UTC).replace(tzinfo=None)


def is_met(tree: Tree, person: Person, count: int, now: datetime) -> bool:
    """Say whether a criterion holds by the first so many signals of a person, at a moment."""
    if "all" in tree:
        return all(is_met(part, person, count, now) for part in tree["all"])
    if "any" in tree:
        return any(is_met(part, person, count, now) for part in tree["any"])
    if "not" in tree:
        return not is_met(tree["not"], person, count, now)
    (name,) = set(tree) - {"source", "count", "within_days"}
    source, wanted = tree.get("source"), tree[name]
    if "." in name:
        values = [
            [value for since, value in history if since <= now][-1:]
            for of_source, of_field, history in person.fits
            if of_field == name and source in (None, of_source)
        ]
        return any(suits(wanted, value) for known in values for value in known)
    seen = [
        one
        for one in person.signals[:count]
        if one.field == name and one.counts and source in (None, one.source)
    ]
    if name == "activity":
        days = timedelta(days=tree.get("within_days", 100_000))
        # Windows do not run on for what has no date.
        until = max((one.moment for one in person.signals if one.moment < AS_OF), default=now)
        recent = [
            one for one in seen if one.value in wanted and min(now, until) <= one.moment + days
        ]
        return len(recent) >= tree.get("count", 1)
    latest = {one.record_key: one.value for one in seen}
    return any(suits(wanted, value) for value in latest.values())


def suits(wanted: Any, value: str) -> bool:
    if isinstance(wanted, dict):
        bounds = wanted.get("at_least", float("-inf")), wanted.get("at_most", float("inf"))
        return bool(value) and bounds[0] <= float(value) <= bounds[1]
    return value == str(wanted).lower() if isinstance(wanted, bool) else value in wanted


def is_simple(tree: Tree) -> bool:
    return not {"all", "any", "not", "count", "within_days"} & set(tree)


def turns(person: Person) -> Iterator[tuple[str, str]]:
    """Yield each signal and target whose criterion turned true with it."""
    for n, signal in enumerate(person.signals):
        former = person.signals[n - 1] if n else None
        for target, versions in TARGETS.items():
            compounds = [one for one in versions[signal.version - 1] if not is_simple(one)]
            for tree in compounds:
                if not is_met(tree, person, n + 1, signal.moment):
                    continue
                if former is None:
                    yield signal.change_key, target
                    continue
                same = former.version == signal.version
                before = [tree] if same else versions[former.version - 1]
                if not any(is_met(one, person, n, former.moment) for one in before) or not any(
                    is_met(one, person, n, signal.moment) for one in before
                ):
                    yield signal.change_key, target


def persons(connection: duckdb.DuckDBPyConnection, exports: Exports) -> dict[str, Person]:
    found: dict[str, Person] = defaultdict(Person)
    renewals = {
        f"crm/main/{one['id']}" for one in exports.rows["deals"] if one["type"] == "renewal"
    }
    rows = connection.execute(
        "select person_key, change_key, record_key, source, field, value, signal_at, precision,"
        " signal_date, chain_position, kind_rank from intermediate.int_signals"
        " where person_key like 'crm/main/random-%'"
        " and change_key not in (select change_key from intermediate.int_slips)"
    ).fetchall()
    ordered = []
    for key, change, record, source, name, value, at, precision, day, chain, kind in rows:
        moment = AS_OF if at is None else utc(str(at.date())) if precision == "day" else at
        version = 1 + ((day or date.max) >= SECOND_VERSION)
        counts = not (name in ("opportunity_stage", "opportunity_outcome") and record in renewals)
        order = (day or date.max, moment, chain, kind, source, record, change)
        ordered.append(
            (order, key, Signal(change, record, source, name, value, moment, version, counts))
        )
    for _, key, signal in sorted(ordered, key=lambda one: one[0]):
        found[key].signals.append(signal)
    accounts = {one["id"]: one for one in exports.rows["accounts"]}
    for system, file in (("crm", "leads"), ("marketing", "prospects")):
        for row in exports.rows[file]:
            if f"crm/main/{row['id']}" in found:
                fits = found[f"crm/main/{row['id']}"].fits
                fits += person_fits(system, row, exports)
                if account := accounts.get(row.get("account", "")):
                    since = max(utc(row["created_at"]), utc(account["created_at"]))
                    fits += [
                        ("crm", "account.employees", [(since, account["employees"])]),
                        ("crm", "account.is_active_customer", [(since, account["active"])]),
                    ]
    return found


def person_fits(
    system: str, row: dict[str, Any], exports: Exports
) -> Iterator[tuple[str, str, list[tuple[datetime, str]]]]:
    since = utc(row["created_at"])
    yield system, "person.persona", [(since, row["persona"])]
    yield system, "account.employees", [(since, row.get("employees", ""))]
    changes = [one for one in exports.rows["countries"] if one["record"] == row["id"]]
    if system != "crm" or not changes:
        yield system, "person.country", [(since, row["country"])]
        return
    dated = sorted((utc(one["at"]), one["id"], one["new"]) for one in changes)
    history = [(moment, new) for moment, _, new in dated]
    yield system, "person.country", history  # what was before the first change, nobody said


def test_random_histories_turn_as_the_trees_say(warehouse: Any, exports: Exports) -> None:
    expected = {
        (key, change, target)
        for key, person in persons(warehouse, exports).items()
        for change, target in turns(person)
    }
    found = warehouse.execute(
        "select person_key, change_key, target from intermediate.int_compound_signals"
        " where person_key like 'crm/main/random-%'"
    ).fetchall()
    assert len(found) == len(set(found))
    assert sorted(set(found) - expected) == []
    assert sorted(expected - set(found)) == []
    assert len({target for _, _, target in found if target.startswith("random")}) >= 10
    assert len(found) > 3 * RANDOM_PERSONS
