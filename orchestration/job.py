"""The one job for the whole chain, and when it runs."""

from typing import Any

import dagster as dg
from pydantic import Field

JOB = "funnel_job"


class FunnelConfig(dg.Config):
    """What may be asked of a run."""

    as_of: str = Field(
        default="",
        description="Day (its end in the reporting zone) or instant up to which events count."
        " Empty: the data set's own day, else the last complete day.",
    )
    loads_until: str = Field(
        default="", description="Day or instant up to which loads count. Empty: all of them."
    )
    read_from: str = Field(
        default="",
        description="First day, or instant, that connected systems are read over once more, beside"
        " what is new. Empty: only what is new.",
    )
    read_until: str = Field(default="", description="Last day of that, or instant.")


@dg.config_mapping
def funnel_config(config: FunnelConfig) -> dict[str, Any]:
    """Spread the settings to where they are used, and log to a file."""
    return {
        "resources": {"funnel_run": {"config": config.model_dump()}},
        "loggers": {"file": {}},
    }


funnel_job = dg.define_asset_job(
    JOB,
    # Everything that can be made; `*` would name the sources too.
    selection=dg.AssetSelection.all(),
    config=funnel_config,
    description="From the exports to the publication and its report; both gates on the way.",
    # 12 s where the multiprocess executor takes 21: a process for each step imports everything.
    executor_def=dg.in_process_executor,
)

# After the night's exports, before the first reader.
funnel_daily_schedule = dg.ScheduleDefinition(
    name="funnel_daily_schedule",
    job=funnel_job,
    cron_schedule="0 5 * * *",
    execution_timezone="UTC",
    description="Every morning, up to the last complete day.",
)
