from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from ingestion.sandbox import WrittenExports, write_exports

if TYPE_CHECKING:
    from pathlib import Path

UNUSABLE = r"[XZ]$|^$"  # how the ids of the planted rows end


@dataclass(frozen=True)
class Written:
    folder: Path
    counts: WrittenExports
    files: dict[str, pd.DataFrame]

    def usable(self, file: str) -> pd.DataFrame:
        """The rows of a file without those that were planted to be refused."""
        rows = self.files[file]
        return rows[~rows.iloc[:, 0].str.contains(UNUSABLE)].drop_duplicates(ignore_index=True)


def read_exports(folder: Path) -> dict[str, pd.DataFrame]:
    return {
        path.name: pd.read_csv(
            path,
            dtype=str,
            keep_default_na=False,
            sep=";" if path.name == "crm_accounts.csv" else ",",
        )
        for path in sorted(folder.glob("*.csv"))
    }


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    """A company that is large enough for shares to be near their rates."""
    folder = tmp_path_factory.mktemp("sandbox") / "exports"
    counts = write_exports(folder, people=8_000)
    return Written(folder, counts, read_exports(folder))
