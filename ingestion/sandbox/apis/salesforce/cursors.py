"""Results of REST queries that are fetched batch by batch."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ingestion.sandbox.apis.salesforce.refusal import Refusal
from ingestion.sandbox.systems.identifiers import salesforce_id

if TYPE_CHECKING:
    import pyarrow as pa

    from ingestion.sandbox.apis.present import Present
    from ingestion.sandbox.apis.salesforce.options import Options
    from ingestion.sandbox.apis.salesforce.selection import Selection


@dataclass(frozen=True)
class Cursor:
    """A query and its rows, as they were when it was asked."""

    id: str
    selection: Selection
    rows: pa.Table
    made_at: float
    batch: int  # rows of a page


class Cursors:
    """All cursors that are not expired."""

    def __init__(self, present: Present, options: Options) -> None:
        self._present = present
        self._kept = options.cursor_kept
        self._lock = threading.Lock()
        self._cursors: dict[str, Cursor] = {}
        self._number = 0

    def open(self, selection: Selection, batch: int) -> Cursor:
        """Return a new cursor over the rows of this moment."""
        now = self._present.now()
        rows = selection.rows(now)
        with self._lock:
            self._number += 1
            made = salesforce_id("01g", np.array([self._number]))[0].as_py()
            cursor = Cursor(made, selection, rows, now, batch)
            # A page may be short, but holds half of a batch.
            if len(rows) > batch // 2:
                self._cursors[made] = cursor
        return cursor

    def find(self, locator: str) -> tuple[Cursor, int]:
        """Return the cursor and the place that `<id>-<place>` names.

        Raises Refusal, INVALID_QUERY_LOCATOR, for an unknown one and for an expired one.
        """
        name, _, place = locator.rpartition("-")
        oldest = self._present.now() - self._kept
        with self._lock:
            self._cursors = {key: one for key, one in self._cursors.items() if one.made_at > oldest}
            cursor = self._cursors.get(name)
        if cursor is None or not re.fullmatch(r"\d{1,9}", place) or int(place) > len(cursor.rows):
            raise Refusal(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
        return cursor, int(place)
