"""The stand-in of Salesforce as the clients see it, without patience for long waits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingestion.connectors.http import Patience
from ingestion.connectors.salesforce import Credentials, Org
from ingestion.sandbox.apis.salesforce import Options

if TYPE_CHECKING:
    from tests.ingestion.sandbox.apis.salesforce_client import Client

QUICK = Patience(attempts=8, first_wait=0.001, longest_wait=0.01, connect=2, read=2)
SECRET = "a secret of the connected application"  # noqa: S105  # opens a stand-in only
OPTIONS = Options(client_secret=SECRET)


def org(client: Client, patience: Patience = QUICK, **changed: str) -> Org:
    given = {"login_url": client.url, "client_id": OPTIONS.client_id, "client_secret": SECRET}
    return Org("salesforce/main", Credentials(**given | changed), patience=patience)
