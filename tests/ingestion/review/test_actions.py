"""Review files: what is read, what is refused and where, what lands and stays."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from ingestion.agreement import Agreement, read_agreement
from ingestion.files.mapping_file import YamlError
from ingestion.landing import Landing
from ingestion.review import check_past_actions, land_actions, read_actions
from ingestion.review.landed import SCHEMA, actions_table

PROJECT = Path(__file__).parents[3]

ACTIONS = """\
actions:
  - key: call_first
    decided_on: 2025-07-15
    what: Call first.
    team: sales
    owner: Head of Sales
    due: 2025-09-30
    metric: {key: speed_to_lead, team: sales, period: month}
    expected: {change: 0.05}
  - key: fewer_lost
    decided_on: 2025-10-14
    what: Talk about the price.
    team: sales
    owner: Head of Sales
    due: 2025-12-31
    metric: {key: lost, team: both, period: quarter}
    expected: {at_most: 4}
    state: done
    done_on: 2025-11-20
"""


@pytest.fixture(scope="module")
def agreement() -> Agreement:
    return read_agreement(PROJECT / "agreement.yml")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "review_actions.yml"


@pytest.fixture
def landing(tmp_path: Path) -> Landing:
    return Landing(tmp_path / "landing")


def land(landing: Landing, agreement: Agreement, file: Path, text: str) -> str:
    """Return the id of the load that is in use afterwards."""
    file.write_text(text)
    review = read_actions(file, agreement)
    return land_actions(landing, review, agreement.name, str(file)).load_id


def test_a_review_is_rows(agreement: Agreement, file: Path) -> None:
    file.write_text(ACTIONS)
    table = actions_table(read_actions(file, agreement))
    assert table.schema == SCHEMA
    first, second = table.to_pylist()
    assert first == {
        "action": "call_first", "decided_on": date(2025, 7, 15), "what": "Call first.",
        "team": "sales", "owner": "Head of Sales", "due_date": date(2025, 9, 30),
        "metric_team": "sales", "metric": "speed_to_lead", "period_type": "month",
        "expectation": "change", "expected_value": 0.05, "state": "open", "done_on": None,
    }  # fmt: skip
    assert (second["expectation"], second["expected_value"]) == ("at_most", 4)
    assert (second["state"], second["done_on"]) == ("done", date(2025, 11, 20))


def test_the_shipped_file_is_right(agreement: Agreement) -> None:
    review = read_actions(PROJECT / "review_actions.yml", agreement)
    assert {one.state for one in review.actions} == {"open", "done"}


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("speed_to_lead", "sped_to_lead",
         ("8: `sped_to_lead` stands on no scorecard of sales. Did you mean `speed_to_lead`? Known"
         " are conversion:marketing_qualified:sales_accepted, ")),
        ("key: lost, team: both", "key: lost, team: marketing",
         ("16: `lost` stands on no scorecard of marketing. Known are acceptance, acceptance_rate,"
         " complete_share, ")),
        ("key: speed_to_lead, team: sales, period: month",
         "key: acceptance_rate, team: marketing, period: month",
         "8: `acceptance_rate` has no figure by month. It is promised by quarter"),
        ("team: both", "team: legal", "16: `team` is 'legal'. Known are marketing, sales,"),
        ("{change: 0.05}", "{}", "9: `expected` says not one thing to expect. Give one of change"),
        ("{change: 0.05}", "{change: 1, at_most: 2}", "9: `expected` says not one thing"),
        ("{change: 0.05}", "{chance: 1}", "9: unknown key `chance`. Did you mean `change`?"),
        ("due: 2025-09-30", "due: 2025-07-14",
         "7: `due` is 2025-07-14, before the action was decided on. Give a day from 2025-07-15"),
        ("due: 2025-09-30", "due: soon", "7: 'soon' is no date. Write a day of the calendar"),
        ("    done_on: 2025-11-20\n", "",
         "18: `state` is done, and nobody knows since when. Add `done_on`"),
        ("state: done", "state: open", "19: `done_on` is given, and `state` is open."),
        ("done_on: 2025-11-20", "done_on: 2025-10-13", "19: `done_on` is 2025-10-13, before"),
        ("key: fewer_lost", "key: call_first",
         "10: action `call_first` stands here twice, first in line 2. Give each action a key"),
        ("    owner: Head of Sales\n    due: 2025-09-30", "    due: 2025-09-30",
         "2: `owner` is missing. Add `owner`: Title of whoever answers for it, no name"),
        ("what: Call first.", "what: Call first.\n    what: Call.",
         "5: `what` is given twice, first in line 4. Keep one of the two"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_line(
    agreement: Agreement, file: Path, old: str, new: str, problem: str
) -> None:
    assert ACTIONS.count(old) >= 1
    file.write_text(ACTIONS.replace(old, new, 1))
    with pytest.raises(YamlError) as caught:
        read_actions(file, agreement)
    assert len(caught.value.problems) == 1
    assert caught.value.problems[0].startswith(f"{file}:{problem}")


def test_every_problem_is_told_at_once(agreement: Agreement, file: Path) -> None:
    file.write_text(ACTIONS.replace("speed_to_lead", "nothing").replace("key: lost", "key: none"))
    with pytest.raises(YamlError) as caught:
        read_actions(file, agreement)
    lines = [one.removeprefix(f"{file}:").split(":")[0] for one in caught.value.problems]
    assert lines == ["8", "16"]


def test_the_same_lands_once(landing: Landing, agreement: Agreement, file: Path) -> None:
    first = land(landing, agreement, file, ACTIONS)
    assert land(landing, agreement, file, "# A comment.\n" + ACTIONS) == first
    assert len(landing.loads("review")) == 1


def test_what_became_of_an_action_lands_beside_what_was_known(
    landing: Landing, agreement: Agreement, file: Path
) -> None:
    first = land(landing, agreement, file, ACTIONS)
    later = ACTIONS.replace("{change: 0.05}", "{change: 0.05}\n    state: dropped")
    later = later.replace("2025-09-30", "2025-10-31").replace("Head of Sales", "Head of Growth")
    assert land(landing, agreement, file, later) != first
    loads = landing.loads("review")
    assert [landing.read(one)["state"].to_pylist()[0] for one in loads] == ["open", "dropped"]


@pytest.mark.parametrize(
    ("edit", "problem"),
    [
        (("{change: 0.05}", "{at_least: 0.05}"),
         ("1: action `call_first` was decided on 2025-07-15 and was changed: expectation change →"
         " at_least. Put that back, and give what is expected now a key of its own")),
        (("decided_on: 2025-07-15", "decided_on: 2025-07-16"),
         ("1: action `call_first` was decided on 2025-07-15 and was changed: decided_on 2025-07-15"
         " → 2025-07-16.")),
        (("key: call_first", "key: call_second"),
         ("1: action `call_first` was decided on 2025-07-15 and is missing. Put it back; one that"
         " is given up has `state: dropped`")),
    ],
)  # fmt: skip
def test_what_was_decided_stays(
    landing: Landing, agreement: Agreement, file: Path, edit: tuple[str, str], problem: str
) -> None:
    land(landing, agreement, file, ACTIONS)
    with pytest.raises(YamlError) as caught:
        land(landing, agreement, file, ACTIONS.replace(*edit, 1))
    assert [one.startswith(f"{file}:{problem}") for one in caught.value.problems] == [True]
    assert len(landing.loads("review")) == 1


def test_nothing_was_decided_before_the_first_review(
    landing: Landing, agreement: Agreement, file: Path
) -> None:
    file.write_text("actions: []\n")
    review = read_actions(file, agreement)
    check_past_actions(landing, review, agreement.name, str(file))
    assert land_actions(landing, review, agreement.name, str(file)).rows_landed == 0
