"""Compound criteria: how they are written, refused, read aloud, landed, and kept."""

from __future__ import annotations

import json
from datetime import date
from itertools import product
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.agreement import (
    AgreementError,
    document,
    json_schema,
    land_agreement,
    read_agreement,
    tables,
)
from ingestion.agreement.content import content, digest
from ingestion.agreement.criteria import Criterion, alternatives
from ingestion.agreement.tree import read_tree
from ingestion.landing import Landing

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# The criteria of stage 'won' begin on line 24.
WON = "          - opportunity_outcome: [won]\n"
COMPOUND = """\
          - all:
              - score: {at_least: 60}
                source: marketing
              - account.employees: {at_least: 50, at_most: 500}
              - person.persona: [finance_lead, it_lead]
              - not: {activity: [unsubscribed]}
          - activity: [web_visit]
            count: 3
            within_days: 14
          - renewal_outcome: [won]
"""
KNOWN = (
    "status, lifecycle_stage, score, activity, opportunity_stage, opportunity_outcome, "
    "renewal_outcome, person.title, person.country, person.persona, person.lead_source, "
    "person.campaign, account.industry, account.account_type, account.country, account.employees, "
    "account.revenue, "
    "account.is_active_customer, all, any, not"
)

SLIPS = {
    "not_alone": (
        ["- not: {status: [open]}"],
        (
            "24: this criterion can be met by what does not hold alone, and nothing would ever "
            "happen to make it true. Put each 'not' under an 'all:', beside what must hold."
        ),
    ),
    "not_as_one_way_of_several": (
        ["- any:", "    - status: [open]", "    - not: {activity: [call]}"],
        (
            "24: this criterion can be met by what does not hold alone, and nothing would ever "
            "happen to make it true. Put each 'not' under an 'all:', beside what must hold."
        ),
    ),
    "fit_alone": (
        ["- account.employees: {at_least: 50}"],
        (
            "24: 'account.employees' alone would let in everybody who fits, whatever they do. "
            "Put it under 'all:', beside what must have happened."
        ),
    ),
    "count_of_a_status": (
        ["- status: [open]", "  count: 2"],
        "24: 'count' stands beside 'status'. Only an activity can be counted.",
    ),
    "days_beside_a_group": (
        ["- any: [{status: [open]}]", "  within_days: 2"],
        "24: 'within_days' stands beside 'any'. Only an activity can be counted.",
    ),
    "source_beside_a_group": (
        ["- all: [{status: [open]}]", "  source: marketing"],
        "24: 'source' stands beside 'all'. Give the source to each of the criteria under 'all:'.",
    ),
    "no_times": (
        ["- activity: [call]", "  count: 0"],
        "25: 'count' is 0. It should be greater than or equal to 1.",
    ),
    "empty_group": (
        ["- all: []"],
        "24: 'all' is an empty list. It should have at least one entry.",
    ),
    "group_that_is_no_list": (
        ["- all: {status: [open]}"],
        "24: 'all' is a mapping. It should be a list, like [one, two].",
    ),
    "nothing": (["- source: marketing"], f"24: a criterion looks at no field. Known: {KNOWN}."),
    "unknown_field_inside": (
        ["- all:", "    - status: [open]", "    - not: {employees: {at_least: 50}}"],
        "26: a criterion cannot look at 'employees'. Did you mean 'account.employees'?",
    ),
    "unknown_bound": (
        ["- all:", "    - status: [open]", "    - account.employees: {at_lest: 50}"],
        "26: unknown key 'at_lest'. Did you mean 'at_least'?",
    ),
    "no_bound": (
        ["- all:", "    - status: [open]", "    - account.employees: {}"],
        "26: a number needs a bound. Write 'at_least:', 'at_most:' or both.",
    ),
    "bounds_the_wrong_way_round": (
        ["- all:", "    - status: [open]", "    - account.revenue: {at_least: 5, at_most: 1}"],
        "26: the bounds stand the wrong way round. Swap the two.",
    ),
    "text_for_a_number": (
        ["- all:", "    - status: [open]", "    - account.employees: [50]"],
        "26: 'account.employees' is a list. It should be a mapping of keys to values.",
    ),
    "two_fields_inside": (
        ["- any:", "    - status: [open]", "      activity: [call]"],
        (
            "25: a criterion looks at one field, this one looks at status and activity. "
            "Write one list item for each if any is enough, or both under 'all:'."
        ),
    ),
    "value_twice": (
        ["- all:", "    - status: [open, open]"],
        "25: 'open' stands in one list twice. Keep one of them.",
    ),
    "too_many_ways": (
        ["- all:", *["    - any: [{status: [a]}, {score: {at_least: 1}}]"] * 7],
        (
            "24: this criterion can be met in 128 ways, which nobody can check. Write it with at "
            "most 64: fewer 'any' inside 'all', or longer lists of values in their place."
        ),
    ),
    "billions_of_ways": (
        ["- all:", *["    - any: [{status: [a]}, {score: {at_least: 1}}]"] * 40],
        (
            "24: this criterion can be met in 1,099,511,627,776 ways, which nobody can check. "
            "Write it with at most 64: fewer 'any' inside 'all', or longer lists of values in "
            "their place."
        ),
    ),
}


def won_when(base: str, *lines: str) -> str:
    return base.replace(WON, "".join(f"          {line}\n" for line in lines))


def conditions(text: str, written: Callable[[str], str], *columns: str) -> list[Any]:
    found = tables(read_agreement(written(text)))["compound_conditions"]
    return [tuple(row.values()) for row in found.select(columns).to_pylist()]


@pytest.mark.parametrize("slip", SLIPS)
def test_a_wrong_criterion_is_refused_with_its_line(
    slip: str, base: str, written: Callable[[str], str]
) -> None:
    lines, message = SLIPS[slip]
    with pytest.raises(AgreementError) as caught:
        read_agreement(written(won_when(base, *lines)))
    assert str(caught.value) == f"agreement.yml:{message}"


def test_activity_types_are_known_at_any_depth(base: str, written: Callable[[str], str]) -> None:
    text = won_when(base, "- all: [{status: [open]}, {not: {any: [{activity: [cal]}]}}]")
    text += "    activities: {types: [{key: call}]}\n"
    with pytest.raises(AgreementError, match="'cal' is no activity type of this agreement"):
        read_agreement(written(text))


def test_a_compound_of_fit_alone_is_allowed(base: str, written: Callable[[str], str]) -> None:
    text = won_when(base, "- all: [{account.is_active_customer: false}]")
    assert conditions(text, written, "field", "operator", "value") == [
        ("account.is_active_customer", "in", "false")
    ]


def test_what_looks_at_one_signal_stays_apart_from_what_needs_more(
    base: str, written: Callable[[str], str]
) -> None:
    text = base.replace(WON, WON + COMPOUND)
    found = tables(read_agreement(written(text)))
    simple = found["criteria"].select(["target", "criterion_number", "field"]).to_pylist()
    assert [tuple(row.values()) for row in simple if row["target"] == "won"] == [
        ("won", 1, "opportunity_outcome"), ("won", 4, "renewal_outcome"),
    ]  # fmt: skip
    names = [
        "criterion_number", "alternative_number", "condition_number", "is_negated", "source",
        "field", "operator", "value", "minimum", "maximum", "minimum_count", "within_days",
    ]  # fmt: skip
    persona = (2, 1, 3, False, None, "person.persona", "in")
    assert conditions(text, written, *names) == [
        (2, 1, 1, False, "marketing", "score", "between", None, 60.0, None, None, None),
        (2, 1, 2, False, None, "account.employees", "between", None, 50.0, 500.0, None, None),
        (*persona, "finance_lead", None, None, None, None),
        (*persona, "it_lead", None, None, None, None),
        (2, 1, 4, True, None, "activity", "in", "unsubscribed", None, None, 1, None),
        (3, 1, 1, False, None, "activity", "in", "web_visit", None, None, 3, 14),
    ]


def test_an_exit_may_be_compound(base: str, written: Callable[[str], str]) -> None:
    text = base.replace("- opportunity_outcome: [lost]", "- {activity: [no_show], count: 2}")
    assert conditions(text, written, "target_kind", "target", "minimum_count", "within_days") == [
        ("exit", "lost", 2, None)
    ]


def test_days_without_a_count_mean_once(base: str, written: Callable[[str], str]) -> None:
    text = won_when(base, "- {activity: [web_visit], within_days: 7}")
    assert conditions(text, written, "minimum_count", "within_days") == [(1, 7)]


def test_equal_conditions_carry_the_same_text(base: str, written: Callable[[str], str]) -> None:
    text = won_when(
        base,
        "- all:",
        "    - any: [{status: [a]}, {status: [b]}]",
        "    - activity: [call]",
        "      within_days: 7",
    )
    found = conditions(text, written, "alternative_number", "condition")
    assert found == [
        (1, '{"status": ["a"]}'),
        (1, '{"activity": ["call"], "within_days": 7}'),
        (2, '{"status": ["b"]}'),
        (2, '{"activity": ["call"], "within_days": 7}'),
    ]


def test_the_page_reads_compounds_like_sentences(base: str, written: Callable[[str], str]) -> None:
    page = document(read_agreement(written(base.replace(WON, COMPOUND))))
    assert (
        "score is at least 60 (in marketing), and account employees is between 50 and 500, "
        "and person persona is finance lead or it lead, and no activity: unsubscribed; "
        "or activity: web visit at least 3 times within 14 days; or renewal is won |"
    ) in page


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        (
            ["- all: [{status: [a]}, {any: [{score: {at_least: 5}}, {activity: [x], count: 1}]}]"],
            "status is a, and (score is at least 5, or activity: x at least once)",
        ),
        (
            ["- all: [{status: [a]}, {not: {all: [{status: [b]}, {opportunity_stage: [c]}]}}]"],
            "status is a, and not (status is b, and opportunity is in c)",
        ),
        (
            ["- all: [{status: [a]}, {not: {opportunity_stage: [b, c]}, }]"],
            "status is a, and opportunity is not in b or c",
        ),
        (
            ["- all: [{status: [a]}, {not: {activity: [x], count: 3, within_days: 1}}]"],
            "status is a, and activity: x fewer than 3 times within 1 day",
        ),
        (
            ["- all: [{status: [a]}, {not: {not: {account.is_active_customer: true}}}]"],
            "status is a, and account is an active customer",
        ),
        (
            ["- all: [{status: [a]}, {not: {account.revenue: {at_most: 5000}}}]"],
            "status is a, and account revenue is not at most 5,000",
        ),
    ],
)
def test_groups_in_words(
    lines: list[str], sentence: str, base: str, written: Callable[[str], str]
) -> None:
    page = document(read_agreement(written(won_when(base, *lines))))
    assert f"| {sentence} |" in page


def test_the_schema_accepts_compounds_and_refuses_slips(base: str) -> None:
    validator = jsonschema.Draft202012Validator(json_schema())

    def is_valid(text: str) -> bool:
        tree, _ = read_tree(text)
        assert tree is not None
        return bool(validator.is_valid(tree.plain(list)))

    assert is_valid(base.replace(WON, COMPOUND))
    assert not is_valid(won_when(base, "- all: [{stat: [open]}]"))
    assert not is_valid(won_when(base, "- {activity: [call], count: 0}"))


def test_a_version_without_compounds_keeps_its_digest(
    base: str, written: Callable[[str], str]
) -> None:
    # As the release before compound criteria computed it.
    version = read_agreement(written(base)).versions[0]
    assert digest(version) == ("efe3b8f6aef772013716fd2832e867230f19bee6c2a75b1d8d7bd433fad3a458")
    first = content(version)["stages"]["qualified"]["entered_when"]["1"]
    assert first == {
        "source": None,
        "status": ["marketing_qualified"],
        "lifecycle_stage": None,
        "score": None,
        "activity": None,
        "opportunity_stage": None,
        "opportunity_outcome": None,
    }


def test_a_changed_compound_of_a_version_in_force_is_refused(
    base: str, written: Callable[[str], str], tmp_path: Path
) -> None:
    landing, today = Landing(tmp_path / "landing"), date(2024, 6, 1)
    text = base.replace(WON, COMPOUND)
    assert land_agreement(landing, read_agreement(written(text)), today)
    assert not land_agreement(landing, read_agreement(written(text)), today)
    changed = text.replace("at_most: 500", "at_most: 900").replace("count: 3", "count: 2")
    with pytest.raises(AgreementError) as caught:
        land_agreement(landing, read_agreement(written(changed)), today)
    assert (
        "stages.won.entered_when.1.all.2.account.employees.at_most: 500 → 900; "
        "stages.won.entered_when.2.count: 3 → 2"
    ) in str(caught.value)


def test_a_later_version_inherits_compounds(
    base: str, second: str, written: Callable[[str], str]
) -> None:
    later = second[: second.index("    stages:")] + "    slas: {}\n"
    text = base.replace(WON, COMPOUND) + later
    found = conditions(text, written, "version", "condition")
    assert [one for version, one in found if version == 1] == [
        one for version, one in found if version == 2
    ]


NAMES = ("a", "b", "c", "d")
TREES = st.recursive(
    st.sampled_from(NAMES).map(lambda name: {"status": [name]}),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"all": parts}),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"any": parts}),
        inner.map(lambda part: {"not": part}),
    ),
    max_leaves=6,
)


def holds(tree: dict[str, Any], true: set[str]) -> bool:
    if "all" in tree:
        return all(holds(part, true) for part in tree["all"])
    if "any" in tree:
        return any(holds(part, true) for part in tree["any"])
    return not holds(tree["not"], true) if "not" in tree else tree["status"][0] in true


@given(TREES)
def test_the_normal_form_holds_exactly_where_the_tree_does(tree: dict[str, Any]) -> None:
    found = alternatives(Criterion.model_validate_json(json.dumps(tree)))
    for chosen in product((False, True), repeat=len(NAMES)):
        true = {name for name, is_true in zip(NAMES, chosen, strict=True) if is_true}
        normal = any(
            all((one.values[0] in true) != is_negated for is_negated, one in alternative)
            for alternative in found
        )
        assert normal == holds(tree, true)
