"""From the bytes of a file to plain UTF-8 text on disk, without holding the file in memory."""

from __future__ import annotations

import codecs
import gzip
import hashlib
import zlib
from typing import TYPE_CHECKING

from ingestion.errors import TerminalError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

_CHUNK = 1 << 20
_BOMS = ((codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def fingerprint(path: Path) -> str:
    """Return the SHA-256 of a file. Raises TerminalError if it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise TerminalError(
            f"cannot be read ({error.strerror})",
            where=str(path),
            mend="Check the name and the access rights",
        ) from error


def as_utf8(path: Path, encoding: str, scratch: Path) -> Path:
    """Return a plain UTF-8 copy of a text file in the scratch folder, or the file if it is one.

    Raises TerminalError if the gzip is broken or a byte does not fit the encoding.
    """
    is_compressed = path.suffix.lower() == ".gz"
    is_utf8 = _is_utf8(encoding)
    if is_utf8 and not is_compressed:
        return path
    copy = scratch / "decoded.txt"
    with path.open("rb") as packed, copy.open("wb") as plain:
        chunks = _unpacked(packed, path) if is_compressed else _chunks(packed)
        if is_utf8:
            plain.writelines(chunks)
        else:
            for text in _decoded(chunks, encoding, path):
                plain.write(text.encode("utf-8"))
    return copy


def refuse_wrong_bytes(path: Path, encoding: str) -> None:
    """Raise TerminalError that names the first byte of a plain file that is not in its encoding."""
    with path.open("rb") as file:
        for _ in _decoded(_chunks(file), encoding, path):
            pass


def _is_utf8(encoding: str) -> bool:
    return codecs.lookup(encoding).name in ("utf-8", "utf-8-sig")


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    while chunk := file.read(_CHUNK):
        yield chunk


def _unpacked(file: BinaryIO, path: Path) -> Iterator[bytes]:
    try:
        with gzip.GzipFile(fileobj=file) as unpacked:
            while chunk := unpacked.read(_CHUNK):
                yield chunk
    except (OSError, EOFError, zlib.error) as error:
        raise TerminalError(
            f"is a broken gzip file ({error})",
            where=str(path),
            mend="Export or copy it again; nothing of it was loaded",
        ) from error


def _decoded(chunks: Iterator[bytes], encoding: str, path: Path) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(encoding)()
    read = 0
    start = b""
    pending = 0
    try:
        for chunk in chunks:
            start = start or chunk[:4]
            pending = len(decoder.getstate()[0])
            yield decoder.decode(chunk)
            read += len(chunk)
        pending = len(decoder.getstate()[0])
        yield decoder.decode(b"", final=True)
    except UnicodeError as error:
        at = read - pending + getattr(error, "start", 0)
        looks = next((name for bom, name in _BOMS if start.startswith(bom)), None)
        raise TerminalError(
            f"byte {at} is not {encoding}",
            where=str(path),
            mend="Name the right encoding under `format` in the mapping, e.g. encoding: "
            + (looks or ("utf-8" if encoding == "ascii" else "cp1252")),
        ) from error
