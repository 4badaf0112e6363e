"""What a command prints, and how it ends: the same for every command that answers a question."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from ingestion.errors import FunnelError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def answer(make: Callable[[], tuple[str, int]]) -> int:
    """Print the text that `make` returns and return its exit code.

    A FunnelError is one line on standard error and the code 2: a command that compares says 1 for
    a difference.
    """
    try:
        text, code = make()
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
    except FunnelError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except BrokenPipeError:
        # `make timeline … | head` closes early; Python would complain at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return code


def as_table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    """Return the lines of a table in plain text; numbers stand to the right, null is `null`."""
    cells = [["null" if value is None else str(value) for value in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(columns, *cells, strict=True)]
    numeric = [
        all(isinstance(row[place], int | float) or row[place] is None for row in rows)
        for place in range(len(columns))
    ]
    lines = [list(columns), ["-" * width for width in widths], *cells]
    return [
        "  ".join(
            cell.rjust(width) if is_number else cell.ljust(width)
            for cell, width, is_number in zip(line, widths, numeric, strict=True)
        ).rstrip()
        for line in lines
    ]
