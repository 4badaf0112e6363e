"""A suite over frames: what fails, how badly, and what could not be evaluated."""

from __future__ import annotations

import pandas as pd

from expectations.suite import (
    Look,
    Rule,
    Suite,
    has_rows,
    holds,
    is_one_of,
    is_present,
    is_unique,
    lies_between,
)
from expectations.validation import KEYS_SHOWN, Verdict, findings, validate

FRAME = pd.DataFrame(
    {
        "key": ["a", "b", "c", "c"],
        "part": [1, 1, 1, 2],
        "stage": ["open", "won", "parked", None],
        "rate": [0.0, 1.0, 1.5, None],
        "is_known": pd.array([True, None, True, False], dtype="boolean"),
    }
)


def _verdict(*rules: Rule, frame: pd.DataFrame = FRAME) -> Verdict:
    suite = Suite("marts", "things", (Look("select …", ("key", "part"), rules),))
    return validate(suite, lambda _: frame)


def test_rules_that_hold_pass() -> None:
    verdict = _verdict(
        has_rows("rows"),
        is_present("key", "key"),
        is_unique(("key", "part"), "unique"),
        is_one_of("stage", ["open", "won", "parked"], "stage"),
        lies_between("rate", 0, 1.5, "rate"),
    )
    assert (verdict.is_passed, verdict.is_blocking) == (True, False)
    assert (verdict.suite, verdict.rules, verdict.rows) == ("marts__things", 5, 4)


def test_a_broken_rule_names_its_rows() -> None:
    verdict = _verdict(
        is_unique(("key",), "a key comes once"),
        is_one_of("stage", ["open", "won"], "a stage is known"),
        lies_between("rate", 0, 1, "a rate is a rate"),
        holds("is_known", "all are known"),
        is_present("stage", "there is a stage"),
    )
    assert [(one.description, one.count, list(one.keys)) for one in verdict.failures] == [
        ("a key comes once", 2, [{"key": "c", "part": "1"}, {"key": "c", "part": "2"}]),
        ("a stage is known", 1, [{"key": "c", "part": "1"}]),
        ("a rate is a rate", 1, [{"key": "c", "part": "1"}]),
        ("all are known", 1, [{"key": "c", "part": "2"}]),
        ("there is a stage", 1, [{"key": "c", "part": "2"}]),
    ]
    assert verdict.failures[0].text == "not so: a key comes once (2 rows, e.g. key c, part 1)"
    assert verdict.is_blocking


def test_a_warning_does_not_block() -> None:
    verdict = _verdict(is_one_of("stage", ["open"], "a stage is known", "warning"))
    assert (verdict.is_passed, verdict.is_blocking) == (False, False)


def test_mostly_is_a_share_of_the_values_that_are_there() -> None:
    assert _verdict(is_one_of("stage", ["open", "won"], "most", mostly=0.6)).is_passed
    assert not _verdict(is_one_of("stage", ["open", "won"], "most", mostly=0.7)).is_passed


def test_no_rows() -> None:
    verdict = _verdict(has_rows("there are rows"), frame=FRAME.iloc[:0])
    assert [one.text for one in verdict.failures] == ["not so: there are rows (found 0)"]


def test_an_expectation_that_raises_is_an_error_and_not_bad_data() -> None:
    verdict = _verdict(lies_between("missing", 0, 1, "a rate is a rate", "warning"))
    assert verdict.failures == ()
    assert len(verdict.errors) == 1
    assert verdict.errors[0].startswith("a rate is a rate: ")
    assert "missing" in verdict.errors[0]
    # Even for a warning: nobody knows what it would have said.
    assert verdict.is_blocking


def test_columns_that_cannot_be_read_are_an_error() -> None:
    def fetch(query: str) -> pd.DataFrame:
        raise ValueError(f"no table in {query}")

    suite = Suite("marts", "things", (Look("select 1", ("key",), (has_rows("rows"),)),))
    verdict = validate(suite, fetch)
    assert verdict.errors == ("the columns could not be read: no table in select 1",)
    assert verdict.is_blocking


def test_the_list_of_rows_ends_somewhere() -> None:
    frame = pd.DataFrame({"key": [str(one) for one in range(100)], "part": 1, "rate": 2.0})
    (failure,) = _verdict(lies_between("rate", 0, 1, "rate"), frame=frame).failures
    assert (failure.count, len(failure.keys)) == (100, KEYS_SHOWN)


def test_a_suite_without_rules_passes() -> None:
    assert validate(Suite("raw_files", "products", ()), lambda _: FRAME).is_passed


def test_all_rows_that_break_a_rule_are_findings() -> None:
    frame = pd.DataFrame(
        {
            "key": [str(one // 2) for one in range(100)],
            "is_well": [one >= 90 for one in range(100)],
            "state": [f"state {one}" for one in range(100)],
        }
    )
    rules = (
        holds("is_well", "all is well", "warning", observed="state"),
        is_unique(("key",), "a key comes once"),
        has_rows("there are rows"),
    )
    suite = Suite("marts", "things", (Look("select …", ("key",), rules),))
    verdict = validate(suite, lambda _: frame, has_all_rows=True)
    assert [(one.count, len(one.keys)) for one in verdict.failures] == [
        (90, KEYS_SHOWN),
        (100, KEYS_SHOWN),
    ]
    found = findings(verdict, ("key",))
    assert list(found.columns) == ["key", "rule", "severity", "description", "observed"]
    assert found["rule"].value_counts().to_dict() == {"key": 100, "is_well": 90}
    assert found.iloc[3].to_list() == ["1", "is_well", "warning", "all is well", "state 3"]
    assert found[found["rule"] == "key"]["observed"].isna().all()
    # Nobody asked, and nothing is broken.
    assert findings(validate(suite, lambda _: frame), ("key",)).empty
    assert findings(Verdict("marts__things", 1, 1), ("key",)).empty
