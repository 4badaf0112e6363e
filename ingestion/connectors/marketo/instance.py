"""One Marketo instance: what it holds, and how it describes it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pyrate_limiter import Duration, Limiter, Rate

from ingestion.connectors.errors import UnreadableAnswerError
from ingestion.connectors.http import Client
from ingestion.connectors.marketo.judge import judge
from ingestion.connectors.marketo.login import Credentials, Login

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from ingestion.connectors.http import Answer, Patience

# The object of a lead; any other object is the name of a type of activity.
LEAD = "Lead"
# Of 100 calls in 20 s that all clients of a subscription share, what one may take.
CALLS, _SECONDS = 80, 20
_ASSETS = 200  # on a page, the most there may be


@dataclass(frozen=True)
class ActivityType:
    """A type of activity and the names of its attributes, the primary one left out."""

    id: int
    name: str
    attributes: tuple[str, ...]

    @property
    def stem(self) -> str:
        """The name as files have it: `change_data_value`; `type_<id>` where no letter is left."""
        return re.sub(r"[^a-z0-9]+", "_", self.name.lower()).strip("_") or f"type_{self.id}"


@dataclass(frozen=True)
class Page:
    """Some rows, and the token that the next ones are asked for with; None after the last."""

    rows: list[dict[str, Any]]
    following: str | None


class Instance:
    """The instance that credentials lead to. Threads may share it.

    `calls` are what it asks at most in 20 s, None for any number; each method raises the errors of
    `Client`.
    """

    def __init__(
        self,
        name: str,
        credentials: Credentials,
        *,
        patience: Patience | None = None,
        calls: int | None = CALLS,
    ) -> None:
        self.name = name
        self._url = credentials.url.rstrip("/")
        pace = Limiter(Rate(calls, Duration.SECOND * _SECONDS)) if calls else None
        login = Login(name, credentials, patience)
        self.client = Client(name, judge, authority=login, patience=patience, pace=pace)

    def url(self, path: str) -> str:
        """Return the address of a path."""
        return f"{self._url}/{path}"

    def get(self, path: str, fields: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Return the answer to a GET; its `success` is true."""
        return _table(self.client.request("GET", self.url(path), fields=fields))

    def post(self, path: str, content: Any = None) -> dict[str, Any]:
        """Return the answer to a POST of JSON; its `success` is true."""
        return _table(self.client.request("POST", self.url(path), content=content))

    def lead_fields(self) -> tuple[str, ...]:
        """Return the fields of leads by their names in REST, as described now."""
        found = self.get("rest/v1/leads/describe.json")["result"]
        return tuple(dict.fromkeys(one["rest"]["name"] for one in found if "rest" in one))

    def activity_types(self) -> tuple[ActivityType, ...]:
        """Return the types of activities that the instance knows now, custom ones too."""
        found = self.get("rest/v1/activities/types.json")["result"]
        return tuple(
            ActivityType(
                id=int(one["id"]),
                name=str(one["name"]),
                attributes=tuple(each["name"] for each in one.get("attributes") or ()),
            )
            for one in found
        )

    def paging_token(self, since: str) -> str:
        """Return the token of the activities since a moment (ISO 8601)."""
        said = self.get("rest/v1/activities/pagingtoken.json", {"sinceDatetime": since})
        return str(said["nextPageToken"])

    def deletions(self, token: str) -> Iterator[Page]:
        """Give the deletions of leads from a token on; whether there are more, a page tells."""
        following: str | None = token
        while following is not None:
            said = self.get("rest/v1/activities/deletedleads.json", {"nextPageToken": following})
            # There is a next token always; only `moreResult` tells of an end.
            following = str(said["nextPageToken"]) if said.get("moreResult") else None
            yield Page(said.get("result") or [], following)

    def campaigns(self) -> Iterator[list[dict[str, Any]]]:
        """Give the smart campaigns, a page at a time; the last one has no token."""
        asked: dict[str, str] = {}
        while True:
            said = self.get("rest/v1/campaigns.json", asked)
            yield said.get("result") or []
            if not said.get("nextPageToken"):
                return
            asked = {"nextPageToken": str(said["nextPageToken"])}

    def assets(self, path: str) -> Iterator[list[dict[str, Any]]]:
        """Give assets of a kind, `programs` for example, a page at a time.

        The end of a list is a page without `result`.
        """
        offset = 0
        while True:
            asked = {"offset": str(offset), "maxReturn": str(_ASSETS)}
            page = self.get(f"rest/asset/v1/{path}.json", asked).get("result") or []
            if not page:
                return
            yield page
            offset += len(page)

    def clock(self) -> datetime:
        """Return what time it is there, aware."""
        answer = self.client.request("GET", self.url("rest/v1/stats/usage.json"))
        return answer.moment

    def usage(self) -> int:
        """Return how many calls all clients made today."""
        return sum(int(one["total"]) for one in self.get("rest/v1/stats/usage.json")["result"])


def _table(answer: Answer) -> dict[str, Any]:
    said = answer.json()
    if not isinstance(said, dict) or "success" not in said:
        raise UnreadableAnswerError(
            "the answer is not the object that was asked for",
            where=answer.place,
            mend="If it goes on, check that the address is that of a Marketo instance",
        )
    return said
