"""The CSV file of a job: written, weighed and signed once, read as often as a client likes."""

from __future__ import annotations

import gzip
import hashlib
import shutil
import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, TypeAlias

import pyarrow as pa

from ingestion.sandbox.systems.dialect import Dialect, write_csv

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy as np

Format: TypeAlias = Literal["CSV", "TSV", "SSV"]
DELIMITERS: dict[str, str] = {"CSV": ",", "TSV": "\t", "SSV": ";"}
_CHUNK = 1 << 20
# More takes long and saves little: the texts repeat themselves.
_LEVEL = 1


@dataclass(frozen=True)
class ExtractFile:
    """A file on disk, and what its job tells of it."""

    path: Path
    records: int
    size: int  # bytes
    checksum: str  # sha256, hexadecimal
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def gzipped(self) -> Path:
        """Return the same file compressed; made by the first who asks."""
        packed = self.path.with_suffix(".gz")
        with self._lock:
            if not packed.exists():
                with self.path.open("rb") as plain, gzip.open(packed, "wb", _LEVEL) as file:
                    shutil.copyfileobj(plain, file, _CHUNK)
        return packed


def write_extract(  # noqa: PLR0913 - what a file is made of; given by name
    table: pa.Table,
    path: Path,
    *,
    dialect: Dialect,
    format_: str,
    order: np.random.Generator,
    is_malformed: bool = False,
) -> ExtractFile:
    """Write rows in an order of no meaning. A malformed file has a row with a field too many."""
    shuffled = table.take(pa.array(order.permutation(table.num_rows)))
    delimiter = DELIMITERS[format_]
    records = write_csv(shuffled, path, replace(dialect, delimiter=delimiter))
    if is_malformed and records:
        with path.open("r+b") as file:
            file.seek(-1, 2)
            file.write(f"{delimiter}surplus\n".encode())
    with path.open("rb") as file:
        checksum = hashlib.file_digest(file, "sha256").hexdigest()
    return ExtractFile(path, records, path.stat().st_size, checksum)


def chunks(path: Path, start: int, end: int) -> Iterator[bytes]:
    """Give the bytes from start until before end."""
    with path.open("rb") as file:
        file.seek(start)
        while start < end:
            chunk = file.read(min(_CHUNK, end - start))
            start += len(chunk)
            yield chunk
