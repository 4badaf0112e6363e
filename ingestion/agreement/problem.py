"""What is wrong with an agreement, and on which line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ingestion.errors import TerminalError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ingestion.yaml_tree import Problem


@dataclass(frozen=True)
class Fault:
    """What a parser objects to, before anybody knows the name of the file."""

    line: int
    what: str
    mend: str


class AgreementError(TerminalError):
    """The agreement cannot be used as it stands; the text lists every problem, one a line."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        first = problems[0]
        super().__init__(first.what, where=f"{first.file}:{first.line}", mend=first.mend)
        self.problems = tuple(problems)
        self.args = ("\n".join(str(problem) for problem in problems),)
