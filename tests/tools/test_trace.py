"""From a key of the marts back to the delivered rows, by command and as docs/trace.md says."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from ingestion.errors import TerminalError
from orchestration.query import query
from orchestration.trace import trace
from orchestration.workspace import PROJECT
from tests.tools.conftest import FILES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from orchestration.workspace import Workspace

PAGE = (PROJECT / "docs" / "trace.md").read_text(encoding="utf-8")
KEYS = {
    "person_key": "salesforce/main/ada",
    "account_key": "salesforce/main/A1",
    "opportunity_key": "salesforce/main/D1",
}
QUERIES = re.findall(r'make query SQL="([^"]+)"', PAGE)
COMMANDS = re.findall(r"^make trace KEY=<(\w+)>$", PAGE, re.MULTILINE)
STATEMENTS = re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture(scope="module")
def warehouse(workspace: Workspace) -> Iterator[Any]:
    with duckdb.connect(str(workspace.warehouse), read_only=True) as connection:
        yield connection


def test_the_page_has_blocks_of_each_kind() -> None:
    assert (len(QUERIES), sorted(COMMANDS), len(STATEMENTS)) == (2, sorted(KEYS), 3)


@pytest.mark.parametrize("sql", QUERIES)
def test_each_query_of_the_page_runs(workspace: Workspace, sql: str) -> None:
    assert "row" in query(workspace, sql.replace("<person_key>", KEYS["person_key"]))


@pytest.mark.parametrize("kind", COMMANDS)
def test_one_command_takes_all_three_kinds_of_keys(workspace: Workspace, kind: str) -> None:
    told = trace(workspace, KEYS[kind])
    assert told.startswith(f"{kind.removesuffix('_key')} {KEYS[kind]}")


@pytest.mark.parametrize("sql", STATEMENTS)
def test_each_statement_of_the_page_finds_something(warehouse: Any, sql: str) -> None:
    assert warehouse.execute(sql.replace("<key>", KEYS["person_key"])).fetchall()


@pytest.mark.parametrize("key", KEYS.values())
def test_command_and_statement_name_the_same_rows(
    workspace: Workspace, warehouse: Any, key: str
) -> None:
    rows = warehouse.execute(STATEMENTS[0].replace("<key>", key)).fetchall()
    told = trace(workspace, key)
    assert f"(rows: {len(rows)}, of loads:" in told
    for _, entity, file, line, load_id, *_ in rows:
        assert re.search(rf"{entity} +{file} +{line}  {load_id}", told)


def test_the_line_is_the_line_of_the_file(warehouse: Any) -> None:
    found = warehouse.execute(
        "select file, line, record_key from quality.traced_rows where entity = 'persons'"
    ).fetchall()
    assert len(found) == 24
    for file, line, record_key in found:
        assert FILES[file].splitlines()[line - 1].split(",")[0] == record_key.split("/")[-1]


def test_of_two_exports_the_later_row_is_used(warehouse: Any) -> None:
    found = warehouse.execute(
        "select cast(exported_at as date)::varchar, is_used from quality.traced_rows"
        " where traced_key = 'salesforce/main/A1' order by exported_at"
    ).fetchall()
    assert [is_used for _, is_used in found] == [False, True]


def test_a_row_that_cannot_be_read_says_why(workspace: Workspace) -> None:
    assert re.search(
        r"activities +responses\.csv +4 .* no +occurred_at does not cast: soon",
        trace(workspace, "salesforce/main/ada"),
    )


def test_the_key_of_a_record_leads_to_its_person(workspace: Workspace) -> None:
    assert trace(workspace, "marketo/main/P-ada") == trace(workspace, "salesforce/main/ada")


def test_values_are_told_only_if_asked_for(workspace: Workspace) -> None:
    assert "@" not in trace(workspace, "salesforce/main/ada")
    assert "      email: ada@example.com" in trace(
        workspace, "salesforce/main/ada", with_values=True
    )


def test_an_unknown_key_is_told_what_is_near(workspace: Workspace) -> None:
    with pytest.raises(TerminalError, match="Near it: marketo/main/P-bea, salesforce/main/bea"):
        trace(workspace, "bea")
    with pytest.raises(TerminalError, match="Give a person_key, account_key or opportunity_key"):
        trace(workspace, "nothing/like/it")
