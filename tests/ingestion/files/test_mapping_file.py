from __future__ import annotations

from typing import Literal

import pytest
from pydantic import Field, ValidationError, field_validator

from ingestion.files.mapping_file import (
    Strict,
    YamlError,
    did_you_mean,
    fail,
    load_yaml,
    problem,
    problems,
)
from ingestion.yaml_tree import closest


class Item(Strict):
    kind: Literal["apple", "pear"]
    count: int = Field(description="a whole number")
    tags: dict[str, str] = Field(default_factory=dict)

    @field_validator("tags")
    @classmethod
    def _known(cls, tags):
        fail([problem((key,), f"no tag `{key}`", "Use a") for key in tags if key != "a"])
        return tags


class Basket(Strict):
    name: str
    items: list[Item] = Field(min_length=1)


@pytest.fixture
def check(tmp_path):
    def run(text):
        path = tmp_path / "basket.yml"
        path.write_text(text)
        data, lines = load_yaml(path)
        try:
            Basket.model_validate(data)
        except ValidationError as error:
            found = problems(error, lines, Basket)
        else:
            found = problems(None, lines)
        return [one.removeprefix(f"{path}:") for one in found]

    return run


def test_a_right_file_has_no_problems(check):
    assert check("name: b\nitems:\n  - {kind: pear, count: 1, tags: {a: x}}\n") == []


def test_every_problem_is_told_with_its_line(check):
    text = """\
name: 5
nam: x
items:
  - kind: aple
    count: many
    tags:
      b: x
      b: y
  - count: 1
    colour: red
    kind: pear
  - kind: pear
"""
    assert check(text) == [
        '1: `name` is 5, which is no text. Put it in quotes: "5"',
        "2: unknown key `nam`. Did you mean `name`?",
        "4: `kind` is 'aple'. Did you mean `apple`?",
        (
            "5: `count` is 'many': input should be a valid integer, unable to parse string as an "
            "integer. a whole number"
        ),
        "7: no tag `b`. Use a",
        "8: `b` is given twice, first in line 7. Keep one of the two",
        "10: unknown key `colour`. Known are kind, count, tags",
        "12: `count` is missing. Add `count`: a whole number",
    ]


def test_a_list_of_wrong_items_is_not_called_short(check):
    assert len(check("name: b\nitems:\n  - {kind: pear}\n")) == 1
    (said,) = check("name: b\nitems: []\n")
    assert said.startswith("2: `items` is a list: ")


def test_an_alias_inside_its_own_anchor_is_a_problem(check):
    said = check("name: b\nitems: &items [*items]\n")
    assert "2: an alias stands inside its own anchor. Spell the part out" in said


def test_an_empty_file_is_a_problem(check):
    (said,) = check("")
    assert said.startswith("1: `the file` is empty")


def test_keys_and_dates_stay_text(tmp_path):
    path = tmp_path / "x.yml"
    path.write_text(
        "007: a\nyes: no\nnull: ~\n1.0: 2\nday: 2018-02-31\nat: 2018-01-01T10:00:00-03:00\n"
    )
    data, lines = load_yaml(path)
    assert data == {
        "007": "a",
        "yes": "no",
        "null": None,
        "1.0": 2,
        "day": "2018-02-31",
        "at": "2018-01-01T10:00:00-03:00",
    }
    assert lines.at(("day",)) == 5


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a: [1\nb: 2\n", ":2: is no YAML"),
        (b"a: 'x\n", ":2: is no YAML"),
        (b"a: 1\n---\nb: 2\n", "is no YAML"),
        (b"a: \xff\n", ":1: byte 3 is not UTF-8. Save the file as UTF-8"),
    ],
)
def test_what_is_no_yaml_is_told(tmp_path, content, said):
    path = tmp_path / "x.yml"
    path.write_bytes(content)
    with pytest.raises(YamlError) as caught:
        load_yaml(path)
    assert said in str(caught.value)
    assert str(caught.value).startswith(str(path))


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(YamlError, match=r"x.yml:1: cannot be read \(No such file or directory\)"):
        load_yaml(tmp_path / "x.yml")


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("emial", "email"),
        ("E-Mail", "email"),
        ("customer_email", "email"),
        ("lead source", "lead_source"),
        ("zzz", None),
        ("", None),
    ],
)
def test_closest(name, near):
    assert closest(name, ["email", "phone", "lead_source"]) == near


def test_a_long_list_of_names_is_cut():
    assert did_you_mean("zzz", [f"q{n}" for n in range(20)]).endswith("q11, …")
