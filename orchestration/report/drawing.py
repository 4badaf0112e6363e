"""Charts as SVG that fits both themes, drawn before anybody opens the page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import vl_convert

if TYPE_CHECKING:
    from orchestration.report.figure import Chart

# Pixels. The narrow one fits a phone of 360 px with the page's own edges.
WIDE, NARROW = 860, 300

_SVG = "http://www.w3.org/2000/svg"
# What Vega draws with. Anything else would be a surprise in a page, so it is refused.
_DRAWN = {"svg", "g", "path", "rect", "line", "text", "tspan", "defs", "clipPath", "circle"}
_URL = re.compile(r"url\(#(.+?)\)")

# Colours are the page's own variables, so that one drawing serves both themes.
_CONFIG = {
    "background": None,
    "font": "system-ui, sans-serif",
    "view": {"stroke": None},
    "axis": {
        "labelColor": "var(--muted)",
        "titleColor": "var(--muted)",
        "gridColor": "var(--line)",
        "domainColor": "var(--line)",
        "tickColor": "var(--line)",
        "labelFontSize": 13,
        "titleFontSize": 13,
        "titleFontWeight": "normal",
        "labelLimit": 220,
        "labelOverlap": True,
    },
    "axisX": {"grid": False, "labelSeparation": 14},
    "legend": {
        "labelColor": "var(--ink)",
        "labelFontSize": 13,
        "orient": "top",
        "direction": "horizontal",
        "title": None,
        "symbolStrokeWidth": 3,
        "labelLimit": 240,
        # Browsers' fonts are wider than the one that is measured with.
        "columnPadding": 32,
    },
    "text": {"fill": "var(--ink)", "fontSize": 12},
}


def draw(chart: Chart, name: str) -> tuple[str, str]:
    """Return a chart's SVG for wide screens and for phones; `name` keeps their ids apart.

    Raises ValueError if something is drawn that does not belong into a page.
    """
    return (
        _drawn(chart.draw(WIDE), f"{name}-wide"),
        _drawn(chart.draw(NARROW), f"{name}-narrow"),
    )


def _drawn(chart: Any, name: str) -> str:
    specification = chart.to_dict()
    given = specification.get("config", {})
    specification["config"] = {**given, **_CONFIG}
    # Nothing may be fetched while drawing: the data are in the specification.
    svg = vl_convert.vegalite_to_svg(specification, allowed_base_urls=[])
    root = ET.fromstring(svg)  # noqa: S314  # drawn here, of data that is escaped
    for element in list(root.iter()):
        _clean(element, name)
    # The page around it says what it is; its parts are told by the table.
    root.set("aria-hidden", "true")
    root.set("focusable", "false")
    return ET.tostring(root, encoding="unicode")


def _clean(element: ET.Element, name: str) -> None:
    tag = element.tag.removeprefix(f"{{{_SVG}}}")
    if tag not in _DRAWN:
        raise ValueError(f"a chart draws <{tag}>")
    element.tag = tag
    label = element.get("aria-label")
    for attribute in [one for one in element.attrib if one.startswith(("aria-", "role"))]:
        del element.attrib[attribute]
    for attribute, value in element.attrib.items():
        if attribute == "id":
            element.set(attribute, f"{name}-{value}")
        elif "url(" in value:
            element.set(attribute, _URL.sub(rf"url(#{name}-\1)", value))
        elif ":" in attribute or attribute.startswith("on"):
            raise ValueError(f"a chart has the attribute {attribute}")
    if label and tag in {"path", "rect", "circle"}:
        # What a mouse shows.
        title = ET.SubElement(element, "title")
        title.text = label
