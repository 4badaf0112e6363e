"""The plots of a simulated company, as Vega-Lite charts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt

from tests.portrait import figures

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from ingestion.sandbox.company.company import Company

_WIDTH, _HEIGHT = 560, 220
_BLUE, _RUST, _GREEN, _GREY = "#2f6690", "#c8553d", "#588157", "#5c6770"


def charts(company: Company) -> dict[str, alt.Chart | alt.LayerChart]:
    """Return each plot of the page by the name of its file."""
    return {
        "by_month": _by_month(company),
        "funnel": _funnel(company),
        "first_attempts": _first_attempts(company),
        "cycles": _cycles(company),
        "responses": _responses(company),
        "amounts": _amounts(company),
        "rounds": _rounds(company),
    }


def draw(chart: alt.Chart | alt.LayerChart, path: Path) -> None:
    """Write a chart as SVG (or PNG, by the ending of the path)."""
    styled = (
        chart.configure(background="white", font="Helvetica, Arial, sans-serif", padding=8)
        .configure_view(strokeWidth=0)
        .configure_axis(
            labelColor=_GREY, titleColor=_GREY, titleFontWeight="normal", domainColor="#c9ced2",
            tickColor="#c9ced2", gridColor="#eceef0", labelFontSize=11, titleFontSize=11,
        )
        .configure_title(anchor="start", fontSize=13, color="#22313f", offset=10)
        .configure_legend(title=None, labelColor=_GREY, labelFontSize=11, orient="top",
                          fillColor="white", padding=4)
    )  # fmt: skip
    styled.save(path, scale_factor=2 if path.suffix == ".png" else 1)


def _by_month(company: Company) -> alt.Chart:
    kinds = ["New contacts", "MQLs", "Opportunities"]
    return (
        _chart(figures.by_month(company), "What came in, by month")
        .mark_line(point=True)
        .encode(
            x=alt.X("month:T", title=None, axis=alt.Axis(format="%b %Y", tickCount=8)),
            y=alt.Y("count:Q", title="a month"),
            color=alt.Color("kind:N", scale=_scale(kinds, [_GREY, _BLUE, _GREEN])),
        )
    )


def _funnel(company: Company) -> alt.LayerChart:
    rows = figures.funnel(company)
    rows["label"] = [
        f"{count:,}" + f" · {share}" * bool(share)
        for count, share in zip(rows["count"], rows["share"], strict=True)
    ]
    room = alt.Scale(domain=[0, 1.15 * int(rows["count"].max())], nice=False)
    base = _chart(rows, "How far people come the first time").encode(
        y=alt.Y("stage:N", sort=list(rows["stage"]), title=None),
        x=alt.X("count:Q", title="people", scale=room, axis=alt.Axis(format=",d", tickCount=6)),
    )
    labels = base.mark_text(align="left", dx=5, color=_GREY).encode(text="label:N")
    return base.mark_bar(color=_BLUE) + labels


def _first_attempts(company: Company) -> alt.Chart:
    ticks = {"5 min": 5, "15 min": 15, "1 h": 60, "8 h": 480, "1 day": 1440, "1 week": 10_080}
    return _log_bars(
        figures.first_attempts(company),
        "From the hand-off to the first attempt of a rep",
        ticks,
        "hand-offs",
    )


def _cycles(company: Company) -> alt.Chart:
    return _chart(figures.cycles(company), "How long new business takes, in days").mark_line(
        interpolate="step-after", strokeWidth=2
    ).encode(
        x=alt.X("from:Q", title="days from creation to close"),
        y=alt.Y("share:Q", title="share of the outcome", axis=alt.Axis(format="%")),
        color=alt.Color("outcome:N", scale=_scale(["Won", "Lost"], [_GREEN, _RUST])),
    )  # fmt: skip


def _responses(company: Company) -> alt.Chart:
    title = "When people respond, on the clocks where they are"
    return (
        _chart(figures.responses(company), title)
        .mark_rect(stroke="white")
        .encode(
            x=alt.X("hour:O", title="hour", axis=alt.Axis(labelAngle=0)),
            y=alt.Y("weekday:N", sort=list(figures.WEEKDAYS), title=None),
            color=alt.Color(
                "share:Q",
                scale=alt.Scale(range=["#f4f6f8", _BLUE]),
                legend=alt.Legend(format=".1%", orient="right", gradientLength=120),
            ),
        )
    )


def _amounts(company: Company) -> alt.Chart:
    products = ["Starter", "Team", "Enterprise"]
    return _chart(figures.amounts(company), "Amounts of new business, by product").mark_line(
        interpolate="step-after", strokeWidth=2
    ).encode(
        x=alt.X("from:Q", title="amount (log scale)",
                scale=alt.Scale(type="log", domain=[2e3, 5e5], nice=False),
                axis=alt.Axis(values=[2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5], format="~s")),
        y=alt.Y("share:Q", title="share of the product", axis=alt.Axis(format="%")),
        color=alt.Color("product:N", scale=_scale(products, [_GREY, _BLUE, _RUST])),
    )  # fmt: skip


def _rounds(company: Company) -> alt.LayerChart:
    base = _chart(figures.rounds_of_humans(company), "Rounds through the funnel, by human").encode(
        x=alt.X("rounds:O", title="rounds", axis=alt.Axis(labelAngle=0)),
        y=alt.Y("count:Q", title="people", axis=alt.Axis(format=",d")),
    )
    return base.mark_bar(color=_BLUE) + base.mark_text(dy=-7, color=_GREY).encode(text="share:N")


def _log_bars(rows: pd.DataFrame, title: str, ticks: dict[str, int], what: str) -> alt.Chart:
    """Bars between edges on a logarithmic scale; ticks have names."""
    names = " : ".join(f"datum.value == {at} ? '{name}'" for name, at in ticks.items())
    axis = alt.Axis(values=list(ticks.values()), labelExpr=f"{names} : ''")
    # Rectangles from 0 on: a bar between two edges would have no foot.
    return (
        _chart(rows.assign(foot=0), title)
        .mark_rect(color=_BLUE, stroke="white")
        .encode(
            x=alt.X("from:Q", scale=alt.Scale(type="log", nice=False), axis=axis, title=None),
            x2="until:Q",
            y=alt.Y("foot:Q", title=what),
            y2="count:Q",
        )
    )


def _chart(rows: pd.DataFrame, title: str) -> alt.Chart:
    return alt.Chart(rows, title=title, width=_WIDTH, height=_HEIGHT)


def _scale(names: list[str], colours: list[str]) -> alt.Scale:
    return alt.Scale(domain=names, range=colours)
