"""The command that serves the stand-ins: what it prints opens them, and it ends when told to."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest
import requests

from ingestion.sandbox.apis.__main__ import main
from ingestion.sandbox.apis.served_company import SECRET

GRANT = {
    "grant_type": "client_credentials",
    "client_id": "unified-funnel",
    "client_secret": SECRET,
}
LOGINS = {"salesforce": "/services/oauth2/token", "marketo": "/identity/oauth/token"}


def test_each_instance_of_each_system_has_an_address_that_opens() -> None:
    command = [sys.executable, "-m", "ingestion.sandbox.apis", "--port", "0", "--instances", "2"]
    with subprocess.Popen([*command, "--people", "200"], stdout=subprocess.PIPE, text=True) as ran:
        assert ran.stdout is not None
        told = {}
        while not (line := ran.stdout.readline()).startswith("client"):
            name, address = line.split()
            told[name] = address
        for name, address in told.items():
            path = LOGINS[name.split("/")[0]]
            answer = requests.post(address + path, data=GRANT, timeout=20)
            assert answer.json()["access_token"]
        ran.send_signal(signal.SIGINT)
        assert ran.wait(timeout=30) == 0
    assert list(told) == ["salesforce/main", "marketo/main", "salesforce/emea", "marketo/emea"]
    assert all(one.startswith("http://127.0.0.1:") for one in told.values())


@pytest.mark.parametrize("given", ["cat=1", "cut", "cut=often", "cut=2"])
def test_a_fault_that_is_none_is_named(given: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--fault", given]) == 1
    assert f"--fault: {given} is no fault and its rate" in capsys.readouterr().err
