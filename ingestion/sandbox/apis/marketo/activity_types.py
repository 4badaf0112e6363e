"""The types of activities, by the stem of the log that holds them."""

from __future__ import annotations

from dataclasses import dataclass

from ingestion.sandbox.systems.marketo import activity_log as types


@dataclass(frozen=True)
class ActivityType:
    """A type's id, name, and what its primary attribute is; None if it has none."""

    id: int
    name: str
    primary: str | None


ACTIVITY_TYPES = {
    "visit_webpage": ActivityType(types.VISIT_WEBPAGE, "Visit Webpage", "Webpage ID"),
    "fill_out_form": ActivityType(types.FILL_OUT_FORM, "Fill Out Form", "Webform ID"),
    "send_email": ActivityType(types.SEND_EMAIL, "Send Email", "Mailing ID"),
    "email_delivered": ActivityType(types.EMAIL_DELIVERED, "Email Delivered", "Mailing ID"),
    "open_email": ActivityType(types.OPEN_EMAIL, "Open Email", "Mailing ID"),
    "click_email": ActivityType(types.CLICK_EMAIL, "Click Email", "Mailing ID"),
    "new_lead": ActivityType(types.NEW_LEAD, "New Lead", None),
    "change_data_value": ActivityType(
        types.CHANGE_DATA_VALUE, "Change Data Value", "Attribute Name"
    ),
    "sync_lead_to_sfdc": ActivityType(types.SYNC_LEAD, "Sync Lead to SFDC", None),
    "convert_lead": ActivityType(types.CONVERT_LEAD, "Convert Lead", None),
    "change_score": ActivityType(types.CHANGE_SCORE, "Change Score", "Attribute Name"),
    "merge_leads": ActivityType(types.MERGE_LEADS, "Merge Leads", "Lead ID"),
    "delete_lead": ActivityType(types.DELETE_LEAD, "Delete Lead", "Lead ID"),
    "change_status_in_progression": ActivityType(
        types.CHANGE_STATUS, "Change Status in Progression", "Program ID"
    ),
}
