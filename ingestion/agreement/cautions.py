"""What is allowed and still worth a second thought."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ingestion.agreement.version import Agreement, Version

SLAS_A_TEAM = 5


def cautions(agreement: Agreement) -> list[str]:
    """Return what both teams may want to look at before they sign, as `<file>:<line>: ...`."""
    return [
        f"{agreement.file}:{agreement.line_of(version.version)}: "
        f"version {version.version}: {caution}"
        for version in agreement.versions
        for caution in _cautions(version)
    ]


def _cautions(version: Version) -> Iterator[str]:
    for team, slas in (("marketing", version.slas.marketing), ("sales", version.slas.sales)):
        if len(slas) > SLAS_A_TEAM:
            yield (
                f"{team} has {len(slas)} SLAs. More than {SLAS_A_TEAM} are hard to keep in mind: "
                "keep the ones that matter."
            )
    for team, signature in (
        ("marketing", version.signed.marketing),
        ("sales", version.signed.sales),
    ):
        if signature.date > version.effective_from:
            yield (
                f"{team} signed on {signature.date}, after the version took effect on "
                f"{version.effective_from}."
            )
    for stage in version.stages:
        if not stage.entered_when and not stage.moves_to:
            yield f"nothing enters stage '{stage.key}' by itself: it has no 'entered_when:'."
