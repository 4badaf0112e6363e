"""`make profiles`: whether the traits that really make good customers are found, and no others.

A trait is any value of an attribute that the company's truth knows the effect of. Those that raise
the margin must stand above all those that do nothing, among the traits that enough customers have,
ordered by the lower bound of their lift.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import duckdb

from tests.truth.companies import Company, build, write

# What of the margin makes a trait worth looking for.
DRIVES = 0.08

_RANKED = """
    select t.unit || ' ' || t.field || ' = ' || t.value as trait, p.margin
    from marts.rpt_buyer_profile_lift as t
    inner join read_parquet($truth) as p on t.field = p.field and t.value = p.value
    where t.base = 'customers' and t.outcome = 'good' and t.other_field is null
        and not t.is_small_sample and t.unit = split_part($subject, '.', 1)
        and t.field like $subject || '%'
    order by t.lift_lower desc nulls last, t.field, t.value
"""


@dataclass(frozen=True)
class Found:
    """The traits of a unit, best first, and which of them are planted as what."""

    traits: tuple[str, ...]
    drivers: frozenset[str]
    decoys: frozenset[str]

    @property
    def is_right(self) -> bool:
        """Whether every driver stands above every decoy, and there is one of each."""
        places = {trait: place for place, trait in enumerate(self.traits)}
        return bool(self.drivers and self.decoys) and max(
            places[one] for one in self.drivers
        ) < min(places[one] for one in self.decoys)


def found(company: Company, warehouse: Path) -> dict[str, Found]:
    """Return what was found of a company's planted traits, by subject (account, person)."""
    truth = str(company.truth / "traits.parquet")
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        return {
            subject: _sorted(
                connection.execute(_RANKED, {"truth": truth, "subject": subject}).fetchall()
            )
            for subject in ("account", "person")
        }


def _sorted(rows: list[tuple[str, float]]) -> Found:
    return Found(
        traits=tuple(trait for trait, _ in rows),
        drivers=frozenset(trait for trait, margin in rows if margin >= DRIVES),
        decoys=frozenset(trait for trait, margin in rows if margin == 0),
    )


def main() -> int:
    """Print what each seed's company shows; return 1 if any of them misleads."""
    parser = argparse.ArgumentParser(prog="python -m tests.truth.profiles", description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--people", type=int, default=8000)
    arguments = parser.parse_args()
    wrong = 0
    for seed in range(1, arguments.seeds + 1):
        with tempfile.TemporaryDirectory() as folder:
            company = write(
                Path(folder), "company", mess="usual", people=arguments.people, seed=seed
            )
            for subject, one in found(company, build(company, "+rpt_buyer_profile_lift")).items():
                drivers = [trait for trait in one.traits if trait in one.drivers]
                first = next((trait for trait in one.traits if trait in one.decoys), "none")
                verdict = "found" if one.is_right else f"MISLED: {first} before {drivers[-1:]}"
                sys.stdout.write(
                    f"seed {seed}, {subject}: {len(drivers)} planted traits {verdict}\n"
                )
                sys.stdout.flush()
                wrong += not one.is_right
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
