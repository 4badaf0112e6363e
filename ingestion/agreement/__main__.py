"""`python -m ingestion.agreement`: check the agreement and write the page to sign."""

from __future__ import annotations

import argparse
import os
import sys
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from ingestion.agreement.cautions import cautions
from ingestion.agreement.document import document
from ingestion.agreement.past import check_past_versions
from ingestion.agreement.reader import read_agreement
from ingestion.agreement.schema import schema_text
from ingestion.errors import FunnelError
from ingestion.landing import Landing


def main(arguments: list[str] | None = None) -> int:
    """Check the agreement, write its page, and return the exit code: 0 when all is well."""
    parser = argparse.ArgumentParser(prog="python -m ingestion.agreement", description=__doc__)
    parser.add_argument(
        "file",
        nargs="?",
        default=os.environ.get("UNIFIED_FUNNEL_AGREEMENT") or "agreement.yml",
        help="agreement file (default: UNIFIED_FUNNEL_AGREEMENT, else agreement.yml)",
    )
    parser.add_argument("--out", help="where to write the page (default: beside the file, as .md)")
    parser.add_argument(
        "--workspace-landing",
        metavar="URL",
        help="also refuse changes to versions that are in force in this landing",
    )
    parser.add_argument("--json-schema", metavar="FILE", help="only write the schema for editors")
    options = parser.parse_args(arguments)
    out = Path(options.json_schema or options.out or Path(options.file).with_suffix(".md"))
    try:
        if options.json_schema:
            out.write_text(schema_text(), encoding="utf-8")
            return 0
        agreement = read_agreement(options.file)
        zone = ZoneInfo(agreement.versions[-1].reporting.time_zone)
        today = datetime.now(zone).date()
        if options.workspace_landing:
            check_past_versions(Landing(options.workspace_landing), agreement, today)
        out.write_text(document(agreement, today), encoding="utf-8")
    except FunnelError as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(
            f"{out}: cannot write this file ({error.strerror}). "
            "Name a file in a folder that is there.",
            file=sys.stderr,
        )
        return 1
    force = agreement.in_force(today)
    print(
        f"OK: {options.file}, version {force.version} in force since {force.effective_from} "
        f"(versions: {len(agreement.versions)}, stages: {len(force.stages)}, "
        f"exits: {len(force.exits)}, SLAs: {len(force.slas_by_team())})"
    )
    for caution in cautions(agreement):
        print(f"Warning: {caution}")
    print(f"The page to sign: {out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
