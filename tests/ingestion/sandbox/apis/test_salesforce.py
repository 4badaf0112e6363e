"""Who may ask the stand-in of Salesforce, how often, and what it tells of its objects."""

from __future__ import annotations

import base64
import json
import time
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ingestion.sandbox.apis.present import Present
from ingestion.sandbox.apis.salesforce import Options, salesforce_application
from ingestion.sandbox.clock import DAY
from tests.ingestion.sandbox.apis.salesforce_client import (
    Client,
    company,
    refused,
    standing,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey


JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"


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


def test_jwt_bearer_gives_a_token_without_refresh_and_expiry(
    trusting: Client, key: RSAPrivateKey
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
    trusting: Client, key: RSAPrivateKey, claims: dict[str, Any], error: str
) -> None:
    answer = ask_token(trusting, grant_type=JWT_BEARER, assertion=assertion(key, **claims))
    assert answer.status_code == 400
    assert answer.json()["error"] == error
    assert answer.json()["error_description"]


def test_a_strange_signature_is_refused(trusting: Client, key: RSAPrivateKey) -> None:
    other = generate_private_key(65_537, 2_048)
    signed, _, _ = assertion(key).rpartition(".")
    for wrong in (assertion(other), f"{signed}.", f"{signed}.AAAA", "nonsense", "a.b.c"):
        answer = ask_token(trusting, grant_type=JWT_BEARER, assertion=wrong)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


def test_client_credentials(trusting: Client) -> None:
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


def test_wrong_client_credentials(trusting: Client) -> None:
    good = {"grant_type": "client_credentials", "client_id": "unified-funnel",
            "client_secret": "secret"}  # fmt: skip
    for wrong, error in (
        ({"client_id": "somebody"}, "invalid_client_id"),
        ({"client_secret": "guess"}, "invalid_client"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
    ):
        answer = ask_token(trusting, **(good | wrong))
        assert (answer.status_code, answer.json()["error"]) == (400, error)


def test_without_set_up_there_is_no_token(client: Client, key: RSAPrivateKey) -> None:
    answers = [
        ask_token(client, grant_type=JWT_BEARER, assertion=assertion(key)),
        ask_token(client, grant_type="client_credentials", client_id="unified-funnel"),
    ]
    assert [one.json()["error"] for one in answers] == ["invalid_grant"] * 2


def test_a_token_expires_after_so_many_requests() -> None:
    with standing(Options(token_requests=2)) as client:
        assert [client.get("limits").status_code for _ in range(3)] == [200, 200, 401]
        message = refused(client.get("limits"), 401, "INVALID_SESSION_ID")
        assert message == "Session expired or invalid"
        client.sign_in(client.org.sessions.issue())
        assert client.get("limits").status_code == 200


def test_a_token_of_another_scope_is_refused_again_and_again() -> None:
    with standing(Options(scope="id web")) as client:
        for _ in range(2):
            message = refused(client.get("limits"), 401, "INVALID_SESSION_ID")
            assert message.startswith("This session is not valid for use with")
            client.sign_in(client.org.sessions.issue())


def test_no_token_no_answer(client: Client) -> None:
    answer = requests.get(f"{client.url}{client.root}/limits", timeout=20)
    refused(answer, 401, "INVALID_SESSION_ID")


def test_the_versions_are_told_to_anybody(client: Client) -> None:
    told = requests.get(f"{client.url}/services/data", timeout=20).json()
    assert told[-1] == {
        "label": "Summer '26", "url": "/services/data/v67.0", "version": "67.0"
    }  # fmt: skip
    by_version = {one["version"]: one["label"] for one in told}
    assert len(by_version) > 3
    assert [by_version[one] for one in ("58.0", "65.0", "66.0")] == [
        "Summer '23", "Winter '26", "Spring '26"
    ]  # fmt: skip


def test_unknown_and_retired_versions(client: Client) -> None:
    refused(client.get("/services/data/v99.0/limits"), 404, "NOT_FOUND")
    refused(client.get("/services/data/vX/limits"), 404, "NOT_FOUND")
    refused(client.get("/services/data/v21.0/limits"), 410, "UNSUPPORTED_API_VERSION")


def test_unknown_paths_and_methods(client: Client) -> None:
    refused(client.get("nothing"), 404, "NOT_FOUND")
    answer = client.session.post(f"{client.url}{client.root}/limits", timeout=20)
    refused(answer, 405, "METHOD_NOT_ALLOWED")


def test_each_answer_says_how_much_is_used() -> None:
    with standing(Options(daily_requests=5_000)) as client:
        answers = [client.get("limits/"), client.get("query", q="nonsense")]
        told = [one.headers["Sforce-Limit-Info"] for one in answers]
        assert told == ["api-usage=1/5000", "api-usage=2/5000"]
        left = client.get("limits/").json()
        assert left["DailyApiRequests"] == {"Max": 5_000, "Remaining": 4_997}
        assert left["DailyBulkV2QueryJobs"] == {"Max": 10_000, "Remaining": 10_000}


def test_the_daily_limits_end_with_the_day() -> None:
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


def test_the_date_is_the_companys(client: Client) -> None:
    told = pd.Timestamp(client.get("limits").headers["Date"])
    assert told.timestamp() == client.org.present.now()


def fields_of(client: Client, name: str) -> dict[str, dict[str, Any]]:
    told = client.get(f"sobjects/{name}/describe").json()
    return {one["name"]: one for one in told["fields"]}


def test_all_objects_are_told(client: Client) -> None:
    told = client.get("sobjects/").json()["sobjects"]
    assert {one["name"] for one in told} == {one.name for one in company()[0].objects.values()}
    assert all(one["queryable"] for one in told)


def test_the_types(client: Client) -> None:
    fields = fields_of(client, "Lead")
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
    deal = fields_of(client, "Opportunity")
    assert [deal[one]["type"] for one in ("Amount", "Probability")] == ["currency", "percent"]


def test_compound_fields_and_formulas_are_marked(client: Client) -> None:
    fields = fields_of(client, "Lead")
    assert fields["Address"]["type"] == "address"
    assert fields["CountryCode"]["compoundFieldName"] == "Address"
    assert fields["LastName"]["compoundFieldName"] == "Name"
    assert fields["Name"]["compoundFieldName"] is None
    formulas = [one for one, field in fields.items() if field["calculated"]]
    assert formulas == ["Age_In_Days__c", "Greeting__c"]


def test_history_has_no_system_modstamp(client: Client) -> None:
    fields = fields_of(client, "LeadHistory")
    assert "SystemModstamp" not in fields
    assert not fields["OldValue"]["filterable"]


def test_what_is_hidden_does_not_appear_and_cannot_be_selected() -> None:
    options = Options(
        hidden_fields=frozenset({"Lead.Phone"}), hidden_objects=frozenset({"Campaign"})
    )
    with standing(options) as client:
        assert "Phone" not in fields_of(client, "Lead")
        assert "Phone" in fields_of(client, "Contact")
        refused(client.query("SELECT Phone FROM Lead"), 400, "INVALID_FIELD")
        refused(client.query("SELECT Id FROM Lead WHERE Phone = null"), 400, "INVALID_FIELD")
        told = client.get("sobjects").json()["sobjects"]
        assert "Campaign" not in {one["name"] for one in told}
        refused(client.get("sobjects/Campaign/describe"), 404, "NOT_FOUND")
        refused(client.query("SELECT Id FROM Campaign"), 400, "INVALID_TYPE")


def test_each_field_told_can_be_selected(client: Client) -> None:
    for entity in client.get("sobjects").json()["sobjects"]:
        names = list(fields_of(client, entity["name"]))
        answer = client.query(f"SELECT {', '.join(names)} FROM {entity['name']} LIMIT 2")
        assert answer.status_code == 200, answer.text
        for record in answer.json()["records"]:
            assert list(record) == ["attributes", *names]


def test_options_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValueError, match="18 characters"):
        Options(org_id="00D")
    with pytest.raises(ValueError, match="batch must lie"):
        Options(batch=100)


def test_nothing_need_be_said_to_have_a_stand_in() -> None:
    held, morning = company()
    assert salesforce_application(held, Present(morning)).state.org.options == Options()
