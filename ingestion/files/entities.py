"""The registry of entities and their canonical fields: what a mapping may fill."""

from __future__ import annotations

from typing import Literal

FieldType = Literal["text", "time", "number", "boolean"]

_TYPES: dict[str, FieldType] = {"t": "text", "ts": "time", "n": "number", "b": "boolean"}


def _fields(declaration: str) -> dict[str, FieldType]:
    pairs = (one.split() for one in declaration.split(","))
    return {name: _TYPES[short] for name, short in pairs}


# Field -> type, in the order of the columns of the raw table. Ids are unique within entity,
# system and instance; a `*_source` names the system of the id before it, by default the file's
# own. A time is a date or a date-time. Industry, employees and revenue of a person are those of the
# company that the record tells of: what is known of it before there is an account.
ENTITIES: dict[str, dict[str, FieldType]] = {
    "persons": _fields(
        "record_type t, email t, first_name t, last_name t, title t, phone t, company t, "
        "industry t, employees n, revenue n, country t, time_zone t, lead_source t, "
        "campaign t, persona t, status t, status_at ts, lifecycle_stage t, "
        "lifecycle_stage_at ts, score n, reason t, quality_rating t, owner_id t, "
        "account_id t, account_source t, linked_id t, linked_source t, converted_id t, "
        "converted_at ts, converted_account_id t, converted_opportunity_id t, "
        "merged_into_id t, merged_ids t, created_at ts, updated_at ts, is_deleted b, deleted_at ts"
    ),
    "accounts": _fields(
        "name t, domain t, industry t, account_type t, employees n, revenue n, country t, "
        "owner_id t, parent_id t, is_active_customer b, customer_since ts, customer_until ts, "
        "margin n, linked_id t, linked_source t, created_at ts, updated_at ts, is_deleted b, "
        "deleted_at ts"
    ),
    "opportunities": _fields(
        "name t, person_id t, person_source t, account_id t, account_source t, owner_id t, "
        "pipeline t, opportunity_type t, product t, stage t, stage_at ts, is_closed b, is_won b, "
        "amount n, currency t, probability n, forecast_category t, lead_source t, campaign t, "
        "loss_reason t, competitor t, developer_id t, created_at ts, closed_at ts, "
        "expected_close_at ts, updated_at ts, is_deleted b, deleted_at ts"
    ),
    "owners": _fields(
        "name t, email t, team t, manager t, region t, time_zone t, kind t, is_active b"
    ),
    "products": _fields("name t, family t, list_price n"),
    "contents": _fields(
        "name t, content_type t, message_type t, persona t, buying_stage t, profile t, campaign t, "
        "owner_id t, owner_team t, location t, created_at ts, updated_at ts, last_used_at ts, "
        "is_retired b, retired_at ts, is_deleted b, deleted_at ts"
    ),
    "campaigns": _fields(
        "name t, campaign_type t, status t, parent_id t, owner_id t, cost n, currency t, "
        "starts_at ts, ends_at ts, created_at ts, updated_at ts, is_deleted b, deleted_at ts"
    ),
    "activities": _fields(
        "person_id t, person_source t, activity_type t, direction t, is_automated b, "
        "is_completed b, occurred_at ts, owner_id t, content t, content_source t, campaign t, "
        "subject t"
    ),
    "field_changes": _fields(
        "record_entity t, changed_record_id t, field t, value_kind t, old_value t, new_value t, "
        "changed_at ts, changed_by t"
    ),
    "opportunity_persons": _fields(
        "opportunity_id t, person_id t, person_source t, role t, is_primary b, created_at ts"
    ),
    "opportunity_snapshots": _fields(
        "opportunity_id t, owner_id t, stage t, amount n, currency t, probability n, "
        "forecast_category t, expected_close_at ts, taken_at ts"
    ),
    "currency_rates": _fields("currency t, to_currency t, rate_date ts, rate n, updated_at ts"),
}

# Columns of every raw table before the fields of its entity, with their DuckDB types.
SYSTEM_COLUMNS: dict[str, str] = {
    "_source": "VARCHAR",
    "_instance": "VARCHAR",
    "_record_id": "VARCHAR",
    "_cursor": "VARCHAR",
    "_is_deleted": "BOOLEAN",
    "_exported_at": "TIMESTAMP",
    "_extracted_at": "TIMESTAMP",
    "_load_id": "VARCHAR",
    "_export": "VARCHAR",
    "_file": "VARCHAR",
    "_line": "BIGINT",
    "_undeclared": "VARCHAR",
    "_stamps": "MAP(VARCHAR, VARCHAR)",
}

# Columns of the rows that were set aside at landing, with their DuckDB types.
SET_ASIDE_COLUMNS: dict[str, str] = {
    "source": "VARCHAR",
    "instance": "VARCHAR",
    "object": "VARCHAR",
    "load_id": "VARCHAR",
    "export": "VARCHAR",
    "file": "VARCHAR",
    "line": "BIGINT",
    "record_id": "VARCHAR",
    "reason": "VARCHAR",
    "row_text": "VARCHAR",
}

MAIN_INSTANCE = "main"  # the instance of a file whose mapping names none
UNMAPPED = "unmapped"  # a value that nobody translated
KEEP = "keep"  # written in a mapping as `other`: an unlisted value stays as it is

# `omitted` is what sales leaves out of its forecast: reports list it and count it nowhere.
FORECAST_CATEGORIES = frozenset({"omitted", "pipeline", "best_case", "commit", "closed"})

# Numbers that systems write as fractions (the default) or as percent.
FIELDS_WITH_UNIT = frozenset({"probability", "margin"})

# Cells that may hold several values, and what stands between them where a mapping says nothing.
LIST_FIELDS = frozenset({("contents", "persona"), ("contents", "buying_stage")})
SEPARATOR = ";"

# Text fields that know a few values only; a constant or a map may give nothing else.
CLOSED_VALUES: dict[tuple[str, str], frozenset[str]] = {
    ("persons", "record_type"): frozenset({"lead", "contact", "prospect"}),
    ("opportunities", "opportunity_type"): frozenset({"new_business", "renewal", "expansion"}),
    ("opportunities", "forecast_category"): FORECAST_CATEGORIES,
    ("opportunity_snapshots", "forecast_category"): FORECAST_CATEGORIES,
    ("activities", "direction"): frozenset({"inbound", "outbound"}),
    ("field_changes", "record_entity"): frozenset({"persons", "opportunities"}),
    # Some systems tell a change of a reference twice: by id, and by the name that people see.
    ("field_changes", "value_kind"): frozenset({"id", "label"}),
    ("owners", "kind"): frozenset({"person", "queue", "machine"}),
    ("contents", "message_type"): frozenset({"helpful", "selling"}),
}

# Fields whose unlisted values become `unmapped` when a mapping says nothing else: a value that
# nobody translated must not pass for a stage or for "no". A campaign's status is no stage.
CLOSED_FIELDS = frozenset({"status", "lifecycle_stage", "stage"})


def default_for_other(entity: str, field: str) -> str | None:
    """Return what a value that a map lacks becomes: `unmapped`, or None to keep it."""
    is_closed = field in CLOSED_FIELDS and entity != "campaigns"
    if is_closed or (entity, field) in LIST_FIELDS or ENTITIES[entity][field] == "boolean":
        return UNMAPPED
    return None
