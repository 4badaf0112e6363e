"""The agreement's tables as the gate gets them: a small agreement of two stages."""

from __future__ import annotations

import pandas as pd
import pytest


@pytest.fixture(scope="session")
def agreement() -> dict[str, pd.DataFrame]:
    return {
        "settings": pd.DataFrame(
            {
                "version": [1, 2],
                "stale_after_hours": [48, 24],
                "stale_source_policy": ["publish_with_warning", "hold"],
            }
        ),
        "stages": pd.DataFrame(
            {"version": [1, 1], "stage": ["qualified", "won"], "stage_rank": [10, 20]}
        ),
        "exits": pd.DataFrame({"version": [1], "exit": ["lost"]}),
        "criteria": pd.DataFrame(
            {
                "version": [1, 1, 1],
                "target": ["qualified", "qualified", "won"],
                "field": ["status", "score", "opportunity_stage"],
                "value": ["qualified", None, "won"],
            }
        ),
        "required_fields": pd.DataFrame(
            {
                "version": [1, 1, 2],
                "field": ["email", "company", "email"],
                "label": ["Mail", "Company", "E-mail"],
            }
        ),
        "compound_conditions": pd.DataFrame({"field": ["activity"], "value": ["web_visit"]}),
    }
