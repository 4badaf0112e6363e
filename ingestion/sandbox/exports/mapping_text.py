"""The mapping of a folder of exports, put together from one fragment for each system."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ingestion.sandbox.clock import DAY, HEADQUARTERS, local_day
from ingestion.sandbox.systems.held import MAIN

if TYPE_CHECKING:
    from datetime import date

    from ingestion.sandbox.exports.morning import Morning
    from ingestion.sandbox.systems.held import Held
    from ingestion.sandbox.systems.stored import Stored

_FRAGMENTS = Path(__file__).parent / "mappings"
# Files of these tell of moments, so it matters from when on they do.
_WITH_HISTORY = (
    "persons",
    "activities",
    "opportunities",
    "field_changes",
    "opportunity_snapshots",
)


def file_name(held: Held, stem: str) -> str:
    """Return the name of an object's file: salesforce_leads.csv, salesforce_emea_leads.csv."""
    instance = "" if held.instance == MAIN else f"_{held.instance}"
    return f"{held.system}{instance}_{stem}.csv"


def mapping_text(morning: Morning) -> str:
    """Return the mapping.yml of one morning's exports."""
    settings = morning.settings
    head = [
        f"# What the exports of the simulated company mean: {settings.set_up.replace('_', ' + ')}.",
        f"name: {morning.name}",
        "title: Simulated company",
        f"as_of: {morning.day}",
        f"source_time_zone: {HEADQUARTERS}",
        f"reporting_time_zone: {HEADQUARTERS}",
        *(["agreement: agreement.yml"] if morning.has_agreement else []),
        "outcomes: won_and_lost",
        "files:",
    ]
    systems = [_of_system(one, morning) for one in morning.systems]
    served = [one for one in morning.systems if one.system in settings.served]
    if served:
        systems.append("connections:\n" + "".join(_connection(one, morning) for one in served))
    return "\n".join(head) + "\n" + "\n".join(systems)


def _connection(held: Held, morning: Morning) -> str:
    """How a system is read whose stand-in is served: it has no limits, and nobody waits for it."""
    lines = [
        f"- system: {held.system}",
        f"  instance: {held.instance}",
        f"  connector: {held.system}",
        "  poll_seconds: 0",
    ]
    if held.system == "marketo":
        # Without it all the years would be asked for in which there was a Marketo.
        lines += [f"  first_day: {morning.settings.first_day}", "  calls_in_20_seconds: 100000"]
    return "\n".join(lines) + "\n"


def _of_system(held: Held, morning: Morning) -> str:
    name = held.system
    if name == "hubspot" and morning.settings.crm != "hubspot":
        name = "hubspot_marketing"
    text = (_FRAGMENTS / f"{name}.yml").read_text(encoding="utf-8")
    text = text.replace("$automation", morning.settings.automation)
    if held.instance != MAIN:
        # An anchor may be set once in a file.
        text = re.sub(r"(?<= )([&*])(\w+)", rf"\1\2_{held.instance}", text)
    blocks = re.split(r"(?m)^(?=- file: )", text)
    return blocks[0] + "".join(_of_file(block, held, morning) for block in blocks[1:])


def _of_file(block: str, held: Held, morning: Morning) -> str:
    """Add what the fragment leaves open: load, time of export, begin of history, instance."""
    found = re.match(rf"- file: {held.system}_(\w+)\.csv\n", block)
    entity = re.search(r"(?m)^  entity: (\w+)\n", block)
    if found is None or entity is None:
        raise ValueError(f"the fragment of {held.system} has an item without file or entity")
    stem = found.group(1)
    more = []
    if held.system not in morning.settings.served:
        more += [
            f"  load: {'full' if morning.since is None else 'append'}",
            f"  exported_at: {morning.shown}",
        ]
    elif (held.system, stem) == ("marketo", "leads"):
        # What is deleted or merged away vanishes without a word.
        more.append("  load: full")
    if held.instance != MAIN:
        more.append(f"  instance: {held.instance}")
    if entity.group(1) in _WITH_HISTORY:
        more.append(f"  history_start: {_begin(held.objects[stem], morning)}")
    return "".join(
        [
            f"- file: {file_name(held, stem)}\n",
            block[found.end() : entity.end()],
            *(f"{line}\n" for line in more),
            block[entity.end() :],
        ]
    )


def _begin(stored: Stored, morning: Morning) -> date:
    """The first day of which the object tells all: later than the company's where it is purged."""
    kept = stored.shown_until - stored.shown_from
    kept = kept[np.isfinite(kept)]
    is_purged = not stored.varying and len(kept) > 0
    if not is_purged or morning.moment - kept.max() <= morning.settings.start:
        return morning.settings.first_day
    days = local_day(np.array([morning.moment - kept.max() + DAY]))[0]
    begin: date = np.datetime64(int(days), "D").astype(object)
    return begin
