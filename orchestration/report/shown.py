"""What a template writes of a figure: texts, sort values and drawings, ready to be escaped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from orchestration.report.drawing import draw
from orchestration.report.figure import (
    LEFT_TRUNCATED,
    LOW_N,
    Chart,
    Funnel,
    Table,
    Text,
    Tiles,
)
from orchestration.report.wording import (
    KIND_OF_UNIT,
    is_numeric,
    sort_value,
    worded,
    worded_difference,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from orchestration.report.figure import Column, Figure, Kind, Mark, Picker, Tile

_SPARK_WIDTH, _SPARK_HEIGHT = 120, 28
# Percent of the width; a stage with somebody in it is never invisible.
_NARROWEST = 0.6
_LEVEL = ("stage", "reached", "told", "standing", "rate", "rate_of", "marks", "points")
# Lines of a table below a chart that stand there unasked.
_UNFOLDED = 8


def shown(figure: Figure) -> dict[str, Any]:
    """Return a figure as its template takes it."""
    return {
        "figure": figure,
        "parts": [
            {"kind": type(part).__name__.lower(), **_SHOWN[type(part)](figure, part, place)}
            for place, part in enumerate(figure.parts)
        ],
    }


def _chart(figure: Figure, part: Chart, place: int) -> dict[str, Any]:
    # What vl-convert draws has its texts escaped; the drawing is checked element by element.
    wide, narrow = (Markup(one) for one in draw(part, f"{figure.key}-{place}"))  # noqa: S704
    return {"chart": part, "wide": wide, "narrow": narrow}


def _table(figure: Figure, part: Table, place: int) -> dict[str, Any]:
    rows = figure.answer.rows
    marks = [mark for mark in part.marks if any(row[mark.flag] for row in rows)]
    choices = _choices(rows, part.pickers)
    written = {
        key: [_line(row, part.columns, marks) for row in some[: part.shown]]
        for key, some in choices.items()
    }
    first = _first(part.pickers)
    picked = choices.get(first, [])
    return {
        "table": part,
        "marks": marks,
        "columns": [
            {
                "name": one.name,
                "label": one.label,
                "css": _css(one),
            }
            for one in part.columns
        ],
        "lines": written.get(first, []),
        "pickers": [_picker(one, rows) for one in part.pickers],
        "choices": {key: _packed(lines) for key, lines in written.items()}
        if part.pickers
        else None,
        "totals": {key: part.total or len(some) for key, some in choices.items()},
        "total": (part.total or len(picked)),
        # Beside a chart or tiles it is there for who wants the numbers.
        "is_folded": place > 0 and len(written.get(first, [])) > _UNFOLDED,
    }


def _line(
    row: Mapping[str, Any], columns: Sequence[Column], marks: Sequence[Mark]
) -> dict[str, Any]:
    cells = []
    for column in columns:
        value = row[column.name]
        label = column.labels.get(value)
        kind = KIND_OF_UNIT[row[column.unit]] if column.unit else column.kind
        cells.append(
            {
                "t": _told(value, kind, column) if label is None else label,
                "v": sort_value(value, kind) if label is None else label,
            }
        )
    return {"cells": cells, "marks": [one.text for one in marks if row[one.flag]]}


def _told(value: Any, kind: Kind, column: Column) -> str:
    return worded_difference(value, kind) if column.is_difference else worded(value, kind)


def _css(column: Column) -> str:
    if column.unit or is_numeric(column.kind):
        return "number"
    return {"code": "code", "date": "short", "month": "short", "moment": "short"}.get(
        column.kind, ""
    )


def _packed(lines: Sequence[Mapping[str, Any]]) -> list[list[Any]]:
    """Lines as the script reads them: cells, then marks; a cell that sorts as it reads is short."""
    return [
        [
            [one["t"] if one["t"] == one["v"] else [one["t"], one["v"]] for one in line["cells"]],
            line["marks"],
        ]
        for line in lines
    ]


def _choices(
    rows: Sequence[Mapping[str, Any]], pickers: Sequence[Picker]
) -> dict[str, list[Mapping[str, Any]]]:
    found: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        found.setdefault(_key([row[one.name] for one in pickers]), []).append(row)
    return found


def _key(values: Sequence[Any]) -> str:
    return "\x1f".join("" if one is None else f"={one}" for one in values)


def _first(pickers: Sequence[Picker]) -> str:
    return _key([one.first for one in pickers])


def _picker(picker: Picker, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    found = dict.fromkeys(row[picker.name] for row in rows)
    order = [*(one for one in picker.labels if one in found)]
    values = [*order, *(one for one in found if one not in picker.labels)]
    return {
        "name": picker.name,
        "label": picker.label,
        "options": [
            {
                "value": _key([one]),
                "text": picker.labels.get(one) or _option(one, picker.kind),
                "is_first": one == picker.first,
            }
            for one in values
        ],
    }


def _option(value: Any, kind: Kind) -> str:
    return "(no value)" if value is None else worded(value, kind)


def _tiles(figure: Figure, part: Tiles, _: int) -> dict[str, Any]:
    return {
        "tiles": [
            {"tile": one, "raw": sort_value(one.value), "spark": spark(one)} for one in part.tiles
        ]
    }


def spark(tile: Tile) -> dict[str, Any] | None:
    """Return the bars of a tile's last periods and the height of its goal; None without any."""
    known = [one for one in tile.series if one is not None]
    if not known:
        return None
    top = max([*known, tile.goal or 0]) or 1
    width = _SPARK_WIDTH / max(len(tile.series), 6)
    bars = [
        {
            "x": round(place * width, 1),
            "width": round(width - 2, 1),
            "y": round(_SPARK_HEIGHT * (1 - value / top), 1),
            "height": max(round(_SPARK_HEIGHT * value / top, 1), 1),
            "is_met": tile.goal is not None and value >= tile.goal,
        }
        for place, value in enumerate(tile.series)
        if value is not None
    ]
    goal = None if tile.goal is None else round(_SPARK_HEIGHT * (1 - tile.goal / top), 1)
    return {"bars": bars, "goal": goal, "width": _SPARK_WIDTH, "height": _SPARK_HEIGHT}


def _funnel(figure: Figure, part: Funnel, _: int) -> dict[str, Any]:
    choices = {
        key: _levels(list(rows), part)
        for key, rows in _choices(figure.answer.rows, part.pickers).items()
    }
    return {
        "funnel": part,
        "pickers": [_picker(one, figure.answer.rows) for one in part.pickers],
        "levels": choices[_first(part.pickers)],
        # As the script reads them, in the order of _LEVEL: a megabyte less than with names.
        "choices": {
            key: [[level[name] for name in _LEVEL] for level in levels]
            for key, levels in choices.items()
        },
    }


def _levels(rows: Sequence[Mapping[str, Any]], part: Funnel) -> list[dict[str, Any]]:
    found = {row["stage"]: row for row in rows}
    kept = [(stage, found[stage]) for stage in part.stages if stage in found]
    top = max((row["reached"] for _, row in kept), default=0) or 1
    levels = []
    for place, (stage, row) in enumerate(kept):
        following = kept[place + 1][1]["reached"] if place + 1 < len(kept) else None
        here = 100 * row["reached"] / top
        here = max(here, _NARROWEST) if row["reached"] else here
        below = here if following is None else 100 * following / top
        rate = (
            row["converted"] / row["reached"] if following is not None and row["reached"] else None
        )
        levels.append(
            {
                "stage": part.stages[stage],
                "reached": row["reached"],
                "told": worded(row["reached"], "number"),
                "standing": worded(row["standing"], "number"),
                "rate": "" if rate is None else worded(rate, "share"),
                "rate_of": ""
                if rate is None
                else f"{worded(row['converted'], 'number')} of {worded(row['reached'], 'number')}",
                "marks": [] if rate is None else _rate_marks(row, part.minimum),
                "points": _trapezoid(here, below),
            }
        )
    return levels


def _rate_marks(row: Mapping[str, Any], minimum: int) -> list[str]:
    low = [LOW_N.text] if row["reached"] < minimum else []
    return [*low, LEFT_TRUNCATED.text] if row[LEFT_TRUNCATED.flag] else low


def _trapezoid(above: float, below: float) -> str:
    # Of 100 wide and 40 high; it narrows, or widens where people come in below.
    edges = (50 - above / 2, 50 + above / 2, 50 + below / 2, 50 - below / 2)
    return " ".join(f"{x:.1f},{y}" for x, y in zip(edges, (0, 0, 40, 40), strict=True))


def _text(_: Figure, part: Text, __: int) -> dict[str, Any]:
    return {"text": part.text}


_SHOWN: Mapping[type, Callable[[Figure, Any, int], dict[str, Any]]] = {
    Chart: _chart,
    Table: _table,
    Tiles: _tiles,
    Funnel: _funnel,
    Text: _text,
}
