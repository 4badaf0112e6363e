"""Data Docs: pages of both boundaries in one folder, to be read without the internet."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from expectations.data_docs import INDEX, Boundary, Occasion, write_data_docs
from expectations.suite import Look, Rule, Suite, holds, is_one_of, is_unique, lies_between
from expectations.validation import Verdict, validate

if TYPE_CHECKING:
    from pathlib import Path

FRAME = pd.DataFrame(
    {
        "key": ["a<b>", "b", "c", "c"],
        "email": ["ana@example.com"] * 4,
        "is_known": pd.array([True, None, True, False], dtype="boolean"),
    }
)


def _verdict(table: str, *rules: Rule) -> Verdict:
    return validate(Suite("marts", table, (Look("select …", ("key",), rules),)), lambda _: FRAME)


@pytest.fixture(scope="module")
def verdicts() -> list[Verdict]:
    return [
        _verdict("fine", holds("key", "all <is> well", mostly=0)),
        _verdict(
            "bad",
            holds("is_known", "all are known", "warning"),
            is_unique(("key",), "a key comes once"),
            is_one_of("email", ["nobody@example.com"], "an address is ours"),
        ),
        _verdict("raising", lies_between("email", 0, 1, "an address is small")),
    ]


def _write(
    folder: Path, verdicts: list[Verdict], run: str = "one", boundary: Boundary = "what leaves"
) -> Path:
    occasion = Occasion(run_id=run, as_of="2026-04-01T04:00:00Z", looked_at="2026-04-01T05:00:00Z")
    return write_data_docs(folder, boundary, verdicts, occasion)


def test_pages_need_no_internet_and_hold_no_value(tmp_path: Path, verdicts: list[Verdict]) -> None:
    index = _write(tmp_path / "docs", verdicts)
    pages = {path.name: path.read_text() for path in index.parent.glob("*.html")}
    assert set(pages) == {
        INDEX, "marts__fine.html", "marts__bad.html", "marts__raising.html",
    }  # fmt: skip
    for name, page in pages.items():
        assert re.findall(r"(?:https?:)?//[\w.-]+", page) == [], name
        assert re.findall(r"<(?:script|link|img|iframe)\b|@import|url\(", page) == [], name
        linked = set(re.findall(r'href="([^"#]+)"', page))
        assert linked <= set(pages), name
        assert "example.com" not in page, name


def test_a_page_tells_rule_severity_and_keys(tmp_path: Path, verdicts: list[Verdict]) -> None:
    index = _write(tmp_path / "docs", verdicts)
    bad = index.with_name("marts__bad.html").read_text()
    for told in (
        "all are known (warning)",
        "a key comes once (critical)",
        "key c",
        "key a&lt;b&gt;",
    ):
        assert told in bad
    assert "Rows, by their keys" in bad
    raising = index.with_name("marts__raising.html").read_text()
    assert "the log of the run says what" in raising
    assert "all &lt;is&gt; well (critical)" in index.with_name("marts__fine.html").read_text()


def test_the_index_tells_each_suite_and_what_is_broken(
    tmp_path: Path, verdicts: list[Verdict]
) -> None:
    page = _write(tmp_path / "docs", verdicts).read_text()
    assert re.findall(r'<td class="(\w+)">\1</td>', page) == ["passed", "critical", "error"]
    assert '<span class="warning">warning</span> all are known (1 rows)' in page
    assert "What leaves" in page
    assert "What enters" not in page


def test_columns_that_cannot_be_read_have_a_page_too(tmp_path: Path) -> None:
    def fetch(query: str) -> pd.DataFrame:
        raise ValueError(f"'ana@example.com' in {query}")

    look = Look("select 1", ("key",), (holds("key", "all is well"),))
    verdict = validate(Suite("marts", "gone", (look,)), fetch)
    page = _write(tmp_path / "docs", [verdict]).with_name("marts__gone.html").read_text()
    assert "The columns could not be read" in page
    assert "ana@example.com" not in page


def test_each_boundary_replaces_its_own_pages_in_one_step(
    tmp_path: Path, verdicts: list[Verdict]
) -> None:
    folder = tmp_path / "docs"
    _write(folder, verdicts[:1], "one", "what enters")
    first = _write(folder, verdicts[1:2], "one").read_text()
    assert first.index("What enters") < first.index("What leaves")
    assert "an earlier run" not in first
    index = _write(folder, verdicts[2:], "two", "what enters")
    assert sorted(path.name for path in index.parent.glob("*.html")) == [
        INDEX, "marts__bad.html", "marts__raising.html",
    ]  # fmt: skip
    assert re.findall(r"by run (\w+)(: an earlier run)?", index.read_text()) == [
        ("two", ""), ("one", ": an earlier run"),
    ]  # fmt: skip
    # The link and what it points at; nothing is left of the others.
    assert len(list(folder.iterdir())) == 2
