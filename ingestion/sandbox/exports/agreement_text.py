"""The company's agreement in the words of its set-up: which system has which authority."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ingestion.sandbox.settings import SYSTEMS

if TYPE_CHECKING:
    from ingestion.sandbox.settings import Settings

_CRM, _AUTOMATION = SYSTEMS["salesforce_marketo"]


def agreement_text(text: str, settings: Settings) -> str:
    """Return an agreement written for Salesforce and Marketo with this set-up's systems instead.

    Where one system does both, it stands once in each order of systems.
    """
    names = {_CRM: settings.crm, _AUTOMATION: settings.automation}
    words = re.compile(rf"\b({'|'.join(names)})\b")
    lines = [words.sub(lambda found: names[found.group(1)], line) for line in text.split("\n")]
    return "\n".join(_once(line) for line in lines)


def _once(line: str) -> str:
    """Remove repeats from a list of systems."""
    found = re.fullmatch(r"(\s+\w+: )\[([\w, ]+)\](.*)", line)
    if not found:
        return line
    systems = list(dict.fromkeys(found.group(2).split(", ")))
    return f"{found.group(1)}[{', '.join(systems)}]{found.group(3)}"
