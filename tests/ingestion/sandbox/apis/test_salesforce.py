"""The stand-in of Salesforce does over HTTP what the documents of Salesforce say."""

from __future__ import annotations

import base64
import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.sandbox.apis.present import Present
from ingestion.sandbox.apis.salesforce import FAULTS, Options, salesforce_application
from ingestion.sandbox.apis.salesforce.kept import Kept
from ingestion.sandbox.apis.salesforce.refusal import Refusal
from ingestion.sandbox.clock import DAY, MINUTE
from tests.ingestion.sandbox.apis.salesforce_client import (
    VERSION,
    Client,
    binned_at,
    company,
    frame,
    rows_of,
    standing,
    stored,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
FIELDS = ("Id", "Status", "CreatedDate", "ConvertedDate", "IsDeleted", "Address", "OwnerId",
          "Age_In_Days__c", "Name", "Nothing__c", "Owner.Name")  # fmt: skip
OPERATORS = ("=", "!=", "<", ">=", "like", "in", "not in", "=>")
LITERALS = ("'New'", "'%'", "''", "null", "true", "5", "-1.5", "2024-05-01", "2024-13-45",
            "2024-05-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "TODAY", "('New', null)",
            "(2024-05-01T00:00:00Z)", "(null)", "(5, 6)", "(true)", "()")  # fmt: skip
WORDS = (*FIELDS, *OPERATORS, *LITERALS, "select", "from", "Lead", "and", "or", "not", "(", ")",
         ",", "order by", "limit", "offset", "group by", "99999999999", "nulls last", "desc", "7",
         "count", '"')  # fmt: skip
ALL_LEADS = "SELECT Id, Email, Status, ConvertedDate, SystemModstamp FROM Lead"


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    """Of a stand-in at which nothing goes wrong and of which no test changes anything."""
    with standing() as one:
        yield one


@pytest.fixture(scope="module")
def key() -> RSAPrivateKey:
    return generate_private_key(65_537, 2_048)


@pytest.fixture(scope="module")
def trusting(key: RSAPrivateKey) -> Iterator[Client]:
    """Of a stand-in that was given the public key and a secret."""
    with standing(Options(public_key=pem(key), client_secret="secret")) as one:  # noqa: S106
        yield one


def pem(key: RSAPrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def assertion(key: RSAPrivateKey, algorithm: str = "RS256", **claims: Any) -> str:
    body = {
        "iss": "unified-funnel",
        "sub": "integration@funnel.example.com",
        "aud": "https://login.salesforce.com",
        "exp": time.time() + 180,
        **claims,
    }
    parts = [json.dumps(one).encode() for one in ({"alg": algorithm}, body)]
    signed = b".".join(base64.urlsafe_b64encode(one).rstrip(b"=") for one in parts)
    signature = base64.urlsafe_b64encode(key.sign(signed, PKCS1v15(), SHA256())).rstrip(b"=")
    return (signed + b"." + signature).decode()


def ask_token(client: Client, **form: str) -> requests.Response:
    return requests.post(f"{client.url}/services/oauth2/token", data=form, timeout=20)


def refused(answer: requests.Response, status: int, code: str) -> str:
    """The message of an answer that must be an array of one error."""
    assert answer.status_code == status, answer.text
    (error,) = answer.json()
    assert error["errorCode"] == code
    return str(error["message"])


class TestTokens:
    def test_jwt_bearer_gives_a_token_without_refresh_and_expiry(
        self, trusting: Client, key: RSAPrivateKey
    ) -> None:
        answer = ask_token(trusting, grant_type=JWT_BEARER, assertion=assertion(key))
        assert answer.status_code == 200
        token = answer.json()
        assert not {"expires_in", "refresh_token"} & token.keys()
        assert token["instance_url"] == trusting.url
        assert token["token_type"] == "Bearer"  # noqa: S105
        assert token["access_token"].startswith("00D")
        trusting.sign_in(token["access_token"])
        assert trusting.get("limits/").status_code == 200

    @pytest.mark.parametrize(
        ("claims", "error"),
        [
            ({"iss": "somebody"}, "invalid_client_id"),
            ({"sub": "unified-funnel"}, "invalid_grant"),  # the client id is no username
            ({"aud": "https://example.com"}, "invalid_grant"),
            ({"aud": ["https://example.com", 5]}, "invalid_grant"),
            ({"exp": 1_700_000_000}, "invalid_grant"),
            ({"exp": time.time() + 86_400}, "invalid_grant"),
            ({"exp": "soon"}, "invalid_grant"),
            ({"algorithm": "none"}, "invalid_grant"),
        ],
    )
    def test_a_wrong_claim_is_refused(
        self, trusting: Client, key: RSAPrivateKey, claims: dict[str, Any], error: str
    ) -> None:
        answer = ask_token(trusting, grant_type=JWT_BEARER, assertion=assertion(key, **claims))
        assert answer.status_code == 400
        assert answer.json()["error"] == error
        assert answer.json()["error_description"]

    def test_a_strange_signature_is_refused(self, trusting: Client, key: RSAPrivateKey) -> None:
        other = generate_private_key(65_537, 2_048)
        signed, _, _ = assertion(key).rpartition(".")
        for wrong in (assertion(other), f"{signed}.", f"{signed}.AAAA", "nonsense", "a.b.c"):
            answer = ask_token(trusting, grant_type=JWT_BEARER, assertion=wrong)
            assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")

    def test_client_credentials(self, trusting: Client) -> None:
        good = {"grant_type": "client_credentials", "client_id": "unified-funnel",
                "client_secret": "secret"}  # fmt: skip
        assert ask_token(trusting, **good).json()["access_token"]
        del good["client_id"], good["client_secret"]
        basic = requests.post(f"{trusting.url}/services/oauth2/token", data=good, timeout=20,
                              auth=("unified-funnel", "secret"))  # fmt: skip
        assert basic.json()["access_token"]
        broken = requests.post(f"{trusting.url}/services/oauth2/token", data=good, timeout=20,
                               headers={"Authorization": "Basic ?"})  # fmt: skip
        assert broken.json()["error"] == "invalid_client"

    def test_wrong_client_credentials(self, trusting: Client) -> None:
        good = {"grant_type": "client_credentials", "client_id": "unified-funnel",
                "client_secret": "secret"}  # fmt: skip
        for wrong, error in (
            ({"client_id": "somebody"}, "invalid_client_id"),
            ({"client_secret": "guess"}, "invalid_client"),
            ({"grant_type": "password"}, "unsupported_grant_type"),
        ):
            answer = ask_token(trusting, **(good | wrong))
            assert (answer.status_code, answer.json()["error"]) == (400, error)

    def test_without_set_up_there_is_no_token(self, client: Client, key: RSAPrivateKey) -> None:
        answers = [
            ask_token(client, grant_type=JWT_BEARER, assertion=assertion(key)),
            ask_token(client, grant_type="client_credentials", client_id="unified-funnel"),
        ]
        assert [one.json()["error"] for one in answers] == ["invalid_grant"] * 2

    def test_a_token_expires_after_so_many_requests(self) -> None:
        with standing(Options(token_requests=2)) as client:
            assert [client.get("limits").status_code for _ in range(3)] == [200, 200, 401]
            message = refused(client.get("limits"), 401, "INVALID_SESSION_ID")
            assert message == "Session expired or invalid"
            client.sign_in(client.org.sessions.issue())
            assert client.get("limits").status_code == 200

    def test_a_token_of_another_scope_is_refused_again_and_again(self) -> None:
        with standing(Options(scope="id web")) as client:
            for _ in range(2):
                message = refused(client.get("limits"), 401, "INVALID_SESSION_ID")
                assert message.startswith("This session is not valid for use with")
                client.sign_in(client.org.sessions.issue())

    def test_no_token_no_answer(self, client: Client) -> None:
        answer = requests.get(f"{client.url}{client.root}/limits", timeout=20)
        refused(answer, 401, "INVALID_SESSION_ID")


class TestVersionsAndLimits:
    def test_the_versions_are_told_to_anybody(self, client: Client) -> None:
        told = requests.get(f"{client.url}/services/data", timeout=20).json()
        assert told[-1] == {
            "label": "Summer '26", "url": "/services/data/v67.0", "version": "67.0"
        }  # fmt: skip
        by_version = {one["version"]: one["label"] for one in told}
        assert len(by_version) > 3
        assert [by_version[one] for one in ("58.0", "65.0", "66.0")] == [
            "Summer '23", "Winter '26", "Spring '26"
        ]  # fmt: skip

    def test_unknown_and_retired_versions(self, client: Client) -> None:
        refused(client.get("/services/data/v99.0/limits"), 404, "NOT_FOUND")
        refused(client.get("/services/data/vX/limits"), 404, "NOT_FOUND")
        refused(client.get("/services/data/v21.0/limits"), 410, "UNSUPPORTED_API_VERSION")

    def test_unknown_paths_and_methods(self, client: Client) -> None:
        refused(client.get("nothing"), 404, "NOT_FOUND")
        answer = client.session.post(f"{client.url}{client.root}/limits", timeout=20)
        refused(answer, 405, "METHOD_NOT_ALLOWED")

    def test_each_answer_says_how_much_is_used(self) -> None:
        with standing(Options(daily_requests=5_000)) as client:
            answers = [client.get("limits/"), client.get("query", q="nonsense")]
            told = [one.headers["Sforce-Limit-Info"] for one in answers]
            assert told == ["api-usage=1/5000", "api-usage=2/5000"]
            left = client.get("limits/").json()
            assert left["DailyApiRequests"] == {"Max": 5_000, "Remaining": 4_997}
            assert left["DailyBulkV2QueryJobs"] == {"Max": 10_000, "Remaining": 10_000}

    def test_the_daily_limits_end_with_the_day(self) -> None:
        with standing(Options(daily_requests=3, daily_jobs=1)) as client:
            assert client.create("SELECT Id FROM Lead").status_code == 200
            refused(client.create("SELECT Id FROM Lead"), 400, "LIMIT_EXCEEDED")
            client.get("limits")
            answer = client.get("limits")
            message = refused(answer, 403, "REQUEST_LIMIT_EXCEEDED")
            assert message == "TotalRequests Limit exceeded."
            assert "Retry-After" not in answer.headers
            client.org.present.advance(DAY)
            assert client.create("SELECT Id FROM Lead").status_code == 200

    def test_the_date_is_the_companys(self, client: Client) -> None:
        told = pd.Timestamp(client.get("limits").headers["Date"])
        assert told.timestamp() == client.org.present.now()


class TestDescribe:
    def fields(self, client: Client, name: str) -> dict[str, dict[str, Any]]:
        told = client.get(f"sobjects/{name}/describe").json()
        return {one["name"]: one for one in told["fields"]}

    def test_all_objects_are_told(self, client: Client) -> None:
        told = client.get("sobjects/").json()["sobjects"]
        assert {one["name"] for one in told} == {one.name for one in company()[0].objects.values()}
        assert all(one["queryable"] for one in told)

    def test_the_types(self, client: Client) -> None:
        fields = self.fields(client, "Lead")
        assert {one: fields[one]["type"] for one in (
            "Id", "OwnerId", "Email", "Status", "IsConverted", "ConvertedDate", "SystemModstamp"
        )} == {
            "Id": "id", "OwnerId": "reference", "Email": "email", "Status": "picklist",
            "IsConverted": "boolean", "ConvertedDate": "date", "SystemModstamp": "datetime",
        }  # fmt: skip
        assert fields["OwnerId"]["referenceTo"] == ["Group", "User"]
        assert fields["OwnerId"]["relationshipName"] == "Owner"
        assert fields["MasterRecordId"]["referenceTo"] == ["Lead"]
        assert (fields["Id"]["length"], fields["Id"]["nillable"]) == (18, False)
        assert fields["Reason__c"]["custom"]
        assert {"value": "New", "label": "New", "active": True, "defaultValue": False} in (
            fields["Status"]["picklistValues"]
        )
        deal = self.fields(client, "Opportunity")
        assert [deal[one]["type"] for one in ("Amount", "Probability")] == ["currency", "percent"]

    def test_compound_fields_and_formulas_are_marked(self, client: Client) -> None:
        fields = self.fields(client, "Lead")
        assert fields["Address"]["type"] == "address"
        assert fields["CountryCode"]["compoundFieldName"] == "Address"
        assert fields["LastName"]["compoundFieldName"] == "Name"
        assert fields["Name"]["compoundFieldName"] is None
        formulas = [one for one, field in fields.items() if field["calculated"]]
        assert formulas == ["Age_In_Days__c", "Greeting__c"]

    def test_history_has_no_system_modstamp(self, client: Client) -> None:
        fields = self.fields(client, "LeadHistory")
        assert "SystemModstamp" not in fields
        assert not fields["OldValue"]["filterable"]

    def test_what_is_hidden_does_not_appear_and_cannot_be_selected(self) -> None:
        options = Options(
            hidden_fields=frozenset({"Lead.Phone"}), hidden_objects=frozenset({"Campaign"})
        )
        with standing(options) as client:
            assert "Phone" not in self.fields(client, "Lead")
            assert "Phone" in self.fields(client, "Contact")
            refused(client.query("SELECT Phone FROM Lead"), 400, "INVALID_FIELD")
            refused(client.query("SELECT Id FROM Lead WHERE Phone = null"), 400, "INVALID_FIELD")
            told = client.get("sobjects").json()["sobjects"]
            assert "Campaign" not in {one["name"] for one in told}
            refused(client.get("sobjects/Campaign/describe"), 404, "NOT_FOUND")
            refused(client.query("SELECT Id FROM Campaign"), 400, "INVALID_TYPE")

    def test_each_field_told_can_be_selected(self, client: Client) -> None:
        for entity in client.get("sobjects").json()["sobjects"]:
            names = list(self.fields(client, entity["name"]))
            answer = client.query(f"SELECT {', '.join(names)} FROM {entity['name']} LIMIT 2")
            assert answer.status_code == 200, answer.text
            for record in answer.json()["records"]:
                assert list(record) == ["attributes", *names]


class TestQueries:
    def test_all_records_come_once_in_batches(self, client: Client) -> None:
        soql = "SELECT Id FROM Lead"
        first = client.query(soql, Sforce_Query_Options="batchSize=200").json()
        assert len(first["records"]) == 200
        assert not first["done"]
        assert first["nextRecordsUrl"].startswith(f"/services/data/v{VERSION}/query/01g")
        assert first["nextRecordsUrl"].endswith("-200")
        found = [one["Id"] for one in client.records(soql, batch=200)]
        assert len(found) == len(set(found)) == first["totalSize"]
        leads = frame("Lead", client.org.present.now())
        assert set(found) == set(leads.index[~leads.IsDeleted])

    def test_the_next_batch_of_query_all_is_asked_of_query(self, client: Client) -> None:
        answer = client.query(
            "SELECT Id FROM Lead", "queryAll", Sforce_Query_Options="batchSize=200"
        )
        following = answer.json()["nextRecordsUrl"]
        assert "/query/" in following
        other = following.replace("/query/", "/queryAll/")
        assert client.get(following).json()["records"] == client.get(other).json()["records"]

    def test_batches_have_200_to_2000_rows(self, client: Client) -> None:
        for asked, got in ((1, 200), (9_999, 2_000), (250, 250)):
            answer = client.query("SELECT Id FROM LeadHistory",
                                  Sforce_Query_Options=f"batchSize={asked}")  # fmt: skip
            assert len(answer.json()["records"]) == got

    def test_a_locator_lives_for_two_days(self) -> None:
        with standing() as client:
            answer = client.query("SELECT Id FROM LeadHistory").json()
            client.org.present.advance(2 * DAY - 1)
            assert client.get(answer["nextRecordsUrl"]).status_code == 200
            client.org.present.advance(1)
            refused(client.get(answer["nextRecordsUrl"]), 400, "INVALID_QUERY_LOCATOR")
            refused(client.get("query/01g000000000000AAA-20"), 400, "INVALID_QUERY_LOCATOR")

    def test_records_name_their_type_and_moments_their_zone(self, client: Client) -> None:
        (record,) = client.records(
            "SELECT Id, CreatedDate, ConvertedDate, IsConverted, Address FROM Lead "
            "WHERE ConvertedDate != null LIMIT 1"
        )
        held = frame("Lead", client.org.present.now()).loc[record["Id"]]
        assert record.pop("attributes") == {
            "type": "Lead", "url": f"/services/data/v{VERSION}/sobjects/Lead/{record['Id']}"
        }  # fmt: skip
        assert record["CreatedDate"] == f"{held.CreatedDate.isoformat()}.000+0000"
        assert record["ConvertedDate"] == held.ConvertedDate.isoformat()
        assert record["IsConverted"] is True
        assert record["Address"]["countryCode"] == held.CountryCode

    def test_count(self, client: Client) -> None:
        answer = client.query("SELECT COUNT() FROM User WHERE IsActive = true").json()
        users = frame("User", client.org.present.now())
        assert answer == {"totalSize": int(users.IsActive.sum()), "done": True, "records": []}

    def test_only_query_all_shows_the_recycle_bin(self) -> None:
        moment = binned_at()
        with standing(moment=moment) as client:
            leads = frame("Lead", moment)
            assert leads.IsDeleted.any()
            soql = "SELECT Id, IsDeleted, MasterRecordId FROM Lead"
            shown = {one["Id"] for one in client.records(soql)}
            assert shown == set(leads.index[~leads.IsDeleted])
            everything = {one["Id"]: one for one in client.records(soql, "queryAll")}
            assert everything.keys() == set(leads.index)
            losers = leads.index[leads.MasterRecordId.notna()]
            for loser in losers:
                assert everything[loser]["IsDeleted"] is True
                assert everything[loser]["MasterRecordId"] == leads.MasterRecordId[loser]
            client.org.present.advance(400 * DAY)
            left = {one["Id"] for one in client.records(soql, "queryAll")}
            assert not left & set(leads.index[leads.IsDeleted & leads.MasterRecordId.notna()])

    def test_which_were_deleted(self) -> None:
        moment = binned_at()
        with standing(moment=moment + DAY) as client:
            leads = frame("Lead", moment)
            told = client.get("sobjects/Lead/deleted/", start=_iso(moment - 3 * DAY),
                              end=_iso(moment + DAY)).json()  # fmt: skip
            by_id = {one["id"]: one["deletedDate"] for one in told["deletedRecords"]}
            newest = leads[leads.IsDeleted].SystemModstamp.idxmax()
            assert by_id[newest] == f"{leads.SystemModstamp[newest].isoformat()}.000+0000"
            for start, end in ((40, 0), (0.0001, 0)):
                answer = client.get("sobjects/Lead/deleted", start=_iso(moment - start * DAY),
                                    end=_iso(moment - end * DAY))  # fmt: skip
                refused(answer, 400, "INVALID_REPLICATION_DATE")
            refused(client.get("sobjects/Lead/deleted", start="now", end=""), 400, "INVALID_FIELD")
            nothing = client.get("sobjects/LeadHistory/deleted", start="", end="")
            refused(nothing, 404, "NOT_FOUND")

    def test_removed_campaign_members_are_told_though_they_are_gone(self) -> None:
        members = stored("CampaignMember")
        ends = members.shown_until[np.diff(members.record, append=-1) != 0]
        gone = float(ends[ends < company()[1]].max())
        with standing(moment=gone + 60) as client:
            told = client.get("sobjects/CampaignMember/deleted", start=_iso(gone - 60),
                              end=_iso(gone + 60)).json()  # fmt: skip
            ids = {one["id"] for one in told["deletedRecords"]}
            assert ids
            everything = client.records("SELECT Id FROM CampaignMember", "queryAll")
            assert not ids & {one["Id"] for one in everything}

    def test_an_address_may_not_be_too_long(self, client: Client) -> None:
        names = ", ".join(["Id"] * 6_000)
        assert client.query(f"SELECT {names} FROM Lead").status_code == 414


def _iso(moment: float) -> str:
    return pd.Timestamp(moment, unit="s", tz="UTC").isoformat()


class TestSoql:
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
    def test_conditions(self, client: Client, where: str, holds: Any) -> None:
        leads = frame("Lead", client.org.present.now())
        leads = leads[~leads.IsDeleted]
        wanted = set(leads.index[holds(leads)])
        assert 0 < len(wanted) < len(leads)
        assert {one["Id"] for one in client.records(f"SELECT Id FROM Lead WHERE {where}")} == wanted
        assert {one["Id"] for one in client.bulk(f"SELECT Id FROM Lead WHERE {where}")} == wanted

    def test_numbers(self, client: Client) -> None:
        deals = frame("Opportunity", client.org.present.now())
        middle = deals.Amount.median()
        found = client.records(f"SELECT Id FROM Opportunity WHERE Amount > {middle}")
        assert {one["Id"] for one in found} == set(deals.index[deals.Amount > middle])

    def test_ids_of_15_characters_are_found_and_cases_are_told_apart(self, client: Client) -> None:
        name = client.records("SELECT Id FROM Lead LIMIT 1")[0]["Id"]
        for form in (name, name[:15]):
            soql = f"SELECT Id FROM Lead WHERE Id = '{form}'"
            assert [one["Id"] for one in client.records(soql)] == [name]
        assert client.records(f"SELECT Id FROM Lead WHERE Id = '{name[:15].swapcase()}'") == []

    def test_texts_with_quotes(self, client: Client) -> None:
        soql = r"SELECT Id FROM Lead WHERE LastName = 'O\'Brien\\' OR LastName = '\"'"
        assert client.records(soql) == []

    def test_order_and_limit(self, client: Client) -> None:
        soql = "SELECT ConvertedDate FROM Lead ORDER BY ConvertedDate DESC NULLS LAST, Id LIMIT 300"
        found = client.records(soql)
        told = [one["ConvertedDate"] for one in found]
        assert len(found) == 300
        assert told == sorted(told, key=lambda one: one or "", reverse=True)
        first = client.records("SELECT ConvertedDate FROM Lead ORDER BY ConvertedDate LIMIT 1")
        assert first[0]["ConvertedDate"] is None

    def test_names_may_be_written_in_any_case(self, client: Client) -> None:
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
        self, client: Client, soql: str, code: str, place: int, message: str
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
    def test_each_text_is_a_query_or_refused(
        self, words: list[str], comparison: tuple[str, ...]
    ) -> None:
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

    def test_no_query_is_malformed(self, client: Client) -> None:
        refused(client.get("query"), 400, "MALFORMED_QUERY")


class TestBulk:
    def test_the_life_of_a_job(self, client: Client) -> None:
        created = client.create(ALL_LEADS)
        assert created.status_code == 200
        job = created.json()
        assert job["id"].startswith("750")
        assert job["createdDate"] == job["systemModstamp"]
        assert job["createdDate"].endswith(".000+0000")
        for key in ("id", "createdById", "createdDate", "systemModstamp"):
            del job[key]
        assert job == {
            "operation": "query", "object": "Lead", "state": "UploadComplete",
            "concurrencyMode": "Parallel", "contentType": "CSV", "apiVersion": 67.0,
            "lineEnding": "LF", "columnDelimiter": "COMMA",
        }  # fmt: skip
        name = created.json()["id"]
        refused(client.results(name), 400, "INVALIDJOBSTATE")
        polls = [client.get(f"jobs/query/{name}").json() for _ in range(4)]
        assert [one["state"] for one in polls] == [
            "UploadComplete", "InProgress", "JobComplete", "JobComplete"
        ]  # fmt: skip
        leads = frame("Lead", client.org.present.now())
        assert polls[-1]["numberRecordsProcessed"] == int((~leads.IsDeleted).sum())
        assert (polls[-1]["jobType"], polls[-1]["retries"]) == ("V2Query", 0)
        assert polls[-1]["totalProcessingTime"] > 0

    def test_pages_reconcile_and_hold_what_the_org_holds(self, client: Client) -> None:
        job = client.done(ALL_LEADS, "queryAll")
        pages = list(client.pages(job, 200))
        counts = [int(page.headers["Sforce-NumberOfRecords"]) for page in pages]
        assert counts[:-1] == [200] * (len(pages) - 1)
        assert sum(counts) == client.poll(job)["numberRecordsProcessed"]
        assert pages[-1].headers["Sforce-Locator"] == "null"
        rows = [row for page in pages for row in rows_of(page)]
        leads = frame("Lead", client.org.present.now())
        assert len(rows) == len(leads)
        for row in rows:
            held = leads.loc[row["Id"]]
            assert row["Status"] == held.Status
            assert row["SystemModstamp"] == f"{held.SystemModstamp.isoformat()}.000Z"
            converted = held.ConvertedDate
            assert row["ConvertedDate"] == ("" if pd.isna(converted) else converted.isoformat())

    def test_columns_are_in_the_order_of_the_select_and_all_is_quoted(self, client: Client) -> None:
        text = client.results(client.done("SELECT Status, Id, ConvertedDate FROM Lead")).text
        assert text.startswith('"Status","Id","ConvertedDate"\n')
        assert text.endswith("\n")
        lines = text.splitlines()
        assert all(line.startswith('"') and line.endswith('"') for line in lines)
        assert any(line.endswith(',""') for line in lines)

    def test_line_breaks_and_quotes_are_quoted(self, client: Client) -> None:
        job = client.done("SELECT Id, Greeting__c FROM Lead")
        page = client.results(job)
        assert page.text.count('""') == 2 * (count := int(page.headers["Sforce-NumberOfRecords"]))
        assert page.text.count("\n") == 2 * count + 1
        leads = frame("Lead", client.org.present.now())
        for row in rows_of(page):
            assert row["Greeting__c"].endswith(f'\n"{leads.Company[row["Id"]]}"')

    def test_a_page_may_be_fetched_again(self, client: Client) -> None:
        job = client.done(ALL_LEADS)
        second = client.results(job, maxRecords=100).headers["Sforce-Locator"]
        pages = [client.results(job, maxRecords=100, locator=second) for _ in range(2)]
        assert pages[0].text == pages[1].text
        assert pages[0].headers["Sforce-Locator"] == pages[1].headers["Sforce-Locator"]
        assert not {row["Id"] for row in rows_of(pages[0])} & {
            row["Id"] for row in rows_of(client.results(job, maxRecords=100))
        }
        for wrong in ("nonsense", "MTAw!", "LTE", "OTk5OTk5OTk", "\u00e9"):
            answer = client.results(job, maxRecords=100, locator=wrong)
            refused(answer, 400, "INVALID_QUERY_LOCATOR")
        for number in ("0", "-1", "many", "9" * 5_000):
            refused(client.results(job, maxRecords=number), 400, "INVALID_FIELD")

    @pytest.mark.parametrize(("end", "told"), [("null", "null"), ("empty", ""), ("absent", None)])
    def test_the_last_page_ends_in_one_of_three_ways(self, end: Any, told: str | None) -> None:
        with standing(Options(end_of_results=end)) as client:
            page = client.results(client.done("SELECT Id FROM User"))
            assert page.headers.get("Sforce-Locator") == told

    def test_nothing_found_is_a_header_and_no_rows(self, client: Client) -> None:
        page = client.results(client.done("SELECT Id FROM Lead WHERE Email = 'nobody'"))
        assert page.text == '"Id"\n'
        assert page.headers["Sforce-NumberOfRecords"] == "0"
        assert page.headers["Sforce-Locator"] == "null"

    def test_rows_are_in_no_order_but_always_in_the_same(self, client: Client) -> None:
        rows = [client.bulk(ALL_LEADS) for _ in range(2)]
        assert rows[0] == rows[1]
        for field in ("Id", "SystemModstamp"):
            values = [row[field] for row in rows[0]]
            assert values not in (sorted(values), sorted(values, reverse=True))
            assert values[-1] != max(values)
        ordered = [row["Id"] for row in client.bulk(f"{ALL_LEADS} ORDER BY Id LIMIT 500")]
        assert ordered == sorted(row["Id"] for row in rows[0])[:500]

    def test_a_job_shows_the_moment_of_its_creation(self) -> None:
        moment = company()[1] - 200 * DAY
        with standing(moment=moment) as client:
            job = client.create(ALL_LEADS, "queryAll").json()["id"]
            client.org.present.advance(3 * DAY)
            assert client.poll(job)["state"] == "JobComplete"
            rows = rows_of(client.results(job))
            before = frame("Lead", moment)
            assert {row["Id"] for row in rows} == set(before.index)
            later = {row["Id"] for row in client.bulk(ALL_LEADS, "queryAll")}
            assert later - set(before.index)

    def test_another_version_gets_no_results(self, client: Client) -> None:
        job = client.done(ALL_LEADS)
        for path in ("results", "resultPages"):
            answer = client.get(f"/services/data/v66.0/jobs/query/{job}/{path}")
            refused(answer, 409, "VERSION_MISMATCH")
        assert client.get(f"/services/data/v66.0/jobs/query/{job}").status_code == 200

    def test_results_are_gone_after_seven_days(self) -> None:
        with standing() as client:
            job = client.done(ALL_LEADS)
            client.org.present.advance(7 * DAY - 1)
            assert client.results(job).status_code == 200
            client.org.present.advance(1)
            refused(client.results(job), 404, "NOT_FOUND")

    def test_up_to_five_pages_can_be_fetched_side_by_side(self, client: Client) -> None:
        job, found, path = client.done(ALL_LEADS), [], ""
        told = client.get(f"jobs/query/{job}/resultPages", maxRecords=100).json()
        while True:
            assert 0 < len(told["resultPages"]) <= 5
            for page in told["resultPages"]:
                found += [row["Id"] for row in rows_of(client.get(page["resultUrl"]))]
            path = told["nextRecordsUrl"]
            if told["done"]:
                break
            told = client.get(path).json()
        assert path is None
        assert len(found) == len(set(found)) == client.poll(job)["numberRecordsProcessed"]

    def test_pages_fetched_at_once_are_those_fetched_in_turn(self, client: Client) -> None:
        job = client.done(f"{ALL_LEADS} WHERE Id != null")
        told = client.get(f"jobs/query/{job}/resultPages", maxRecords=100).json()
        paths = [one["resultUrl"] for one in told["resultPages"]]
        with ThreadPoolExecutor(4) as pool:
            at_once = list(pool.map(lambda path: client.get(path).text, paths))
        assert at_once == [client.get(path).text for path in paths]

    def test_result_pages_came_with_version_58(self, client: Client) -> None:
        answer = client.get("/services/data/v55.0/jobs/query/750/resultPages")
        refused(answer, 404, "NOT_FOUND")

    def test_abort_delete_and_list(self) -> None:
        with standing() as client:
            job = client.create(ALL_LEADS).json()["id"]
            address = f"{client.url}{client.root}/jobs/query/{job}"
            refused(client.session.delete(address, timeout=20), 400, "INVALIDJOBSTATE")
            answer = client.session.patch(address, json={"state": "Aborted"}, timeout=20)
            assert answer.json()["state"] == "Aborted"
            assert client.get(f"jobs/query/{job}").json()["state"] == "Aborted"
            refused(client.results(job), 400, "INVALIDJOBSTATE")
            assert [one["id"] for one in client.get("jobs/query").json()["records"]] == [job]
            deleted = client.session.delete(address, timeout=20)
            assert (deleted.status_code, deleted.content) == (204, b"")
            refused(client.get(f"jobs/query/{job}"), 404, "NOT_FOUND")
            done = client.done(ALL_LEADS)
            answer = client.session.patch(
                f"{client.url}{client.root}/jobs/query/{done}",
                json={"state": "Aborted"},
                timeout=20,
            )
            refused(answer, 400, "INVALIDJOBSTATE")

    @pytest.mark.parametrize(
        ("soql", "code", "message"),
        [
            ("SELECT Id FROM TaskStatus", "INVALIDENTITY",
             "Entity 'TaskStatus' is not supported by the Bulk API."),
            ("SELECT Id, Address FROM Lead", "API_ERROR",
             "Selecting compound data not supported in Bulk Query"),
            ("SELECT COUNT() FROM Lead", "API_ERROR", "Aggregate functions not supported"),
            ("SELECT MAX(Id) FROM Lead", "API_ERROR", "Aggregate functions not supported"),
            ("SELECT Status FROM Lead GROUP BY Status", "API_ERROR", "GROUP BY clauses not"),
            ("SELECT Id FROM Lead OFFSET 5", "API_ERROR", "OFFSET clauses not supported"),
            ("SELECT TYPEOF Who WHEN Lead THEN Id END FROM Task", "API_ERROR", "TYPEOF clauses"),
            ("SELECT Id, (SELECT Id FROM Contacts) FROM Account", "API_ERROR",
             "Aggregate Relationships not supported in Bulk Query"),
            ("SELECT Id FROM Nothing", "INVALID_TYPE", "\nSELECT Id FROM Nothing"),
            ("SELECT Foo__c FROM Lead", "INVALID_FIELD", "\nSELECT Foo__c FROM Lead"),
            ("SELECT", "MALFORMED_QUERY", "\nSELECT"),
            ("", "MALFORMED_QUERY", ""),
        ],
    )  # fmt: skip
    def test_what_bulk_refuses(self, client: Client, soql: str, code: str, message: str) -> None:
        assert refused(client.create(soql), 400, code).startswith(message)

    def test_an_object_without_bulk_is_there_for_rest(self) -> None:
        with standing(Options(without_bulk=frozenset({"LeadStatus"}))) as client:
            refused(client.create("SELECT Id FROM LeadStatus"), 400, "INVALIDENTITY")
            assert client.records("SELECT Id, MasterLabel, SortOrder FROM LeadStatus")

    @pytest.mark.parametrize(
        "wrong", [{"operation": "insert"}, {"contentType": "JSON"}, {"lineEnding": "CR"},
                  {"columnDelimiter": "DOT"}]
    )  # fmt: skip
    def test_a_job_that_cannot_be_is_refused(self, client: Client, wrong: dict[str, str]) -> None:
        refused(client.create(ALL_LEADS, **({"operation": "query"} | wrong)), 400, "INVALIDJOB")

    def test_a_body_that_is_not_json_is_refused(self, client: Client) -> None:
        for body in ("{", "[]"):
            answer = client.session.post(
                f"{client.url}{client.root}/jobs/query", data=body, timeout=20
            )
            refused(answer, 400, "JSON_PARSER_ERROR")

    def test_pages_are_compressed_for_those_who_can_read_it(self, client: Client) -> None:
        job = client.done(ALL_LEADS)
        zipped = client.results(job)
        assert zipped.headers["Content-Encoding"] == "gzip"
        plain = client.get(f"jobs/query/{job}/results", headers={"Accept-Encoding": "identity"})
        assert "Content-Encoding" not in plain.headers
        assert plain.text == zipped.text
        assert int(zipped.headers["Content-Length"]) < len(plain.content) / 2

    def test_other_delimiters_and_line_ends(self, client: Client) -> None:
        job = client.done("SELECT Id, Status FROM Lead", columnDelimiter="TAB", lineEnding="CRLF")
        lines = client.results(job, maxRecords=10).content.split(b"\r\n")
        assert lines[0] == b'"Id"\t"Status"'
        assert (len(lines), lines[-1]) == (12, b"")

    def test_it_counts_what_it_does(self) -> None:
        with standing() as client:
            rows = client.bulk(ALL_LEADS, rows=300)
            records = client.records("SELECT Id FROM User")
            counts = client.org.counts
            assert counts.rows == {"Lead": len(rows), "User": len(records)}
            assert counts.requests["create_job"] == 1
            assert counts.requests["poll_job"] == 3
            assert counts.requests["results"] == -(-len(rows) // 300)
            assert counts.requests["query"] == 1


class TestFaults:
    def test_an_unknown_fault_is_an_error(self) -> None:
        with pytest.raises(ValueError, match="no such faults"), standing(earthquake=1):
            pass

    def test_each_fault_has_a_test(self) -> None:
        text = " ".join(name for name in vars(TestFaults) if name.startswith("test_"))
        assert [name for name in FAULTS if f"test_{name}" not in text] == []

    def again(self, client: Client, path: str, status: int, code: str) -> None:
        """A fault of rate 1 strikes twice, and lets the third request through."""
        for _ in range(2):
            refused(client.get(path), status, code)
        assert client.get(path).status_code == 200

    def test_request_limit(self) -> None:
        with standing(request_limit=1) as client:
            self.again(client, "limits", 403, "REQUEST_LIMIT_EXCEEDED")

    def test_api_disabled(self) -> None:
        with standing(api_disabled=1) as client:
            self.again(client, "limits", 403, "API_DISABLED_FOR_ORG")

    def test_metering(self) -> None:
        with standing(metering=1) as client:
            self.again(client, "limits", 400, "TXN_SECURITY_METERING_ERROR")

    def test_job_limit(self) -> None:
        with standing(job_limit=1) as client:
            message = refused(client.create(ALL_LEADS), 400, "LIMIT_EXCEEDED")
            assert message == "Max bulk v2 query jobs (10000) per 24 hrs has been reached"

    def test_server_error(self) -> None:
        with standing(server_error=1) as client:
            answers = [client.get("limits") for _ in range(3)]
            assert {answers[0].status_code, answers[1].status_code} == {500, 503}
            assert {one.json()[0]["errorCode"] for one in answers[:2]} == {
                "UNKNOWN_EXCEPTION", "SERVER_UNAVAILABLE"
            }  # fmt: skip
            assert answers[2].status_code == 200

    def test_query_timeout(self) -> None:
        with standing(query_timeout=1) as client:
            refused(client.query("SELECT Id FROM Lead"), 400, "QUERY_TIMEOUT")

    def test_edge_420(self) -> None:
        with standing(edge_420=1) as client:
            answer = client.get("limits")
            assert answer.status_code == 420
            with pytest.raises(requests.JSONDecodeError):
                answer.json()

    def test_timeout(self) -> None:
        with standing(Options(late_seconds=0.3), timeout=1) as client:
            begun = time.monotonic()
            assert client.get("limits").status_code == 200
            assert time.monotonic() - begun > 0.3

    def test_cut(self) -> None:
        with standing(cut=1) as client:
            for _ in range(2):
                with pytest.raises(
                    (requests.ConnectionError, requests.exceptions.ChunkedEncodingError)
                ):
                    client.get("sobjects")
            assert client.get("sobjects").status_code == 200

    def test_session_expired_also_between_two_pages(self) -> None:
        with standing() as client:
            job = client.done(ALL_LEADS)
            first = client.results(job, maxRecords=100)
            client.org.faults.rates["session_expired"] = 1
            following = {"maxRecords": 100, "locator": first.headers["Sforce-Locator"]}
            refused(client.results(job, **following), 401, "INVALID_SESSION_ID")
            client.org.faults.rates["session_expired"] = 0
            refused(client.results(job, **following), 401, "INVALID_SESSION_ID")
            client.sign_in(client.org.sessions.issue())
            assert client.results(job, **following).status_code == 200

    def test_job_failed(self) -> None:
        with standing(job_failed=1) as client:
            info = client.poll(client.create(ALL_LEADS).json()["id"])
            assert info["state"] == "Failed"
            assert info["errorMessage"]
            assert info["retries"] == 15

    def test_job_aborted(self) -> None:
        with standing(job_aborted=1) as client:
            assert client.poll(client.create(ALL_LEADS).json()["id"])["state"] == "Aborted"

    def test_duplicated_page(self) -> None:
        with standing(duplicated_page=1) as client:
            ids = [row["Id"] for row in client.bulk(ALL_LEADS, rows=100)]
            leads = frame("Lead", client.org.present.now())
            assert set(ids) == set(leads.index[~leads.IsDeleted])
            assert len(ids) > len(set(ids))
            rest = [one["Id"] for one in client.records("SELECT Id FROM Lead", batch=200)]
            assert set(rest) == set(ids)
            assert len(rest) > len(set(rest))

    def test_short_page(self) -> None:
        with standing(short_page=1) as client:
            first = client.query("SELECT Id FROM Lead", Sforce_Query_Options="batchSize=200").json()
            assert len(first["records"]) == 100
            found = [one["Id"] for one in client.records("SELECT Id FROM Lead", batch=200)]
            assert len(found) == len(set(found)) == first["totalSize"]

    def test_malformed_row(self) -> None:
        with standing(malformed_row=1) as client:
            for soql, usual in ((ALL_LEADS, 5), ("SELECT Id FROM Lead", 1)):
                job = client.done(soql)
                lines = client.results(job, maxRecords=11).text.splitlines()
                counts = [line.count('","') + 1 for line in lines]
                assert len(counts) == 12
                assert sorted(set(counts)) in ([usual - 1, usual], [usual, usual + 1])
                assert counts.count(usual) == 11

    def test_null_byte(self) -> None:
        with standing(null_byte=1) as client:
            job = client.done(ALL_LEADS)
            damaged = client.results(job)
            assert damaged.text.count("\0") == 1
            client.org.faults.rates["null_byte"] = 0
            assert damaged.text.replace("\0", "") == client.results(job).text

    def test_late_commit(self) -> None:
        leads = stored("Lead")
        moment = float(leads.shown_from[len(leads.shown_from) // 2])
        with standing(Options(commit_delay=300), moment=moment, late_commit=1) as client:
            asked = "SELECT Id, SystemModstamp FROM Lead"
            now = {(one["Id"], one["SystemModstamp"]) for one in client.records(asked, "queryAll")}
            client.org.present.advance(5 * MINUTE)
            told = client.records(asked, "queryAll")
            later = {(one["Id"], one["SystemModstamp"]) for one in told}
            assert {one[0] for one in now} <= {one[0] for one in later}
            below = pd.Timestamp(moment, unit="s", tz="UTC").isoformat()[:19]
            late = [stamp for _, stamp in later - now if stamp[:19] <= below]
            assert late

    def test_late_commits_strike_their_share_and_lose_nothing(self) -> None:
        end = company()[1]
        with standing(late_commit=0.3) as client:
            client.org.present.set(end + DAY)
            found = {one["Id"] for one in client.records("SELECT Id FROM Lead", "queryAll")}
            assert found == set(frame("Lead", end + DAY).index)

    def test_schema_drift(self) -> None:
        with standing(schema_drift=0.6) as client:
            seen = set()
            for _ in range(20):
                told = client.get("sobjects/Lead/describe").json()["fields"]
                names = tuple(one["name"] for one in told if one["custom"])
                if names not in seen and "Added_Later__c" in names:
                    records = client.records("SELECT Added_Later__c FROM Lead LIMIT 3")
                    assert [one["Added_Later__c"] for one in records] == ["default"] * 3
                seen.add(names)
            assert len(seen) == 3
            assert len({len(names) for names in seen}) == 2
            everything = set.union(*map(set, seen))
            assert everything - set.intersection(*map(set, seen)) > {"Added_Later__c"}

    def test_clock_skew(self) -> None:
        with standing(Options(clock_skew=180), clock_skew=1) as client:
            answer = client.create(ALL_LEADS)
            now = client.org.present.now()
            assert pd.Timestamp(answer.headers["Date"]).timestamp() == now + 180
            assert pd.Timestamp(answer.json()["createdDate"]).timestamp() == now + 180

    def test_not_json(self) -> None:
        with standing(not_json=1) as client:
            answer = client.query("SELECT Id FROM Lead")
            assert (answer.status_code, answer.text[:15]) == (200, "<!DOCTYPE html>")
            assert answer.headers["Content-Type"].startswith("text/html")

    def test_insufficient_access(self) -> None:
        with standing(insufficient_access=1) as client:
            refused(client.query("SELECT Id FROM Lead"), 403, "INSUFFICIENT_ACCESS")
            refused(client.get("sobjects/Lead/describe"), 403, "INSUFFICIENT_ACCESS")
            refused(client.create("SELECT Id FROM Contact"), 403, "INSUFFICIENT_ACCESS")

    def test_a_patient_client_gets_everything(self) -> None:
        rates = dict.fromkeys(("request_limit", "server_error", "edge_420", "session_expired"), 0.2)
        with standing(**rates, cut=0.2, not_json=0.1) as client:
            job = patiently(client, lambda: client.create(ALL_LEADS).json()["id"])
            while patiently(client, lambda: client.get(f"jobs/query/{job}").json()["state"]) != (
                "JobComplete"
            ):
                pass
            rows, asked = [], {"maxRecords": 100}
            while asked.get("locator") != "null":
                page = patiently(client, lambda: client.results(job, **asked))
                rows += rows_of(page)
                asked["locator"] = page.headers["Sforce-Locator"]
            leads = frame("Lead", client.org.present.now())
            assert sorted(row["Id"] for row in rows) == sorted(leads.index[~leads.IsDeleted])
            assert sum(client.org.faults.struck.values()) > 10


def patiently(client: Client, ask: Any) -> Any:
    """What is asked for, as soon as it comes."""
    for _ in range(40):
        client.sign_in(client.org.sessions.issue())
        try:
            answer = ask()
        except (requests.RequestException, TypeError, KeyError):
            continue
        if not isinstance(answer, requests.Response) or "Sforce-Locator" in answer.headers:
            return answer
    raise TimeoutError


def test_options_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValueError, match="18 characters"):
        Options(org_id="00D")
    with pytest.raises(ValueError, match="batch must lie"):
        Options(batch=100)


def test_nothing_need_be_said_to_have_a_stand_in() -> None:
    held, morning = company()
    assert salesforce_application(held, Present(morning)).state.org.options == Options()


class TestKept:
    def test_results_that_were_forgotten_are_made_anew(self) -> None:
        with standing(Options(results_cached=1, pages_cached=1)) as client:
            jobs = [client.done(ALL_LEADS), client.done("SELECT Id FROM User")]
            texts = [[client.results(job).text for job in jobs] for _ in range(2)]
            assert texts[0] == texts[1]

    def test_what_is_asked_for_by_many_is_made_once(self) -> None:
        kept: Kept[int] = Kept(2)
        made: list[int] = []

        def make() -> int:
            time.sleep(0.05)
            made.append(1)
            return 7

        with ThreadPoolExecutor(4) as pool:
            assert list(pool.map(lambda _: kept.get("a", make), range(4))) == [7] * 4
        assert len(made) == 1
        assert [kept.get(one, make) for one in "bcbca"] == [7] * 5
        assert len(made) == 4

    def test_what_failed_is_tried_again(self) -> None:
        kept: Kept[int] = Kept(2)
        with pytest.raises(ZeroDivisionError):
            kept.get("a", lambda: 1 // 0)
        assert kept.get("a", lambda: 7) == 7
