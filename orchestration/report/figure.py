"""A figure of the report: what it means, the statement that gives it, and how it is shown."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from orchestration.report.reading import Answer

Kind = Literal[
    "text", "code", "number", "decimal", "share", "points", "money", "days", "minutes", "date",
    "month", "moment", "flag",
]  # fmt: skip

NO_POLICY = "none: no stages are counted"


@dataclass(frozen=True)
class Column:
    """A column of a table: its name in the answer, its heading, how its values are written.

    `labels` are what people call a value; a value without one is shown as it is. `unit` names the
    column that says of each row what the value counts (minutes and share: a share). A difference
    has its sign, and that of two shares is in points.
    """

    name: str
    label: str
    kind: Kind = "text"
    labels: Mapping[Any, str] = field(default_factory=dict)
    unit: str = ""
    is_difference: bool = False


@dataclass(frozen=True)
class Mark:
    """A warning beside a row, in words, where the answer's flag is true."""

    flag: str
    text: str
    why: str


LOW_N = Mark("is_small_sample", "low n", "fewer than the agreed minimum sample")
LEFT_TRUNCATED = Mark(
    "is_left_truncated",
    "left-truncated",
    "the period begins before the sources know anything: a lower bound",
)
IMMATURE = Mark(
    "is_immature", "immature", "part of the cohort was not observed for the whole window"
)


@dataclass(frozen=True)
class Picker:
    """A column whose values are chosen from a list, one at a time; `first` is shown at first."""

    name: str
    label: str
    first: Any = None
    labels: Mapping[Any, str] = field(default_factory=dict)
    kind: Kind = "text"


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table that sorts and filters, one line per row of the answer.

    At most `shown` lines are written (of each choice, with pickers); the rest is said to be in
    `source`. Of a statement that is cut itself, `total` says how many there are.
    """

    caption: str
    columns: Sequence[Column]
    source: str
    marks: Sequence[Mark] = ()
    pickers: Sequence[Picker] = ()
    shown: int = 100
    total: int | None = None


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A chart, drawn once for wide screens and once for phones: `draw` takes the width in pixels.

    `text` says in words what is drawn; the table beside it has the numbers.
    """

    draw: Callable[[int], Any]
    text: str
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Tile:
    """One number that a head of a team looks at first.

    `value` is the number itself, `told` what is written; `row` names what it is in the answer.
    `series` are its last periods, oldest first, None where there was nothing; `goal` is what they
    are held against; `running` tells how the period that is not over stands, `owner` whose it is.
    """

    row: str
    label: str
    value: float | None
    told: str
    status: Literal["met", "missed", "running", "none"] = "none"
    target: str = ""
    trend: str = ""
    basis: str = ""
    running: str = ""
    owner: str = ""
    series: Sequence[float | None] = ()
    goal: float | None = None
    marks: Sequence[Mark] = ()
    href: str = ""


@dataclass(frozen=True, kw_only=True)
class Tiles:
    """Numbers side by side."""

    tiles: Sequence[Tile]


@dataclass(frozen=True, kw_only=True)
class Funnel:
    """Stages as a funnel, by what is picked.

    The answer has `stage`, `reached`, `converted` (of these the ones that reached the next stage),
    `standing` and `is_left_truncated`; `stages` are the labels in order.
    """

    caption: str
    stages: Mapping[str, str]
    pickers: Sequence[Picker]
    minimum: int


@dataclass(frozen=True, kw_only=True)
class Text:
    """A paragraph."""

    text: str


Part = Table | Chart | Tiles | Funnel | Text


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One question with its answer.

    `key` is its anchor, unique on its page. `definition` says what the numbers mean; `unit`,
    `policy`, `period` and `basis` (what n counts) are told beside it.
    """

    key: str
    title: str
    definition: str
    unit: str
    period: str
    basis: str
    answer: Answer
    parts: Sequence[Part]
    policy: str = NO_POLICY
