"""What dbt knows of the report and the alerts is what they read."""

from __future__ import annotations

import re
from typing import Any

from ruamel.yaml import YAML

from orchestration.report.pages import PAGES
from orchestration.workspace import PROJECT

EXPOSURES = PROJECT / "dbt_project" / "models" / "marts" / "_marts__exposures.yml"
READ = re.compile(r"\b(?:marts|quality)\.(\w+)")


def depends_on(name: str) -> set[str]:
    exposures: list[dict[str, Any]] = YAML(typ="safe").load(EXPOSURES)["exposures"]
    (one,) = (exposure for exposure in exposures if exposure["name"] == name)
    return {ref.removeprefix("ref('").removesuffix("')") for ref in one["depends_on"]}


def test_the_report_depends_on_what_its_pages_need() -> None:
    needed = {table for page in PAGES for need in page.needs for table in READ.findall(need)}
    assert depends_on("report") == needed


def test_the_alerts_depend_on_what_they_read() -> None:
    text = (PROJECT / "orchestration" / "alerts.py").read_text()
    assert depends_on("alerts") == set(READ.findall(text))
