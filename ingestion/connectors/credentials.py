"""Credentials of connections: from the environment, and from nowhere else."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ingestion.connectors import marketo, salesforce
from ingestion.errors import TerminalError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ingestion.files import Connection


def variable(connection: Connection, what: str) -> str:
    """Return the name of a variable: `UNIFIED_FUNNEL_SALESFORCE_MAIN_CLIENT_SECRET`."""
    return f"UNIFIED_FUNNEL_{connection.system}_{connection.instance}_{what}".upper()


def salesforce_credentials(
    connection: Connection, environment: Mapping[str, str] = os.environ
) -> salesforce.Credentials:
    """Return the credentials of an org: LOGIN_URL, CLIENT_ID, and how it logs in.

    That is either USERNAME and PRIVATE_KEY (with AUDIENCE where it is not the LOGIN_URL) or
    CLIENT_SECRET. Raises TerminalError naming each variable that is missing.
    """
    given = _given(
        connection, environment,
        "LOGIN_URL", "CLIENT_ID", "CLIENT_SECRET", "USERNAME", "PRIVATE_KEY", "AUDIENCE",
    )  # fmt: skip
    needed = ["LOGIN_URL", "CLIENT_ID"]
    needed += ["USERNAME"] if given["PRIVATE_KEY"] else ["CLIENT_SECRET"]
    _refuse_missing(
        connection, [one for one in needed if not given[one]],
        " (or, for an assertion, PRIVATE_KEY and USERNAME)" if not given["PRIVATE_KEY"] else "",
    )  # fmt: skip
    return salesforce.Credentials(
        login_url=given["LOGIN_URL"],
        client_id=given["CLIENT_ID"],
        client_secret=given["CLIENT_SECRET"] or None,
        username=given["USERNAME"] or None,
        private_key=given["PRIVATE_KEY"] or None,
        audience=given["AUDIENCE"] or None,
    )


def marketo_credentials(
    connection: Connection, environment: Mapping[str, str] = os.environ
) -> marketo.Credentials:
    """Return the credentials of an instance: URL, CLIENT_ID, CLIENT_SECRET.

    Raises TerminalError naming each variable that is missing.
    """
    given = _given(connection, environment, "URL", "CLIENT_ID", "CLIENT_SECRET")
    _refuse_missing(connection, [one for one, text in given.items() if not text])
    return marketo.Credentials(
        url=given["URL"], client_id=given["CLIENT_ID"], client_secret=given["CLIENT_SECRET"]
    )


def _given(connection: Connection, environment: Mapping[str, str], *names: str) -> dict[str, str]:
    return {one: environment.get(variable(connection, one), "").strip() for one in names}


def _refuse_missing(connection: Connection, missing: list[str], instead: str = "") -> None:
    if missing:
        names = ", ".join(variable(connection, one) for one in missing)
        raise TerminalError(
            f"the environment lacks {names}",
            where=connection.name,
            mend=f"Set {'them' if len(missing) > 1 else 'it'}{instead}, or take the connection out"
            " of the mapping",
        )
