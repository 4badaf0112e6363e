"""What can go wrong on the way in, split by what the reader of the message should do."""

from __future__ import annotations


class FunnelError(Exception):
    """An error that says what is wrong, where, and what to do about it."""

    def __init__(self, what: str, *, where: str, mend: str) -> None:
        super().__init__(f"{where}: {what}. {mend}")
        self.what = what
        self.where = where
        self.mend = mend


class TransientError(FunnelError):
    """Worth a retry: the same call may succeed in a moment."""


class TerminalError(FunnelError):
    """Not worth a retry: somebody has to change something first."""
