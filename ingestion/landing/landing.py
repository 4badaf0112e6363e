"""The append-only landing: a local folder or an object store behind fsspec."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq
from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem

from ingestion.errors import TerminalError
from ingestion.landing.manifest import NAME, Manifest

if TYPE_CHECKING:
    from collections.abc import Iterator

FileKind = Literal["part", "set_aside"]

_NAME_PATTERN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-]*")
_FOLDER_DEPTH = 4  # source, instance, object, load


class Landing:
    """A landing at a path or at any URL that fsspec knows.

    Only the holder of the run lock may write or sweep; anybody may read at any time.
    Raises TerminalError if the URL's kind of store is unknown or its package is not installed.
    """

    def __init__(self, url: str | os.PathLike[str]) -> None:
        self.url = os.fspath(url)
        try:
            self._fs, root = url_to_fs(self.url)
        except (ImportError, ValueError) as error:
            raise TerminalError(
                f"cannot open this landing ({error})",
                where=self.url,
                mend="Name a local folder, or install the fsspec package for this kind of store",
            ) from error
        self._root: str = root.rstrip("/")
        self._is_local = isinstance(self._fs, LocalFileSystem)
        # A manifest never changes: read again for each of 300 files to land, they took longer than
        # the files did.
        self._manifests: dict[str, Manifest] = {}

    def loads(self, source: str | None = None, *, with_superseded: bool = False) -> list[Manifest]:
        """Return the manifests of all committed loads, those of one source if it is given.

        One per load that no other load supersedes, sorted by source, instance, object, time of
        extraction and load id. A folder without a manifest is not a load.
        Raises TerminalError naming the file if a manifest is damaged or names a file that is gone.
        """
        manifests = self._committed(source)
        superseded = {
            (one.source, one.instance, one.object, load_id)
            for one in manifests
            for load_id in one.supersedes
        }
        return sorted(
            (
                one
                for one in manifests
                if with_superseded
                or (one.source, one.instance, one.object, one.load_id) not in superseded
            ),
            key=lambda one: (one.source, one.instance, one.object, one.extracted_at, one.load_id),
        )

    def taken_ids(self, manifest: Manifest) -> set[str]:
        """Return the load ids that a new load beside this one must not have.

        Those of all committed loads, and of all that were superseded: a removed load's id would
        be superseded before it is written.
        """
        beside = self._committed(f"{manifest.source}/{manifest.instance}/{manifest.object}")
        return {one.load_id for one in beside}.union(*(one.supersedes for one in beside))

    def remove(self, manifest: Manifest) -> None:
        """Remove a load whose rows another one holds: the one exception to append-only, erasure.

        The manifest goes first, so that a crash leaves what `sweep` removes. Only the holder of the
        run lock may call this. Raises ValueError if no load says that it rewrites this one.
        """
        folder = self._folder_of(manifest)
        beside = self._committed(f"{manifest.source}/{manifest.instance}/{manifest.object}")
        if manifest.load_id not in {one.rewrites for one in beside}:
            raise ValueError(f"no load rewrites {folder}")
        self._fs.rm_file(f"{folder}/{NAME}")
        self._remove(folder)

    @contextmanager
    def write_load(self, manifest: Manifest) -> Iterator[LoadWriter]:
        """Write one load: files first, the manifest last, so that a crash leaves all or nothing.

        Inside the block add files to the writer and set the counts with `update`; leaving the
        block commits. An exception inside leaves no load.
        Raises TerminalError if this load is there already or a name does not fit a path, and
        ValueError if the rows delivered are not the rows landed plus those set aside.
        """
        folder = self._folder_of(manifest)
        path = f"{folder}/{NAME}"
        if self._fs.exists(path):
            raise TerminalError(
                f"the load {manifest.load_id} is there already",
                where=folder,
                mend="Loads are never written twice: give the new one another load id",
            )
        self._remove(folder)
        writer = LoadWriter(manifest, _fs=self._fs, _folder=folder, _is_local=self._is_local)
        try:
            self._fs.makedirs(folder, exist_ok=True)
            yield writer
            self._commit(path, writer)
        except BaseException:
            # Once the manifest is there the load is whole, whatever happened after it.
            if not self._fs.exists(path):
                self._remove(folder)
            raise

    def sweep(self) -> list[str]:
        """Remove the folders of loads that were never committed and return them, sorted.

        Only the holder of the run lock may call this: a load that is being written looks alike.
        """
        left_over = sorted(
            folder for folder, names in self._folders(None).items() if NAME not in names
        )
        for folder in left_over:
            self._remove(folder)
        return left_over

    def paths(self, manifest: Manifest, kind: FileKind = "part") -> list[str]:
        """Return the full paths (local folder) or URLs (object store) of the files of a load."""
        folder = self._folder_of(manifest)
        names = manifest.files if kind == "part" else manifest.set_aside_files
        paths = [f"{folder}/{name}" for name in names]
        return paths if self._is_local else [str(self._fs.unstrip_protocol(one)) for one in paths]

    def read(self, manifest: Manifest, kind: FileKind = "part") -> pa.Table:
        """Return the rows of a load as one table, in the order in which they landed."""
        folder = self._folder_of(manifest)
        names = manifest.files if kind == "part" else manifest.set_aside_files
        tables = []
        for name in names:
            with self._fs.open(f"{folder}/{name}", "rb") as file:
                # No threads: one that pyarrow had just begun aborts a process that exits then (2 of
                # 25 refused runs). What is read here is small.
                tables.append(pq.read_table(file, use_threads=False, pre_buffer=False))
        return pa.concat_tables(tables) if tables else pa.table({})

    def _folder_of(self, manifest: Manifest) -> str:
        names = (manifest.source, manifest.instance, manifest.object, manifest.load_id)
        for name in names:
            if not _NAME_PATTERN.fullmatch(name):
                raise TerminalError(
                    f"{name!r} cannot name a folder of the landing",
                    where=self.url,
                    mend="Use letters, digits, '_', '-' and '.' only, and begin without '.'",
                )
        return "/".join((self._root, *names))

    def _committed(self, part: str | None) -> list[Manifest]:
        """Manifests below a folder of the landing, superseded ones too, in no order."""
        committed = {
            f"{folder}/{NAME}": names
            for folder, names in self._folders(part).items()
            if NAME in names
        }
        self._read([path for path in committed if path not in self._manifests])
        return [self._whole(path, names) for path, names in committed.items()]

    def _folders(self, part: str | None) -> dict[str, set[str]]:
        """Folder of each load, whole or not, with the names of the files in it."""
        top = self._root if part is None else f"{self._root}/{part}"
        self._fs.invalidate_cache()
        if not self._fs.exists(top):
            return {}
        folders: dict[str, set[str]] = {}
        for path, info in self._fs.find(top, withdirs=True, detail=True).items():
            parts = path[len(self._root) :].strip("/").split("/")
            if len(parts) < _FOLDER_DEPTH or (
                len(parts) == _FOLDER_DEPTH and info["type"] != "directory"
            ):
                continue
            names = folders.setdefault("/".join((self._root, *parts[:_FOLDER_DEPTH])), set())
            if len(parts) > _FOLDER_DEPTH:
                names.add("/".join(parts[_FOLDER_DEPTH:]))
        return folders

    def _read(self, paths: list[str]) -> None:
        """Read manifests into memory."""
        texts: dict[str, bytes] = self._fs.cat(paths) if paths else {}
        for path, text in texts.items():
            manifest = Manifest.from_json(text.decode("utf-8", errors="replace"), where=path)
            if self._folder_of(manifest) != path.removesuffix(f"/{NAME}"):
                raise TerminalError(
                    "the manifest belongs to another folder",
                    where=path,
                    mend="Move the folder back to <source>/<instance>/<object>/<load id>",
                )
            self._manifests[path] = manifest

    def _whole(self, path: str, names: set[str]) -> Manifest:
        manifest = self._manifests[path]
        for name in (*manifest.files, *manifest.set_aside_files):
            if name not in names:
                raise TerminalError(
                    f"the manifest names {name}, which is not there",
                    where=path,
                    mend="Restore the file from a copy, or delete the folder and load again",
                )
        return manifest

    def _commit(self, path: str, writer: LoadWriter) -> None:
        manifest = replace(
            writer.manifest,
            files=tuple(writer.names("part")),
            set_aside_files=tuple(writer.names("set_aside")),
        )
        if manifest.rows_delivered != manifest.rows_landed + manifest.rows_set_aside:
            raise ValueError(
                f"{path}: {manifest.rows_delivered} rows delivered, but {manifest.rows_landed} "
                f"landed and {manifest.rows_set_aside} set aside"
            )
        content = manifest.to_json().encode()
        if not self._is_local:
            self._fs.pipe_file(path, content)
        else:
            draft = Path(f"{path}.draft")
            draft.write_bytes(content)
            _sync(draft)
            draft.replace(path)
            _sync(draft.parent)
        writer.manifest = manifest

    def _remove(self, folder: str) -> None:
        if self._is_local:
            shutil.rmtree(folder, ignore_errors=True)
        if self._fs.exists(folder):
            self._fs.rm(folder, recursive=True)


@dataclass
class LoadWriter:
    """The load that is being written. `manifest` is the final one after the block."""

    manifest: Manifest
    _fs: Any
    _folder: str
    _is_local: bool
    _names: list[str] = field(default_factory=list)

    def update(self, **changes: Any) -> None:
        """Set fields of the manifest, e.g. the counts."""
        self.manifest = replace(self.manifest, **changes)

    def write(self, table: pa.Table, kind: FileKind = "part") -> None:
        """Add one Parquet file with the rows of a table."""
        with self.new_file(kind) as path:
            pq.write_table(table, path, compression="zstd")

    @contextmanager
    def new_file(self, kind: FileKind = "part") -> Iterator[Path]:
        """Give a local path to write one Parquet file to; it belongs to the load afterwards."""
        name = f"{kind}-{len(self.names(kind)):05}.parquet"
        if self._is_local:
            path = Path(self._folder, name)
            yield path
            _sync(path)
        else:
            with tempfile.TemporaryDirectory() as scratch:
                path = Path(scratch, name)
                yield path
                self._fs.put_file(str(path), f"{self._folder}/{name}")
        self._names.append(name)

    def names(self, kind: FileKind) -> list[str]:
        """Return the names of the files written so far."""
        return [name for name in self._names if name.startswith(f"{kind}-")]


def _sync(path: Path) -> None:
    """Make a file, or the names in a folder, survive a loss of power."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
