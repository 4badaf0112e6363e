"""What a review of both teams decided: read, checked against the agreement, guarded, landed."""

from ingestion.review.actions import Action, ReviewActions
from ingestion.review.landed import check_past_actions, land_actions
from ingestion.review.reader import read_actions

__all__ = ["Action", "ReviewActions", "check_past_actions", "land_actions", "read_actions"]
