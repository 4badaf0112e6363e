"""The agreement as typed tables: what the warehouse loads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from ingestion.agreement.rows import rows_of

if TYPE_CHECKING:
    from ingestion.agreement.version import Agreement

_TYPES = {
    "text": pa.string(),
    "int": pa.int32(),
    "number": pa.float64(),
    "date": pa.date32(),
    "bool": pa.bool_(),
}


def _schema(columns: str) -> pa.Schema:
    pairs = [one.split(":") for one in columns.split()]
    return pa.schema(
        [("version", pa.int32())]
        + [(name, _TYPES[rest[0] if rest else "text"]) for name, *rest in pairs]
    )


# Columns after `version`, text where no type is named.
SCHEMAS: dict[str, pa.Schema] = {
    table: _schema(columns)
    for table, columns in {
        "versions": "effective_from:date marketing_signed_by marketing_signed_on:date "
        "sales_signed_by sales_signed_on:date note digest content",
        "settings": "time_zone currency fiscal_year_start_month:int minimum_sample_size:int "
        "closing_grace_business_days:int content_stale_after_days:int "
        "content_unused_after_days:int debounce_minutes:int reentry_window_days:int "
        "expiry_days:int sourced_rule influence_window_days:int "
        "stale_source_policy stale_after_hours:int publish_personal_details:bool alert_contact",
        "stages": "stage label description stage_rank:int team authority moves_to",
        "stage_roles": "stage role",
        "exits": "exit label team is_reason_required:bool",
        "exit_reasons": "exit reason label",
        "criteria": "target_kind target criterion_number:int source field operator value "
        "threshold:number",
        "compound_conditions": "target_kind target criterion_number:int alternative_number:int "
        "condition_number:int is_negated:bool condition source field operator value "
        "minimum:number maximum:number minimum_count:int within_days:int",
        "qualification_rules": "team kind rule_number:int field operator value threshold:number "
        "description",
        "profiles": "profile label description fits_from:number",
        "profile_traits": "profile trait_number:int subject field operator value minimum:number "
        "maximum:number weight:number",
        "customer_definitions": "kind rule_number:int field operator value threshold:number "
        "description",
        "required_fields": "field label format description",
        "recipients": "recipient kind label territory_field territory_value owner",
        "handoff_contacts": "question contact team",
        "quality_ratings": "rating label",
        "slas": "sla label team metric target:number target_unit period clock_start clock_stop "
        "calendar segment segment_value attainment_target:number",
        "calendars": "calendar label time_zone zone_of is_always_open:bool",
        "calendar_hours": "calendar weekday:int opens closes",
        "holidays": "calendar holiday_date:date name",
        "activity_types": "activity_type is_attempt:bool direction must_be_completed:bool",
        "excluded_users": "user_id why",
        "role_mailboxes": "mailbox",
        "free_mail_domains": "domain",
        "survivorship": "attribute source source_rank:int",
        "qualifying_touches": "activity_type",
        "lead_source_teams": "lead_source team",
        "segments": "segment label entity field",
        "conversion_windows": "window_days:int",
        "personas": "persona label",
        "buying_stages": "buying_stage label position:int",
        "targets": "team metric period value:number",
    }.items()
}


def tables(agreement: Agreement) -> dict[str, pa.Table]:
    """Return every table of the agreement, with the rows of all versions.

    Each begins with `version`. Times of day are text HH:MM in the calendar's zone (`24:00` is the
    end of the day), SLA targets of clocks are business minutes, shares are fractions.
    """
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in SCHEMAS}
    for version in agreement.versions:
        for name, found in rows_of(version).items():
            rows[name].extend({"version": version.version, **row} for row in found)
    return {
        name: pa.Table.from_pylist(rows[name], schema=schema) for name, schema in SCHEMAS.items()
    }
