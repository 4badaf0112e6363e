"""A simulated company of 200 people whose systems hold names that would like to be scripts."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from ingestion.sandbox.mess import PROFILES, archived
from ingestion.sandbox.settings import Settings
from ingestion.sandbox.written import write_company

if TYPE_CHECKING:
    from pathlib import Path

NAME = "reported_company"
PEOPLE = 200

LEAD_SOURCE = "</script><script>alert(1)</script>"
OWNER = "<img src=x onerror=alert(2)>"
ACCOUNT = "<svg onload=alert(3)>"
REASON = "</script><script>alert(4)</script>"
COMPETITOR = "Contoso' onfocus='alert(5)' --"
CAMPAIGN = "{{ 7 * 7 }}<b onmouseover=alert(6)>"
REGION = '"><script>alert(7)</script>'

# By file: columns and what is written instead of a value.
_INSTEAD = {
    "salesforce_leads.csv": {"LeadSource": {"Content Syndication": LEAD_SOURCE}},
    "salesforce_contacts.csv": {"LeadSource": {"Content Syndication": LEAD_SOURCE}},
    "salesforce_opportunities.csv": {
        "LeadSource": {"Content Syndication": LEAD_SOURCE},
        "Competitor__c": {"Contoso": COMPETITOR},
    },
    "salesforce_users.csv": {
        "Name": {"Bao Carter": OWNER},
        "Region__c": {"Americas": REGION},
    },
    "salesforce_accounts.csv": {"Industry": {"Software": ACCOUNT}},
}


def write_exports(folder: Path) -> Path:
    """Write the company into a folder and return that of its exports."""
    write_company(folder, Settings(people=PEOPLE, mess=archived(PROFILES["usual"])), name=NAME)
    exports = folder / "exports"
    for name, columns in _INSTEAD.items():
        rows = _read(exports / name)
        for row in rows:
            for column, values in columns.items():
                row[column] = values.get(row[column], row[column])
        _write(exports / name, rows)
    leads = _read(exports / "marketo_leads.csv")
    for row in leads:
        row["leadSource"] = row["leadSource"].replace("Content Syndication", LEAD_SOURCE)
        row["acquisitionProgramId"] += CAMPAIGN if row["acquisitionProgramId"] != "null" else ""
    _write(exports / "marketo_leads.csv", leads)
    mapping = exports / "mapping.yml"
    text = mapping.read_text(encoding="utf-8")
    assert "        No fit: no_fit\n" in text
    mapping.write_text(
        text.replace("        No fit: no_fit\n", f"        No fit: '{REASON}'\n"), encoding="utf-8"
    )
    return exports


def _read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return [
            {name: "" if value is None else value for name, value in row.items() if name}
            for row in csv.DictReader(file)
        ]


def _write(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), quoting=csv.QUOTE_ALL, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
