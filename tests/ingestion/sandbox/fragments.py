from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from ingestion.files.mapping import read_mapping
from ingestion.sandbox import exports

if TYPE_CHECKING:
    from ingestion.files.mapping import Export

HEAD = """\
name: test
title: Test
source_time_zone: America/New_York
reporting_time_zone: America/New_York
outcomes: won_and_lost
files:
"""


def fragment(system: str, folder: Path) -> dict[str, Export]:
    """The part of the mapping that is a system's, by the stem of the file."""
    text = (Path(exports.__file__).parent / "mappings" / f"{system}.yml").read_text()
    export = r"\g<0>\n  load: full\n  exported_at: 2026-01-01"
    path = folder / "mapping.yml"
    path.write_text(HEAD + re.sub(r"(?m)^  entity: \w+$", export, text))
    return {one.file[len(system) + 1 : -4]: one for one in read_mapping(path).files}
