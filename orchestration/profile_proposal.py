"""The buyer profile that the data support, as a proposed version: `make propose-profile`."""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from datetime import date
from io import StringIO
from math import log
from typing import TYPE_CHECKING, Any

import duckdb
from ruamel.yaml import YAML

from ingestion.agreement import read_agreement
from ingestion.errors import TerminalError
from orchestration.funnel_run import Plan
from orchestration.publication import CURRENT, DATABASE, Publication, current_publication
from orchestration.terminal import answer, as_table
from orchestration.workspace import read_workspace

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from ingestion.agreement import Agreement

# What a buyer is. How they came, and whether they are a customer by now, is nothing to look for.
_FIELDS = (
    "account.industry",
    "account.account_type",
    "account.country",
    "account.employees",
    "account.revenue",
    "person.persona",
    "person.title",
    "person.country",
)
# An attribute is counted where it belongs: a company's once, however many of its people came.
# Rows of too few, and of attributes that leak, say nothing for or against.
_VALUES = """
    select
        field, value, value_from, value_below, n, successes, base_n, base_rate, lift, q_value,
        is_significant and lift > 1 as is_better, is_significant and lift < 1 as is_worse
    from marts.rpt_buyer_profile_lift
    where other_field is null and outcome = 'good' and base = $base
        and unit = split_part(field, '.', 1) and field in $fields
        and not is_small_sample and not is_leakage
    order by field, value_from nulls last, value
"""


@dataclass(frozen=True)
class Trait:
    """A trait that the data support: what it is worth, and on what evidence."""

    test: dict[str, Any]
    weight: float
    evidence: str


@dataclass(frozen=True)
class Proposal:
    """The proposed traits, the file that holds them, and what they were found in."""

    traits: tuple[Trait, ...]
    base: str
    file: Path
    publication: Publication


@dataclass(frozen=True)
class _Value:
    field: str
    value: str
    value_from: float | None
    value_below: float | None
    n: int
    successes: int
    base_n: int
    base_rate: float
    lift: float
    q_value: float
    is_better: bool
    is_worse: bool


def propose(plan: Plan) -> Proposal:
    """Write the agreement with one version more: its agreed profile is what the data support.

    Looked at is who became a good customer: among all leads, and where that shows nothing, among
    customers. A field's wanted values are those that are significantly better than the rest; where
    only worse ones stand out, all others that enough units have. A trait's weight is the logarithm
    of how much likelier those who have it are than those who have not. The file lies in
    `<workspace>/proposals/`, is valid, and signed by nobody. Raises TerminalError if nothing is
    published yet, or the data support no trait.
    """
    publication = current_publication(plan.workspace.published)
    if publication is None:
        raise TerminalError(
            "nothing is published yet",
            where=str(plan.workspace.published),
            mend="Call `make run`",
        )
    database = (plan.workspace.published / CURRENT / DATABASE).resolve()
    with duckdb.connect(str(database), read_only=True) as connection:
        for base in ("leads", "customers"):
            traits = tuple(_traits(_values(connection, base)))
            if traits:
                break
        else:
            raise TerminalError(
                "no trait tells good customers from others beyond chance",
                where="marts.rpt_buyer_profile_lift",
                mend="Say in the agreement what a good customer is, or wait for more of them",
            )
    agreement = plan.agreement
    file = plan.workspace.folder / "proposals" / f"profile_{publication.run}.yml"
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_suffix(".draft")
    draft.write_text(
        plan.agreement_file.read_text(encoding="utf-8").rstrip()
        + "\n\n"
        + _version(agreement, traits, base, publication),
        encoding="utf-8",
    )
    read_agreement(draft)
    draft.replace(file)
    return Proposal(traits, base, file, publication)


def _values(connection: duckdb.DuckDBPyConnection, base: str) -> list[_Value]:
    rows = connection.execute(_VALUES, {"base": base, "fields": list(_FIELDS)}).fetchall()
    return [_Value(*row) for row in rows]


def _traits(values: Sequence[_Value]) -> Iterator[Trait]:
    for field in _FIELDS:
        known = [one for one in values if one.field == field]
        wanted = [one for one in known if one.is_better]
        if not wanted and any(one.is_worse for one in known):
            wanted = [one for one in known if not one.is_worse]
        wanted = _in_one_piece(wanted, known)
        if wanted and len(wanted) < len(known):
            yield _trait(field, wanted)


def _in_one_piece(wanted: list[_Value], known: list[_Value]) -> list[_Value]:
    """Bands from the first wanted one to the last, if none between them is worse than the rest."""
    if not wanted or wanted[0].value_from is None:
        return wanted
    first, last = known.index(wanted[0]), known.index(wanted[-1])
    piece = known[first : last + 1]
    return [] if any(one.is_worse for one in piece) else piece


def _trait(field: str, wanted: list[_Value]) -> Trait:
    n, good = sum(one.n for one in wanted), sum(one.successes for one in wanted)
    base_n = wanted[0].base_n
    base_good = round(wanted[0].base_rate * base_n)
    test: dict[str, Any] = {"field": field}
    if wanted[0].value_from is None:
        test["any_of"] = [one.value for one in wanted]
    else:
        test["at_least"] = _plain(wanted[0].value_from)
        if wanted[-1].value_below is not None:
            test["at_most"] = _plain(wanted[-1].value_below - 1)
    # Half a case more on either side: nobody among the others is no proof that nobody ever will be.
    others = (base_good - good + 0.5) / (base_n - n + 1)
    weight = max(0.1, round(log((good + 0.5) / (n + 1) / others), 1))
    evidence = (
        f"{good} of {n:,} became good customers, of the others {base_good - good} of {base_n - n:,}"
    )
    return Trait(test, weight, evidence)


def _plain(number: float) -> int | float:
    return int(number) if number == int(number) else number


def _version(
    agreement: Agreement, traits: Sequence[Trait], base: str, publication: Publication
) -> str:
    last = agreement.versions[-1]
    today = date.fromisoformat(publication.as_of_date)
    latest = max(today, last.effective_from)
    profiles = last.buyer_profiles.model_dump(mode="json", exclude_defaults=True)
    agreed = last.buyer_profiles.agreed
    profiles["agreed"] = {
        "label": agreed.label if agreed else "Good customers so far",
        "description": f"As the data support it, {publication.as_of_date}.",
        "traits": [{**one.test, "weight": one.weight} for one in traits],
        # Half of the weight: who has the traits that count most need not have all.
        "fits_from": 0.5,
    }
    version = {
        "version": last.version + 1,
        "effective_from": date(latest.year + latest.month // 12, latest.month % 12 + 1, 1),
        "note": f"Proposed from publication {publication.run}; found among {base}.",
        "signed": {
            team: {"by": "not signed yet", "date": today} for team in ("marketing", "sales")
        },
        "buyer_profiles": profiles,
    }
    text = StringIO()
    yaml = YAML()
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.width = 100
    yaml.dump({"versions": [version]}, text)
    comments = [f"  # {one.test['field']}: {one.evidence}\n" for one in traits]
    return "".join(comments) + text.getvalue().removeprefix("versions:\n")


def describe(proposal: Proposal) -> list[str]:
    """Return the lines that tell the proposal; the last one is the command to try it."""
    rows = [
        (
            one.test["field"],
            ", ".join(one.test.get("any_of", ())) or _bounds(one.test),
            one.weight,
            one.evidence,
        )
        for one in proposal.traits
    ]
    return [
        f"found among {proposal.base} in {proposal.publication.run}",
        *as_table(("trait", "wanted", "weight", "evidence"), rows),
        "association, not cause; significant at a false discovery rate of 5 %",
        f"written: {proposal.file}",
        f"try it: make what-if AGREEMENT={proposal.file}",
    ]


def _bounds(test: dict[str, Any]) -> str:
    upper = f" to {test['at_most']:,}" if "at_most" in test else " and more"
    return f"{test['at_least']:,}{upper}"


def main(arguments: list[str] | None = None) -> int:
    """Print the proposal; returns 2 with the reason on standard error if there is none."""
    argparse.ArgumentParser(prog="orchestration.profile_proposal", description=__doc__).parse_args(
        arguments
    )
    return answer(lambda: ("\n".join(describe(propose(Plan(read_workspace())))), 0))


if __name__ == "__main__":
    sys.exit(main())
