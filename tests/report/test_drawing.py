"""Charts as SVG: what is drawn, and that a name is never more than a name."""

from __future__ import annotations

from datetime import date
from xml.etree import ElementTree as ET

import altair as alt
import pytest

from orchestration.report.drawing import draw
from orchestration.report.figure import Chart
from orchestration.report.form import Bars, Intervals, Lines, Point

HOSTILE = "</svg></script><script>alert(1)</script>"
MONTHS = [date(2025, month, 1) for month in (1, 2, 3)]


def _points() -> list[Point]:
    return [
        Point(
            at=month, value=0.1 * place + 0.2, series=series, is_low=place == 1,
            low=0.1, high=0.5, told=f"{HOSTILE} {series} {place}",
        )
        for series in (HOSTILE, "b")
        for place, month in enumerate(MONTHS)
    ]  # fmt: skip


def _root(svg: str) -> ET.Element:
    return ET.fromstring(svg)  # noqa: S314  # drawn by the test itself


def _marks(svg: str, kind: str) -> list[ET.Element]:
    return [
        mark
        for group in _root(svg).iter("g")
        if (group.get("class") or "").startswith(f"mark-{kind} role-mark")
        for mark in group.iter("path")
    ]


def _texts(svg: str) -> list[str]:
    return ["".join(one.itertext()) for one in _root(svg).iter("text")]


def test_a_line_for_each_series_and_a_point_for_each_value() -> None:
    for svg in draw(Chart(draw=Lines(points=_points(), kind="share", goal=0.3), text=""), "c"):
        assert len(_marks(svg, "line")) == 2
        points = _marks(svg, "symbol")
        assert len(points) == 6
        # Hollow where the number stands on little.
        assert sum(one.get("fill") == "var(--card)" for one in points) == 2
        assert len({one.get("d") for one in points}) == 2
        assert HOSTILE in _texts(svg)
        assert HOSTILE not in svg


def test_bars_are_as_long_as_their_values() -> None:
    points = [Point(at=name, value=value, told="") for name, value in ((HOSTILE, 10), ("b", 5))]
    wide, narrow = draw(Chart(draw=Bars(points=points, kind="number"), text=""), "c")
    for svg in (wide, narrow):
        long, short = (
            float(bar.get("d", "").split("h")[1].split("v")[0]) for bar in _marks(svg, "rect")
        )
        assert long == pytest.approx(2 * short, rel=0.01)
    assert HOSTILE in _texts(wide)


def test_intervals_have_their_bounds() -> None:
    points = [Point(at="a", value=1.5, low=1, high=2, told="", is_low=True)]
    for svg in draw(
        Chart(draw=Intervals(points=points, kind="number", neutral=1, is_ratio=True), text=""),
        "c",
    ):
        assert len(_marks(svg, "rect")) == 1
        (point,) = _marks(svg, "symbol")
        assert point.get("fill") == "var(--card)"


def test_half_is_as_far_from_one_as_twice_and_none_is_drawn_too() -> None:
    names = {"half": 0.5, "one": 1.0, "twice": 2.0, "none": 0.0}
    points = [
        Point(at=name, value=value, low=value / 2, high=value * 2, told="")
        for name, value in names.items()
    ]
    for svg in draw(
        Chart(draw=Intervals(points=points, kind="number", is_ratio=True), text=""), "c"
    ):
        half, one, twice, none = (
            float(point.get("transform", "").split("(")[1].split(",")[0])
            for point in _marks(svg, "symbol")
        )
        assert twice - one == pytest.approx(one - half, abs=0.01)
        assert 0 <= none < half


def test_colours_are_the_pages_own_and_ids_are_apart() -> None:
    drawn = [
        svg
        for name in ("one", "two")
        for svg in draw(Chart(draw=Lines(points=_points(), kind="share"), text=""), name)
    ]
    ids = [element.get("id") for svg in drawn for element in _root(svg).iter() if element.get("id")]
    assert len(set(ids)) == len(ids)
    for svg in drawn:
        colours = {
            element.get(name) or "none"
            for element in _root(svg).iter()
            for name in ("fill", "stroke")
        }
        assert {one for one in colours if one not in {"none", "transparent"}} <= {
            "var(--c1)", "var(--c2)", "var(--card)", "var(--muted)", "var(--line)", "var(--ink)",
        }  # fmt: skip
        assert "style=" not in svg


def test_a_link_or_a_picture_is_refused() -> None:
    def linked(_: int) -> alt.Chart:
        data = alt.Data(values=[{"x": 1, "link": "https://example.com/"}])
        return alt.Chart(data).mark_bar().encode(x="x:Q", href="link:N")

    with pytest.raises(ValueError, match="a chart draws <a>"):
        draw(Chart(draw=linked, text=""), "c")


def test_nothing_but_zeros_lies_on_the_ground() -> None:
    points = [Point(at=month, value=0, told="") for month in MONTHS]
    for svg in draw(Chart(draw=Lines(points=points, kind="share"), text=""), "c"):
        assert {"0%", "100%"} <= set(_texts(svg))
