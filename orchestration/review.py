"""What reviews decided, as an asset: the file beside the agreement, if there is one."""

from time import monotonic
from typing import Any

import dagster as dg

from ingestion.landing.reference import newest
from ingestion.review import land_actions
from ingestion.review.landed import ACTIONS, SOURCE
from orchestration import progress
from orchestration.failure import told
from orchestration.funnel_run import FunnelRun
from orchestration.sources import OWNERS, REVIEW_ACTIONS


@dg.asset(
    key=[SOURCE, ACTIONS],
    deps=[REVIEW_ACTIONS],
    group_name=SOURCE,
    description="One row per action that a review of both teams decided, as the file says it now.",
    owners=OWNERS,
    kinds={"python", "parquet"},
    op_tags={"phase": "land"},
)
def review_actions(funnel_run: FunnelRun) -> dg.MaterializeResult[Any]:
    """Check the actions and land them, unless what is landed says the same.

    Without a file what has landed before stays.
    """
    with told():
        plan = funnel_run.plan
        start = monotonic()
        before = newest(plan.landing, SOURCE, plan.agreement.name, ACTIONS)
        load = before
        if plan.review is not None:
            file = str(plan.review_file)
            load = land_actions(plan.landing, plan.review, plan.agreement.name, file)
            news = "as landed before" if load == before else "landed"
            progress.say(
                "land",
                f"{plan.review_file.name} ({news})",
                rows=load.rows_landed,
                seconds=monotonic() - start,
            )
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": load.rows_landed if load else 0,
            "file": str(plan.review_file) if plan.review is not None else "none",
            "is_new": load != before,
        }
    )
