"""A report looked at in a real browser: what somebody would complain of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from axe_playwright_python.sync_playwright import Axe

from tests.report.browser import opened_browser, visited

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser

WIDTHS = (360, 768, 1440)


def complaints(report: Path) -> list[str]:
    """Return what is wrong with the pages of a report, at three widths; nothing if all is well."""
    with opened_browser() as browser:
        return [
            f"{path.name} at {width}: {one}"
            for path in sorted(report.glob("*.html"))
            for width in WIDTHS
            for one in _of_page(browser, path, width)
        ]


def _of_page(browser: Browser, path: Path, width: int) -> Iterator[str]:
    scheme = "dark" if width == WIDTHS[0] else "light"
    with visited(browser, path, width, color_scheme=scheme) as visit:
        page = visit.page
        yield from visit.complaints
        yield from (one for one in visit.requests if not one.startswith("file://"))
        wide = page.evaluate("document.documentElement.scrollWidth")
        if wide > width:
            yield f"it is {wide} wide"
        for chart in page.locator("figure.chart").all():
            marks = chart.locator("svg:visible [class*='role-mark']").locator("path, line")
            if not any(one.bounding_box() for one in marks.all()[:4]):
                yield f"{chart.get_attribute('data-chart')} has no mark"
        page.evaluate("document.querySelectorAll('details').forEach((d) => d.open = true)")
        for one in Axe().run(page).response["violations"]:
            if one["impact"] in {"serious", "critical"}:
                yield f"{one['id']}: {one['nodes'][0]['html'][:200]}"
