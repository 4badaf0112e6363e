"""`python -m tests.portrait`: draw the simulated company and write the tables of its page."""

from __future__ import annotations

import sys
from pathlib import Path

from ingestion.sandbox.company.company import simulate
from ingestion.sandbox.settings import SYSTEMS, Settings
from ingestion.sandbox.systems.landscape import hold_systems
from ingestion.sandbox.truth import truth_tables
from tests.portrait import page
from tests.portrait.plots import charts, draw

_DOCS = Path(__file__).parents[2] / "docs"
_PAGE, _PLOTS = _DOCS / "simulated_company.md", _DOCS / "simulated_company"
_PEOPLE = 20_000  # enough for smooth curves
_LARGEST = 100_000  # bytes of a plot: a page is opened in a browser


def main() -> int:
    """Write the plots and the page; return the exit code."""
    company = simulate(Settings(people=_PEOPLE))
    _PLOTS.mkdir(exist_ok=True)
    for name, chart in charts(company).items():
        path = _PLOTS / f"{name}.svg"
        draw(chart, path)
        size = path.stat().st_size
        print(f"{path.relative_to(_DOCS)}: {size:,} bytes")
        if size > _LARGEST:
            print(f"{path} is larger than {_LARGEST:,} bytes", file=sys.stderr)
            return 1
    few = {name: simulate(Settings(people=200, set_up=name)) for name in SYSTEMS}
    systems = {name: hold_systems(one) for name, one in few.items()}
    first = next(iter(few))
    tables = truth_tables(few[first], systems[first], few[first].settings.end)
    page.write(
        _PAGE,
        {
            "facts": page.facts(company),
            "set-ups": page.set_ups(systems),
            "mess": page.mess(),
            "truth": page.truth(tables),
        },
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
