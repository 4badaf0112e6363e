"""One Salesforce org: what it holds, how it describes it, what is left of its limits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ingestion.connectors.errors import RetiredVersionError, UnreadableAnswerError
from ingestion.connectors.http import Client
from ingestion.connectors.salesforce.judge import judge
from ingestion.connectors.salesforce.login import Credentials, Login

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from ingestion.connectors.http import Answer, Patience

# Summer '26. Salesforce serves a version for three years at least.
VERSION = "67.0"
_COMPOUND = {"address", "location"}
# A moment at which a record last changed, the best first: automation moves the first one only.
_CURSORS = ("SystemModstamp", "LastModifiedDate", "CreatedDate")


@dataclass(frozen=True)
class Description:
    """What is read of an object: its fields in the order of describe, without compound ones.

    `cursor` is the field that tells when a record last changed, None if it has none. `formulas`
    are left out of `fields`: they change without moving the cursor, so that what was read of them
    would be wrong without a sign of it.
    """

    name: str
    fields: tuple[str, ...]
    formulas: tuple[str, ...]
    cursor: str | None
    has_recycle_bin: bool


class Org:
    """The org that credentials lead to, under one version of the API. Threads may share it.

    Each method raises the errors of `Client`.
    """

    def __init__(
        self,
        name: str,
        credentials: Credentials,
        *,
        version: str = VERSION,
        patience: Patience | None = None,
    ) -> None:
        self.name = name
        self.version = version
        self._login = Login(name, credentials, patience)
        self.client = Client(name, judge, authority=self._login, patience=patience)

    def url(self, path: str) -> str:
        """Return the address of a path below this version."""
        return f"{self._login.instance_url}/services/data/v{self.version}/{path}"

    def get(self, path: str, fields: Mapping[str, str] | None = None) -> Answer:
        """Return the answer to a GET below this version."""
        return self.client.request("GET", self.url(path), fields=fields)

    def describe(self, name: str) -> Description:
        """Return what can be read of an object now: asked at each run, for fields come and go."""
        said = _table(self.get(f"sobjects/{name}/describe"))
        fields = [one for one in said["fields"] if one["type"] not in _COMPOUND]
        formulas = tuple(one["name"] for one in fields if one["calculated"])
        names = tuple(one["name"] for one in fields if not one["calculated"])
        return Description(
            name=said["name"],
            fields=names,
            formulas=formulas,
            cursor=next((one for one in _CURSORS if one in names), None),
            has_recycle_bin="IsDeleted" in names,
        )

    def objects(self) -> frozenset[str]:
        """Return the names of the objects that may be queried."""
        said = _table(self.get("sobjects/"))
        return frozenset(one["name"] for one in said["sobjects"] if one["queryable"])

    def count(self, name: str, where: str = "") -> int:
        """Return how many records the org itself counts, deleted ones included."""
        query = f"SELECT COUNT() FROM {name}{where}"
        return int(_table(self.get("queryAll", {"q": query}))["totalSize"])

    def limits(self) -> dict[str, tuple[int, int]]:
        """Return of each limit of 24 hours how much is left, and of how much."""
        said = _table(self.get("limits/"))
        return {name: (int(one["Remaining"]), int(one["Max"])) for name, one in said.items()}

    def check_version(self) -> datetime:
        """Return what time it is there, aware, if the org serves this version.

        Raises RetiredVersionError, naming those it serves, if not.
        """
        answer = self.client.request("GET", f"{self._login.instance_url}/services/data/")
        served = [str(one["version"]) for one in answer.json()]
        if self.version not in served:
            raise RetiredVersionError(
                f"the org does not serve version {self.version}",
                where=self.name,
                mend=f"Set one of {', '.join(served)}",
            )
        return answer.moment


def _table(answer: Answer) -> dict[str, Any]:
    said = answer.json()
    if not isinstance(said, dict):
        raise UnreadableAnswerError(
            "the answer is not the object that was asked for",
            where=answer.place,
            mend="If it goes on, another version of the API may answer otherwise",
        )
    return said
