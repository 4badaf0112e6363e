"""What the body of create.json asks for, turned into rows once its job runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ingestion.sandbox.apis.marketo.activity_store import COLUMNS
from ingestion.sandbox.apis.marketo.extract_file import DELIMITERS
from ingestion.sandbox.apis.marketo.period import period_of
from ingestion.sandbox.apis.marketo.refusal import Refusal, blank
from ingestion.sandbox.systems.marketo.activity_log import DELETE_LEAD

if TYPE_CHECKING:
    from collections.abc import Callable

    import pyarrow as pa

    from ingestion.sandbox.apis.marketo.activity_store import ActivityStore
    from ingestion.sandbox.apis.marketo.leads import Leads
    from ingestion.sandbox.apis.marketo.options import MarketoOptions


@dataclass(frozen=True)
class ExtractRequest:
    """The form of the file, and its rows as shown at a moment."""

    format: str
    rows: Callable[[float], pa.Table]


def lead_request(body: dict[str, Any], leads: Leads, options: MarketoOptions) -> ExtractRequest:
    """Return a request for leads.

    Raises Refusal 701, 704, 1003, 1006, and 1035 for a filter that the subscription has not.
    """
    fields = body.get("fields")
    if not isinstance(fields, list) or not fields:
        raise blank("fields")
    leads.check(fields)
    by, told = _only_filter(body)
    if by not in {"createdAt", "updatedAt"} or (
        by == "updatedAt" and not options.allows_updated_at
    ):
        raise Refusal("1035", f"Unsupported filter type for target subscription: {by}")
    period = period_of(told, by, options)
    return ExtractRequest(
        _format(body), lambda moment: _headed(leads.extract(fields, by, period, moment), body)
    )


def activity_request(
    body: dict[str, Any], store: ActivityStore, options: MarketoOptions
) -> ExtractRequest:
    """Return a request for activities of some types, all by default.

    Raises Refusal 701, 704, 1003, 1006, and 1035 for a filter that the subscription has not.
    """
    filter_ = dict(body.get("filter") or {})
    types = filter_.pop("activityTypeIds", None) or sorted(
        store.known_types().keys() - {DELETE_LEAD}
    )
    if not isinstance(types, list) or not all(isinstance(one, int) for one in types):
        raise Refusal("1003", "Invalid activityTypeIds")
    if DELETE_LEAD in types:
        raise Refusal("1003", f"Activity type {DELETE_LEAD} is not supported")
    by, told = _only_filter({"filter": filter_})
    if by != "createdAt":
        raise Refusal("1035", f"Unsupported filter type for target subscription: {by}")
    period = period_of(told, by, options)
    fields = body.get("fields") or list(COLUMNS)
    for field in fields:
        if field not in COLUMNS:
            raise Refusal("1006", f"Field '{field}' not found")
    return ExtractRequest(
        _format(body),
        lambda moment: _headed(store.extract(types, period, moment).select(fields), body),
    )


def _only_filter(body: dict[str, Any]) -> tuple[str, object]:
    filter_ = body.get("filter")
    if not isinstance(filter_, dict) or not filter_:
        raise blank("filter")
    if len(filter_) > 1:
        raise Refusal("1003", "More than one filter")
    return next(iter(filter_.items()))


def _format(body: dict[str, Any]) -> str:
    told = str(body.get("format") or "CSV").upper()
    if told not in DELIMITERS:
        raise Refusal("1003", f"Invalid format '{told}'")
    return told


def _headed(table: pa.Table, body: dict[str, Any]) -> pa.Table:
    headers = body.get("columnHeaderNames") or {}
    return table.rename_columns([headers.get(name, name) for name in table.column_names])
