"""What was fetched of an extraction, on disk until it has landed: a run that died goes on there."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ingestion.connectors.window import Window

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_ROWS, _STATE = "rows.csv", "state.json"


@dataclass(frozen=True)
class Download:
    """One file that grows, and how far it is known to be whole.

    `asked` is what the source was asked for and cannot change under way: fields, query, job. `at`
    is where the source goes on, of the source's own kind, None at the beginning. `size` is the
    bytes that count: what is behind them was being written when the run died.
    """

    folder: Path
    window: Window
    asked: Mapping[str, Any]
    at: str | None = None
    size: int = 0
    rows: int = 0
    is_whole: bool = False

    @property
    def path(self) -> Path:
        """The file."""
        return self.folder / _ROWS

    @classmethod
    def begin(cls, folder: Path, window: Window, asked: Mapping[str, Any]) -> Download:
        """Begin anew: nothing of a former one is left."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        begun = cls(folder, window, asked)
        begun.path.touch()
        return begun._kept()

    @classmethod
    def found(cls, folder: Path) -> Download | None:
        """Return the one that was begun here, cut to what is whole; None if there is none."""
        state = folder / _STATE
        if not state.is_file():
            return None
        kept = json.loads(state.read_text(encoding="utf-8"))
        start, end, bookmark = (kept["window"][name] for name in ("start", "end", "bookmark"))
        kept["window"] = Window(_moment(start), datetime.fromisoformat(end), _moment(bookmark))
        one = cls(folder, **kept)
        with one.path.open("rb+") as file:
            file.truncate(one.size)
        return one

    def grown(self, at: str | None, rows: int, *, is_whole: bool) -> Download:
        """Return it after `rows` more were written; survives a loss of power from then on."""
        with self.path.open("rb+") as file:
            os.fsync(file.fileno())
            size = file.seek(0, os.SEEK_END)
        more = replace(self, at=at, size=size, rows=self.rows + rows, is_whole=is_whole)
        return more._kept()

    def remove(self) -> None:
        """Forget it: it has landed, or the source does not know it any more."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _kept(self) -> Download:
        window = {name: one.isoformat() if one else None for name, one in vars(self.window).items()}
        kept = {**vars(self), "window": window, "asked": dict(self.asked)}
        del kept["folder"]
        draft = self.folder / f"{_STATE}.draft"
        with draft.open("w", encoding="utf-8") as file:
            json.dump(kept, file)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.folder / _STATE)
        return self


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
