"""The answer to file.json: all of a file or a range of it, plain or compressed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.responses import PlainTextResponse, Response, StreamingResponse

from ingestion.sandbox.apis.marketo.extract_file import chunks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ingestion.sandbox.apis.faults import Faults
    from ingestion.sandbox.apis.marketo.extract_file import ExtractFile

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
_TYPE = "text/csv;charset=UTF-8"


@dataclass(frozen=True)
class Mishaps:
    """What goes wrong with one download."""

    is_cut: bool
    is_truncated: bool
    is_altered: bool


def mishaps(faults: Faults, place: str) -> Mishaps:
    """Draw them."""
    return Mishaps(
        is_cut=faults.strikes("cut", place),
        is_truncated=faults.strikes("truncated_file", place),
        is_altered=faults.strikes("checksum_mismatch", place),
    )


def no_file() -> Response:
    """Return the answer for a file that is not there: no JSON."""
    return PlainTextResponse("File not found", status_code=404)


def download(
    file: ExtractFile,
    headers: Mapping[str, str],
    going_wrong: Mishaps,
    *,
    gzips: bool,
    at_end: Callable[[], None],
) -> Response:
    """Return the answer; `at_end` is called once the file's last byte went out."""
    asked = _RANGE.fullmatch(headers.get("range", "").strip())
    told = {"Accept-Ranges": "bytes"}
    path, size, status = file.path, file.size, 200
    start, end = 0, size
    if asked and asked.group(0) != "bytes=-":
        start, end = _bounds(asked.group(1), asked.group(2), size)
        if start >= end:
            return Response(status_code=416, headers={"Content-Range": f"bytes */{size}"})
        status, told["Content-Range"] = 206, f"bytes {start}-{end - 1}/{size}"
    elif gzips and "gzip" in headers.get("accept-encoding", "") and _is_right(going_wrong):
        path = file.gzipped()
        size = end = path.stat().st_size
        told["Content-Encoding"] = "gzip"
    stop = (start + end) // 2 if going_wrong.is_truncated else end
    told["Content-Length"] = str(stop - start)
    is_last = stop == size
    body = _body(chunks(path, start, stop), stop - start, going_wrong, at_end if is_last else None)
    return StreamingResponse(body, status, told, media_type=_TYPE)


def cut(parts: Iterator[bytes], size: int) -> Iterator[bytes]:
    """Give the first half of a body and then let the connection die."""
    left = size // 2
    for part in parts:
        yield part[:left]
        left -= len(part)
        if left <= 0:
            break
    raise ConnectionAbortedError("the fault `cut`")


def _body(
    parts: Iterator[bytes], size: int, going_wrong: Mishaps, at_end: Callable[[], None] | None
) -> Iterator[bytes]:
    if going_wrong.is_altered:
        parts = _altered(parts, size // 2)
    yield from cut(parts, size) if going_wrong.is_cut else parts
    if at_end is not None:
        at_end()


def _altered(parts: Iterator[bytes], at: int) -> Iterator[bytes]:
    for part in parts:
        if 0 <= at < len(part):
            yield part[:at] + bytes([part[at] ^ 1]) + part[at + 1 :]
        else:
            yield part
        at -= len(part)


def _bounds(first: str, last: str, size: int) -> tuple[int, int]:
    """From which byte until before which; an empty range for one that cannot be."""
    if not first:
        return max(0, size - int(last)), size
    return int(first), min(size, int(last) + 1 if last else size)


def _is_right(going_wrong: Mishaps) -> bool:
    """Whether the bytes are the file's; compressed, other ones would not even unpack."""
    return not (going_wrong.is_truncated or going_wrong.is_altered)
