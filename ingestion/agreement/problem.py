"""What is wrong with an agreement, and on which line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ingestion.errors import TerminalError

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, order=True)
class Problem:
    """One thing that is wrong in one place of a file. Lines count from 1."""

    file: str
    line: int
    what: str
    mend: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.what}. {self.mend}"


class AgreementError(TerminalError):
    """The agreement cannot be used as it stands; the text lists every problem, one a line."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        first = problems[0]
        super().__init__(first.what, where=f"{first.file}:{first.line}", mend=first.mend)
        self.problems = tuple(problems)
        self.args = ("\n".join(str(problem) for problem in problems),)
