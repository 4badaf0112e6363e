"""SOQL at the stand-in of Salesforce: what it finds and what it refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.sandbox.apis.present import Present
from ingestion.sandbox.apis.salesforce import salesforce_application
from ingestion.sandbox.apis.salesforce.refusal import Refusal
from tests.ingestion.sandbox.apis.salesforce_client import (
    Client,
    company,
    frame,
    refused,
    standing,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


FIELDS = ("Id", "Status", "CreatedDate", "ConvertedDate", "IsDeleted", "Address", "OwnerId",
          "Age_In_Days__c", "Name", "Nothing__c", "Owner.Name")  # fmt: skip
OPERATORS = ("=", "!=", "<", ">=", "like", "in", "not in", "=>")
LITERALS = ("'New'", "'%'", "''", "null", "true", "5", "-1.5", "2024-05-01", "2024-13-45",
            "2024-05-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "TODAY", "('New', null)",
            "(2024-05-01T00:00:00Z)", "(null)", "(5, 6)", "(true)", "()")  # fmt: skip
WORDS = (*FIELDS, *OPERATORS, *LITERALS, "select", "from", "Lead", "and", "or", "not", "(", ")",
         ",", "order by", "limit", "offset", "group by", "99999999999", "nulls last", "desc", "7",
         "count", '"')  # fmt: skip


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    """Of a stand-in at which nothing goes wrong and of which no test changes anything."""
    with standing() as one:
        yield one


@pytest.mark.parametrize(
    ("where", "holds"),
    [
        ("Status = 'new'", lambda leads: leads.Status == "New"),
        ("Status != 'New'", lambda leads: leads.Status != "New"),
        ("Status <> 'New'", lambda leads: leads.Status != "New"),
        ("Status IN ('New', 'Recycled')", lambda leads: leads.Status.isin(["New", "Recycled"])),
        (
            "Status NOT IN ('New', 'Recycled')",
            lambda leads: ~leads.Status.isin(["New", "Recycled"]),
        ),
        ("Email LIKE '%@CEDAR%'", lambda leads: leads.Email.str.contains("@cedar")),
        ("Reason__c = null", lambda leads: leads.Reason__c.isna()),
        ("Reason__c != NULL", lambda leads: leads.Reason__c.notna()),
        ("Reason__c != 'Duplicate'", lambda leads: leads.Reason__c != "Duplicate"),
        ("IsConverted = true", lambda leads: leads.IsConverted),
        (
            "CreatedDate >= 2024-05-01T00:00:00.000Z",
            lambda leads: leads.CreatedDate >= pd.Timestamp("2024-05-01"),
        ),
        (
            "CreatedDate < 2024-05-01T02:00:00+02:00",
            lambda leads: leads.CreatedDate < pd.Timestamp("2024-05-01"),
        ),
        (
            "ConvertedDate > 2024-05-01",
            lambda leads: pd.to_datetime(leads.ConvertedDate) > pd.Timestamp("2024-05-01"),
        ),
        (
            "(Status = 'New' OR Status = 'Nurture') AND NOT (LeadSource = null)",
            lambda leads: leads.Status.isin(["New", "Nurture"]) & leads.LeadSource.notna(),
        ),
        (
            "Age_In_Days__c >= 100",
            lambda leads: leads.CreatedDate
            <= pd.Timestamp(company()[1], unit="s") - pd.Timedelta(days=100),
        ),
        (
            "Name LIKE 'A%'",
            lambda leads: (
                leads.FirstName.fillna("") + " " + leads.LastName.fillna("")
            ).str.strip().str.upper().str.startswith("A"),
        ),
    ],
)  # fmt: skip
def test_conditions(client: Client, where: str, holds: Any) -> None:
    leads = frame("Lead", client.org.present.now())
    leads = leads[~leads.IsDeleted]
    wanted = set(leads.index[holds(leads)])
    assert 0 < len(wanted) < len(leads)
    assert {one["Id"] for one in client.records(f"SELECT Id FROM Lead WHERE {where}")} == wanted
    assert {one["Id"] for one in client.bulk(f"SELECT Id FROM Lead WHERE {where}")} == wanted


def test_numbers(client: Client) -> None:
    deals = frame("Opportunity", client.org.present.now())
    middle = deals.Amount.median()
    found = client.records(f"SELECT Id FROM Opportunity WHERE Amount > {middle}")
    assert {one["Id"] for one in found} == set(deals.index[deals.Amount > middle])


def test_ids_of_15_characters_are_found_and_cases_are_told_apart(client: Client) -> None:
    name = client.records("SELECT Id FROM Lead LIMIT 1")[0]["Id"]
    for form in (name, name[:15]):
        soql = f"SELECT Id FROM Lead WHERE Id = '{form}'"
        assert [one["Id"] for one in client.records(soql)] == [name]
    assert client.records(f"SELECT Id FROM Lead WHERE Id = '{name[:15].swapcase()}'") == []


def test_texts_with_quotes(client: Client) -> None:
    soql = r"SELECT Id FROM Lead WHERE LastName = 'O\'Brien\\' OR LastName = '\"'"
    assert client.records(soql) == []


def test_order_and_limit(client: Client) -> None:
    soql = "SELECT ConvertedDate FROM Lead ORDER BY ConvertedDate DESC NULLS LAST, Id LIMIT 300"
    found = client.records(soql)
    told = [one["ConvertedDate"] for one in found]
    assert len(found) == 300
    assert told == sorted(told, key=lambda one: one or "", reverse=True)
    first = client.records("SELECT ConvertedDate FROM Lead ORDER BY ConvertedDate LIMIT 1")
    assert first[0]["ConvertedDate"] is None


def test_names_may_be_written_in_any_case(client: Client) -> None:
    (record,) = client.records("select id, leadsource from LEAD limit 1")
    assert list(record) == ["attributes", "Id", "LeadSource"]


@pytest.mark.parametrize(
    ("soql", "code", "place", "message"),
    [
        ("SELECT Id, Foo__c FROM Lead", "INVALID_FIELD", 12,
         "No such column 'Foo__c' on entity 'Lead'. If you are attempting"),
        ("SELECT Owner.Name FROM Lead", "INVALID_FIELD", 8,
         "Didn't understand relationship 'Owner' in field path."),
        ("SELECT Id, Id FROM Lead", "INVALID_FIELD", 12, "duplicate field selected: Id"),
        ("SELECT Id FROM Nothing", "INVALID_TYPE", 16, "sObject type 'Nothing' is not"),
        ("SELECT Id FROM Lead WHERE CreatedDate > '2024-01-01'", "INVALID_FIELD", 27,
         "value of filter criterion for field 'CreatedDate' must be of type dateTime"),
        ("SELECT Id FROM Lead WHERE Status = 5", "INVALID_FIELD", 27,
         "value of filter criterion for field 'Status' must be of type string"),
        ("SELECT Id FROM LeadHistory WHERE OldValue = 'New'", "INVALID_FIELD", 34,
         "field 'OldValue' can not be filtered in a query call"),
        ("SELECT Id FROM Lead WHERE IsDeleted LIKE true", "INVALID_QUERY_FILTER_OPERATOR", 27,
         "invalid operator on boolean field"),
        ("SELECT Id FORM Lead", "MALFORMED_QUERY", 11, "unexpected token: 'FORM'"),
        ("SELECT Id FROM Lead WHERE", "MALFORMED_QUERY", 26, "unexpected token: '<EOF>'"),
        ("SELECT Id FROM Lead LIMIT 5 5", "MALFORMED_QUERY", 29, "unexpected token: '5'"),
        ("SELECT Id FROM Lead WHERE Id = \"x\"", "MALFORMED_QUERY", 32, "unexpected token"),
        ("SELECT Id FROM Lead WHERE Id = 'a' AND Id = 'b' OR Id = 'c'", "MALFORMED_QUERY", 49,
         "unexpected token: 'OR'"),
        ("SELECT Id FROM Lead WHERE CreatedDate > 2024-05-01T00:00:00.000 00:00",
         "MALFORMED_QUERY", 41, "unexpected token: '2'"),
        ("SELECT Id FROM Lead WHERE CreatedDate > YESTERDAY", "MALFORMED_QUERY", 41,
         "YESTERDAY not served here"),
    ],
)  # fmt: skip
def test_errors_name_their_place(
    client: Client, soql: str, code: str, place: int, message: str
) -> None:
    told = refused(client.query(soql), 400, code)
    blank, line, caret, where, *rest = told.split("\n")
    assert (blank, line, caret) == ("", soql, " " * (place - 1) + "^")
    assert where == f"ERROR at Row:1:Column:{place}"
    assert "\n".join(rest).startswith(message)


@given(
    st.lists(st.sampled_from(WORDS), max_size=14),
    st.tuples(*map(st.sampled_from, (FIELDS, OPERATORS, LITERALS))),
)
@settings(max_examples=400, deadline=None)
def test_each_text_is_a_query_or_refused(words: list[str], comparison: tuple[str, ...]) -> None:
    held, morning = company()
    org = salesforce_application(held, Present(morning)).state.org
    where = "SELECT Id FROM Lead WHERE"
    texts = (words, [where, *comparison], [where, *comparison, *words], [where, *words])
    for text in texts:
        try:
            selection = org.select(" ".join(text), everything=True)
        except Refusal:
            continue
        assert len(selection.rows(morning)) <= len(frame("Lead", morning))


def test_no_query_is_malformed(client: Client) -> None:
    refused(client.get("query"), 400, "MALFORMED_QUERY")
