"""How a system writes values into a CSV file: nulls, instants, flags, quotes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.sandbox.clock import DAY, HOUR, east
from ingestion.sandbox.systems.columns import INSTANT, column, text_of_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from ingestion.sandbox.arrays import Flags, Numbers
    from ingestion.sandbox.systems.columns import Bytes

Instant: TypeAlias = Literal[
    "milliseconds_z",  # 2023-05-28T21:10:08.000Z
    "seconds_z",  # 2023-05-28T21:10:08Z
    "plus_zero",  # 2015-05-21T22:45:13Z+0000
    "offset",  # 2022-02-13T14:06:20-05:00
    "epoch_milliseconds",  # 1685308208000
]
_DAY, _HOUR = int(DAY), int(HOUR)
# Rows that become text at once: 15 columns of them take about 30 MB.
_BATCH = 1 << 17
# Arrow writes floats from here on with an exponent, which no CRM does.
_LARGE = 1e10


@dataclass(frozen=True)
class Dialect:
    """How one system writes its CSV files.

    `instant` names the form of instants (see `Instant`); `zone` is the IANA zone of the form
    "offset" and of no other; `line_end` ends each line. Dates are YYYY-MM-DD everywhere. If not
    everything is quoted, what holds the delimiter, a quote or a line end is.
    """

    null: str
    instant: Instant
    zone: str = "UTC"
    true: str = "true"
    false: str = "false"
    quotes_everything: bool = False
    delimiter: str = ","
    line_end: str = "\n"


def text_table(table: pa.Table, dialect: Dialect) -> pa.Table:
    """Return the table as a file in this dialect shows it: all strings, no nulls, no quotes yet.

    Floats are as short as they can be; from 1e10 on they are rounded to cents and written
    without an exponent. NaN is null. Raises TypeError for a type that `Stored` does not know,
    ValueError for a year before 0 or after 9999, and KeyError for an unknown form of instants.
    """
    return pa.table({name: _text(column(table[name]), dialect) for name in table.column_names})


def write_csv(table: pa.Table, path: Path, dialect: Dialect) -> int:
    """Write a header and the rows as UTF-8; return how many rows.

    Raises as `text_table` does, and OSError.
    """
    with path.open("wb") as file:
        file.write(csv_header(table.column_names, dialect))
        file.writelines(csv_lines(table, dialect))
    return int(table.num_rows)


def csv_header(names: Sequence[str], dialect: Dialect) -> pa.Buffer:
    """Return the line of the names, as UTF-8."""
    return _lines(pa.table({name: pa.array([name]) for name in names}), dialect)


def csv_lines(table: pa.Table, dialect: Dialect) -> Iterator[pa.Buffer]:
    """Give the lines of the rows as UTF-8, many at once. Raises as `text_table` does."""
    for batch in table.to_batches(max_chunksize=_BATCH):
        yield _lines(text_table(pa.table(batch), dialect), dialect)


def _text(values: pa.Array, dialect: Dialect) -> pa.Array:
    kind = values.type
    if kind == INSTANT:
        text = _INSTANTS[dialect.instant](_seconds(values), _missing(values), dialect.zone)
    elif pa.types.is_date32(kind):
        days = values.cast(pa.int32()).fill_null(0).to_numpy().astype(np.int64)
        text = text_of_bytes(_days(days), _missing(values))
    elif pa.types.is_boolean(kind):
        text = pc.if_else(values, dialect.true, dialect.false)
    elif pa.types.is_floating(kind):
        text = _decimal(pc.if_else(pc.is_nan(values), None, values))
    elif pa.types.is_integer(kind) or pa.types.is_string(kind) or _is_words(kind):
        text = values.cast(pa.string())
    else:
        raise TypeError(f"no system writes {kind}")
    return text.fill_null(dialect.null)


def _is_words(kind: pa.DataType) -> bool:
    return bool(pa.types.is_dictionary(kind) and pa.types.is_string(kind.value_type))


def _seconds(values: pa.Array) -> Numbers:
    return np.asarray(values.cast(pa.int64()).fill_null(0).to_numpy())


def _missing(values: pa.Array) -> Flags | None:
    if not values.null_count:
        return None
    return np.asarray(values.is_null().to_numpy(zero_copy_only=False))


def _decimal(values: pa.Array) -> pa.Array:
    text = values.cast(pa.string())
    is_large = pc.greater_equal(pc.abs(values), _LARGE)
    if not pc.any(is_large).as_py():
        return text
    cents = pc.if_else(is_large, values, None).cast(pa.decimal128(38, 2)).cast(pa.string())
    plain = pc.utf8_rtrim(pc.utf8_rtrim(cents, characters="0"), characters=".")
    return pc.coalesce(plain, text)


def _days(days: Numbers) -> Bytes:
    """YYYY-MM-DD of days since 1970, ten bytes each; each day of their span is written once."""
    low, high = int(days.min(initial=0)), int(days.max(initial=0))
    span = np.arange(low, high + 1).astype("datetime64[D]")
    if span[0] < np.datetime64("0000-01-01") or span[-1] > np.datetime64("9999-12-31"):
        raise ValueError(f"years of other than four digits: {span[0]} to {span[-1]}")
    texts = np.datetime_as_string(span).astype("S10")
    return texts.view(np.uint8).reshape(-1, 10)[days - low]


def _clock(seconds: Numbers, ending: Bytes) -> Bytes:
    """YYYY-MM-DDTHH:MM:SS of what the clocks show, and an ending, the same or one for each."""
    day, of_day = np.divmod(seconds, _DAY)
    matrix = np.empty((len(seconds), 19 + ending.shape[1]), dtype=np.uint8)
    matrix[:, :10] = _days(day)
    matrix[:, 10:19] = _TIMES[of_day]
    matrix[:, 19:] = ending
    return matrix


def _ascii(text: str) -> Bytes:
    return np.frombuffer(text.encode(), dtype=np.uint8)[np.newaxis]


def _times() -> Bytes:
    """THH:MM:SS of each second of a day."""
    second = np.arange(_DAY)
    parts = [_pair(second // _HOUR), _pair(second // 60 % 60), _pair(second % 60)]
    marks = [np.repeat(_ascii(mark), _DAY, axis=0) for mark in "T::"]
    return np.concatenate([marks[0], parts[0], marks[1], parts[1], marks[2], parts[2]], axis=1)


def _pair(number: Numbers) -> Bytes:
    """Two digits."""
    return (np.stack(np.divmod(number, 10), axis=1) + ord("0")).astype(np.uint8)


_TIMES = _times()


def _ending(text: str) -> Callable[[Numbers, Flags | None, str], pa.Array]:
    def form(seconds: Numbers, missing: Flags | None, _zone: str) -> pa.Array:
        return text_of_bytes(_clock(seconds, _ascii(text)), missing)

    return form


def _offset(seconds: Numbers, missing: Flags | None, zone: str) -> pa.Array:
    ahead = east(seconds, zone)
    minutes = np.abs(ahead) // 60
    ending = np.empty((len(seconds), 6), dtype=np.uint8)
    ending[:, 0] = np.where(ahead < 0, ord("-"), ord("+"))
    ending[:, 1:3] = _pair(minutes // 60)
    ending[:, 3] = ord(":")
    ending[:, 4:] = _pair(minutes % 60)
    return text_of_bytes(_clock(seconds + ahead, ending), missing)


def _epoch(seconds: Numbers, missing: Flags | None, _zone: str) -> pa.Array:
    return pa.array(seconds * 1000, mask=missing).cast(pa.string())


_INSTANTS: dict[Instant, Callable[[Numbers, Flags | None, str], pa.Array]] = {
    "milliseconds_z": _ending(".000Z"),
    "seconds_z": _ending("Z"),
    "plus_zero": _ending("Z+0000"),
    "offset": _offset,
    "epoch_milliseconds": _epoch,
}


def _lines(texts: pa.Table, dialect: Dialect) -> pa.Buffer:
    """The bytes of the lines of a table of texts.

    pyarrow.csv quotes all texts or none, and never only those that need it.
    """
    quote = '"' if dialect.quotes_everything else ""
    between, end = f"{quote}{dialect.delimiter}{quote}", f"{quote}{dialect.line_end}"
    parts: list[pa.Array | str] = []
    for name in texts.column_names:
        parts += [between, _quoted(column(texts[name]), dialect, alone=texts.num_columns == 1)]
    lines = pc.binary_join_element_wise(quote, *parts[1:], end, "")
    data = lines.buffers()[2]
    ends = np.frombuffer(lines.buffers()[1], dtype=np.int32)
    return data[: int(ends[len(lines)])]


def _quoted(values: pa.Array, dialect: Dialect, *, alone: bool) -> pa.Array:
    """The texts with quotes doubled; and put into quotes where needed, if that is not done to all.

    An empty text that stands alone in its line needs them: readers skip empty lines.
    """
    if dialect.quotes_everything:
        has_quote = pc.any(pc.match_substring(values, '"')).as_py()
        return pc.replace_substring(values, '"', '""') if has_quote else values
    needs = [pc.match_substring(values, mark) for mark in (dialect.delimiter, '"', "\n", "\r")]
    if alone:
        needs.append(pc.equal(values, ""))
    needed = reduce(pc.or_, needs)
    if not pc.any(needed).as_py():
        return values
    doubled = pc.replace_substring(values, '"', '""')
    return pc.if_else(needed, pc.binary_join_element_wise('"', doubled, '"', ""), values)
