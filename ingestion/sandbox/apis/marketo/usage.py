"""What stats/usage.json and stats/errors.json tell of a day."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ingestion.sandbox.apis.marketo.stamps import quota_day

if TYPE_CHECKING:
    from ingestion.sandbox.apis.marketo.call import Call
    from ingestion.sandbox.apis.marketo.counts import Counts


class Usage:
    """Calls and refusals of the current day in US Central."""

    def __init__(self, counts: Counts) -> None:
        self._counts = counts

    def calls(self, call: Call) -> dict[str, Any]:
        """Answer stats/usage.json."""
        day = quota_day(call.now)
        by_client = dict(self._counts.calls_by_day[day])
        users = [{"userId": client, "count": count} for client, count in by_client.items()]
        return {"result": [{"date": day, "total": sum(by_client.values()), "users": users}]}

    def errors(self, call: Call) -> dict[str, Any]:
        """Answer stats/errors.json."""
        day = quota_day(call.now)
        by_code = dict(self._counts.refusals_by_day[day])
        errors = [{"errorCode": code, "count": count} for code, count in by_code.items()]
        return {"result": [{"date": day, "total": sum(by_code.values()), "errors": errors}]}
