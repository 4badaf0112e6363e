"""Account Engagement as the simulated company uses it: prospects, activities, lifecycles."""

from ingestion.sandbox.systems.account_engagement.instance import hold

__all__ = ["hold"]
