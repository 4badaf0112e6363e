"""Forms of charts. Each is called with a width in pixels and gives an Altair chart."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

import altair as alt

if TYPE_CHECKING:
    from collections.abc import Sequence

# Series are told apart by colour and by shape or dash.
_COLOURS = [f"var(--c{one})" for one in range(1, 8)]
_SHAPES = ["circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "triangle-right"]
_DASHES = [[1, 0], [6, 3], [2, 2], [8, 3, 2, 3], [4, 1], [1, 3], [10, 4]]
_PHONE = 400

_FORMATS = {"share": ".0%", "number": ",.0f", "days": ",.0f", "money": "~s"}
# Where ratios have their grid, and the least that is drawn: a twentieth looks like none.
_RATIOS = (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100)
_LEAST_RATIO = 0.05

ChartKind = Literal["share", "number", "days", "money"]


@dataclass(frozen=True, kw_only=True)
class Point:
    """One mark of a chart. `at` is a period's first day or a name; `told` is shown at the mouse."""

    at: date | str
    value: float | None
    told: str
    series: str = ""
    is_low: bool = False
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, kw_only=True)
class Lines:
    """Values over periods, a line for each series; hollow points stand on a low n."""

    points: Sequence[Point]
    kind: ChartKind
    goal: float | None = None

    def __call__(self, width: int) -> Any:
        """Return the chart at a width in pixels."""
        series = list(dict.fromkeys(one.series for one in self.points))
        values = [one.value for one in self.points]
        x = alt.X("at:T", title=None, axis=alt.Axis(tickCount=width // 100, format="%b %y"))
        y = alt.Y(
            "value:Q",
            title=None,
            axis=alt.Axis(format=_FORMATS[self.kind], tickCount=5),
            # Of nothing but zeros Vega would make an axis around them.
            scale=alt.Scale(zero=True) if any(values) else alt.Scale(domain=[0, 1]),
        )
        base = alt.Chart(_data(self.points)).encode(
            x=x, y=y, color=_colour(series, width), description="told:N"
        )
        # A layer for each series: a dash that is encoded would be drawn around the legend's shapes.
        lines = [
            base.transform_filter(alt.datum.series == one).mark_line(
                strokeWidth=2, strokeDash=_DASHES[place % len(_DASHES)]
            )
            for place, one in enumerate(series)
        ]
        layers = [*lines, _points(base, series, 44)]
        if self.goal is not None:
            goal = alt.Chart(_values([{"goal": self.goal}])).mark_rule(
                stroke="var(--muted)", strokeDash=[3, 3]
            )
            layers.append(goal.encode(y="goal:Q"))
        return _sized(alt.layer(*layers), width, 220)


@dataclass(frozen=True, kw_only=True)
class Bars:
    """Bars from the left, one for each name in the given order; stacked where there are series."""

    points: Sequence[Point]
    kind: ChartKind

    def __call__(self, width: int) -> Any:
        """Return the chart at a width in pixels."""
        series = list(dict.fromkeys(one.series for one in self.points))
        names = list(dict.fromkeys(str(one.at) for one in self.points))
        bars = (
            alt.Chart(_data(self.points))
            .mark_bar(height={"band": 0.72}, stroke="var(--card)", strokeWidth=1)
            .encode(
                y=alt.Y("at:N", title=None, sort=names, axis=_names_axis(width)),
                x=alt.X(
                    "value:Q",
                    title=None,
                    axis=alt.Axis(format=_FORMATS[self.kind], tickCount=width // 100, grid=True),
                ),
                color=_colour(series, width),
                order=alt.Order("place:Q"),
                description="told:N",
            )
        )
        height = 30 * len(names) + (70 if len(series) > 1 else 30)
        return _sized(bars, width, height, names)


@dataclass(frozen=True, kw_only=True)
class Intervals:
    """A value with its bounds for each name; the dashed line is where nothing is told.

    Of ratios half is as far from it as twice.
    """

    points: Sequence[Point]
    kind: ChartKind
    neutral: float | None = None
    is_ratio: bool = False

    def __call__(self, width: int) -> Any:
        """Return the chart at a width in pixels."""
        names = list(dict.fromkeys(str(one.at) for one in self.points))
        series = list(dict.fromkeys(one.series for one in self.points))
        points = [_drawable(one) for one in self.points] if self.is_ratio else self.points
        base = alt.Chart(_data(points)).encode(
            y=alt.Y("at:N", title=None, sort=names, axis=_names_axis(width)),
            color=_colour(series, width),
            yOffset=alt.YOffset("series:N", sort=series),
            description="told:N",
        )
        if self.is_ratio:
            axis = alt.Axis(format="~g", values=list(_RATIOS), grid=True)
            scale = alt.Scale(type="log", nice=False, padding=10)
        else:
            axis = alt.Axis(format=_FORMATS[self.kind], tickCount=width // 90, grid=True)
            scale = alt.Scale()
        layers = [
            base.transform_filter("isValid(datum.low) && isValid(datum.high)")
            .mark_bar(height=3)
            .encode(x=alt.X("low:Q", title=None, axis=axis, scale=scale), x2="high:Q"),
            _points(base, series, 60).encode(x=alt.X("value:Q", title=None, scale=scale)),
        ]
        if self.neutral is not None:
            rule = alt.Chart(_values([{"neutral": self.neutral}])).mark_rule(
                stroke="var(--muted)", strokeDash=[3, 3]
            )
            layers.append(rule.encode(x="neutral:Q"))
        step = 30 + 12 * (len(series) - 1)
        height = step * len(names) + (70 if len(series) > 1 else 30)
        return _sized(alt.layer(*layers), width, height, names)


def _drawable(ratio: Point) -> Point:
    """Zero is infinitely far from one; what is told in words stays as it is."""
    value, low, high = (
        None if one is None else max(one, _LEAST_RATIO)
        for one in (ratio.value, ratio.low, ratio.high)
    )
    return replace(ratio, value=value, low=low, high=high)


def _values(rows: list[dict[str, Any]]) -> Any:
    return alt.Data(values=rows)  # type: ignore[no-untyped-call]  # Altair's own gap


def _data(points: Sequence[Point]) -> Any:
    return _values(
        [
            {
                "at": one.at.isoformat() if isinstance(one.at, date) else one.at,
                "value": one.value,
                "series": one.series,
                "told": one.told,
                "is_low": one.is_low,
                "low": one.low,
                "high": one.high,
                "place": place,
            }
            for place, one in enumerate(points)
        ]
    )


def _points(base: Any, series: Sequence[str], size: int) -> Any:
    """Hollow where the number stands on little: one legend tells colour and shape."""
    return base.mark_point(size=size, strokeWidth=1.6, opacity=1).encode(
        shape=alt.Shape("series:N", scale=alt.Scale(domain=series, range=_shapes(series))),
        fill=alt.when("datum.is_low")
        .then(alt.value("var(--card)"))
        .otherwise(alt.Fill("series:N", scale=_scale(series), legend=None)),
    )


def _colour(series: Sequence[str], width: int) -> alt.Color:
    legend = alt.Legend(columns=1 if width < _PHONE else 3) if len(series) > 1 else None
    return alt.Color("series:N", scale=_scale(series), legend=legend, sort=None)


def _shapes(series: Sequence[str]) -> list[str]:
    return [_SHAPES[place % len(_SHAPES)] for place in range(len(series))]


def _scale(series: Sequence[str]) -> alt.Scale:
    colours = [_COLOURS[place % len(_COLOURS)] for place in range(len(series))]
    return alt.Scale(domain=list(series), range=colours)


def _names_axis(width: int) -> alt.Axis:
    return alt.Axis(labelLimit=110 if width < _PHONE else 260, ticks=False, domain=False)


def _sized(chart: Any, width: int, height: int, names: Sequence[str] = ()) -> Any:
    # Browsers' fonts are wider than the one that is measured with: room for the names' beginnings.
    longest = max((min(len(one), width // 16) for one in names), default=4)
    # All of it, axis and legend too, within the width.
    return chart.properties(
        width=width,
        height=height,
        autosize=alt.AutoSizeParams(type="fit", contains="padding"),
        padding={"left": 1.4 * longest, "right": 10, "top": 2, "bottom": 2},
    )
