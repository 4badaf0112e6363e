"""What is said of criteria that look at more than one signal."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import duckdb
import pytest

from orchestration.shortfall import shortfalls
from orchestration.story import Condition, Criterion, Signal, Stage, Story, read_criteria
from orchestration.warehouse import RunContext

AS_OF = datetime(2026, 1, 1)


def condition(field: str, *values: str, **more: Any) -> Condition:
    said: dict[str, Any] = {
        "is_negated": False, "source": None, "minimum": None, "maximum": None, "count": 1,
        "within_days": None,
    }  # fmt: skip
    return Condition(field=field, values=values, **{**said, **more})


def signal(field: str, value: str, day: int, record: str = "crm/main/1") -> Signal:
    moment = datetime(2025, 3, day, 9)
    return Signal(
        change_key=f"{field}/{day}/{record}", record_key=record, opportunity_key=None, source="crm",
        field=field, old_value=None, value=value, moment=moment, is_timed=True, day=moment.date(),
        evidence="observed", stage=None, exit=None, version=None, is_new=None, is_slip=False,
        number=None,
    )  # fmt: skip


def lines(criterion: Criterion, *signals: Signal, **traits: str) -> list[str]:
    story = Story(
        key="crm/main/1", context=RunContext(AS_OF, AS_OF.date(), "UTC", 1), person={},
        traits={f"person.{name}": value for name, value in traits.items()}, records=[], links=[],
        passes=[], signals=signals, moves=[], criteria={"mql": [criterion]}, implied=frozenset(),
        stages=[Stage(key="mql", label="MQL", rank=20, authority=None, is_won=False)],
    )  # fmt: skip
    ((label, told),) = shortfalls(story)
    assert label == "MQL"
    return told


def test_each_condition_of_a_compound_has_its_line() -> None:
    told = lines(
        [
            [condition("score", minimum=40.0), condition("status", "customer", is_negated=True)],
            [condition("activity", "demo")],
        ],
        signal("score", "45.0", 2),
        signal("status", "open", 3),
    )
    assert told == [
        "all of",
        "  score at least 40: met, 45 on 2025-03-02",
        "  not status customer: met, open on 2025-03-03",
        "or all of",
        "  activity demo: not met, none",
    ]


@pytest.mark.parametrize(
    ("days", "told"),
    [
        ((1, 5, 9), "met, 3 times, last: visit on 2025-03-09"),
        ((1, 9, 17), "not met, at most 2 within 14 days, last: visit on 2025-03-17"),
    ],
)
def test_a_window_counts_the_most_that_fell_into_it(days: tuple[int, ...], told: str) -> None:
    criterion = [[condition("activity", "visit", count=3, within_days=14)]]
    found = lines(criterion, *(signal("activity", "visit", day) for day in days))
    assert found == [f"3 times activity visit within 14 days: {told}"]


def test_fit_is_told_by_what_the_person_shows() -> None:
    criterion = [[condition("person.country", "US", "CA")]]
    assert lines(criterion, country="DE") == ["person.country US or CA: not met, DE"]
    assert lines(criterion) == [
        "person.country US or CA: not known, the public tables do not hold it"
    ]


def test_a_value_that_one_record_has_is_enough_and_a_former_one_is_told() -> None:
    criterion = [[condition("status", "mql")]]
    former = signal("status", "mql", 1), signal("status", "open", 2)
    assert lines(criterion, *former) == [
        "status mql: not met, open on 2025-03-02; it was: mql on 2025-03-01"
    ]
    assert lines(criterion, *former, signal("status", "mql", 3, "crm/main/2")) == [
        "status mql: met, mql on 2025-03-03"
    ]


def test_compound_conditions_are_read_where_the_agreement_has_them() -> None:
    with duckdb.connect() as connection:
        connection.execute("create schema agreement")
        connection.execute(
            "create table agreement.criteria as select 1 as version, 'stage' as target_kind,"
            " 'mql' as target, 1 as criterion_number, 'crm' as source, 'score' as field,"
            " 'at_least' as operator, cast(null as varchar) as value, 60.0::double as threshold"
        )
        simple = read_criteria(connection, 1)
        connection.execute(
            "create table agreement.compound_conditions as select 1 as version,"
            " 'stage' as target_kind, 'mql' as target, 2 as criterion_number,"
            " 1 as alternative_number, n as condition_number, n = 2 as is_negated,"
            " 'x' as condition, cast(null as varchar) as source, 'activity' as field,"
            " 'in' as operator, v as value, null::double as minimum, null::double as maximum,"
            " 3 as minimum_count, 14 as within_days"
            " from (values (1, 'a'), (1, 'b'), (2, 'c')) as t(n, v)"
        )
        both = read_criteria(connection, 1)
    first = [[condition("score", source="crm", minimum=60.0)]]
    assert simple == {"mql": [first]}
    window = {"count": 3, "within_days": 14}
    second = [
        condition("activity", "a", "b", **window),
        condition("activity", "c", is_negated=True, **window),
    ]
    assert both == {"mql": [first, [second]]}
