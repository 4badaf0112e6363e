"""What the pipeline reads and does not make: exports, systems, agreement, reviews, erasures."""

from __future__ import annotations

import dagster as dg

EXPORTS = dg.AssetKey(["source", "exports"])
SYSTEMS = dg.AssetKey(["source", "systems"])
AGREEMENT = dg.AssetKey(["source", "agreement"])
REVIEW_ACTIONS = dg.AssetKey(["source", "review_actions"])
ERASURES = dg.AssetKey(["source", "erasures"])

# Who is asked about a table that looks wrong.
OWNERS = ["team:data"]


def source_specs() -> list[dg.AssetSpec]:
    """Return the assets that others make."""
    return [
        dg.AssetSpec(
            EXPORTS,
            group_name="source",
            description="Folder of export files of the CRM, the marketing automation and others.",
            owners=OWNERS,
            kinds={"file"},
        ),
        dg.AssetSpec(
            SYSTEMS,
            group_name="source",
            description="Systems that are read over their APIs: the mapping's `connections`.",
            owners=OWNERS,
            kinds={"http"},
        ),
        dg.AssetSpec(
            AGREEMENT,
            group_name="source",
            description="The one file that marketing and sales sign.",
            owners=["team:marketing", "team:sales"],
            kinds={"yaml"},
        ),
        dg.AssetSpec(
            REVIEW_ACTIONS,
            group_name="source",
            description="The file beside the agreement with what reviews decided. Optional.",
            owners=["team:marketing", "team:sales"],
            kinds={"yaml"},
        ),
        dg.AssetSpec(
            ERASURES,
            group_name="source",
            description="Requests of persons to be erased, made with `make erase`.",
            owners=OWNERS,
            kinds={"shell"},
        ),
    ]
