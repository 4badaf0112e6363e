"""Which objects and fields the integration's user sees now."""

from __future__ import annotations

import re
import threading
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from ingestion.sandbox import exports
from ingestion.sandbox.apis.salesforce.commits import committed
from ingestion.sandbox.apis.salesforce.derived import DERIVED, DRIFTED
from ingestion.sandbox.apis.salesforce.fields import field_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ingestion.sandbox.apis.faults import Faults
    from ingestion.sandbox.apis.salesforce.derived import Derived
    from ingestion.sandbox.apis.salesforce.fields import Field
    from ingestion.sandbox.apis.salesforce.options import Options
    from ingestion.sandbox.systems.held import Held
    from ingestion.sandbox.systems.stored import Stored

_DRIFTS = 3  # as it was, with a new field, and then without an old one
# What the company's mapping names does not go: without it no reader could go on.
_MAPPING = Path(exports.__file__).parent / "mappings" / "salesforce.yml"
_NEEDED = frozenset(re.findall(r"\b\w+__c\b", _MAPPING.read_text(encoding="utf-8")))
_MOST_PICKS = 100  # values of a picklist


@dataclass(frozen=True)
class Entity:
    """One object: what is stored, and its fields by name, as the user sees them."""

    stored: Stored
    fields: dict[str, Field]
    derived: dict[str, Derived]

    @property
    def name(self) -> str:
        """Return the API name."""
        return self.stored.name

    @cached_property
    def by_lower_name(self) -> dict[str, Field]:
        """Return the fields by name in lower case: SOQL does not tell cases apart."""
        return {name.lower(): field for name, field in self.fields.items()}

    @property
    def is_replicated(self) -> bool:
        """Return whether it tells which of its records were deleted."""
        return not self.name.endswith("History")

    def summary(self, root: str) -> dict[str, Any]:
        """Return what the list of objects says about it; `root` is the path of the version."""
        return {
            "name": self.name,
            "label": self.name,
            "custom": self.name.endswith("__c"),
            "queryable": True,
            "replicateable": self.is_replicated,
            "retrieveable": True,
            "deprecatedAndHidden": False,
            "urls": {
                "sobject": f"{root}/sobjects/{self.name}",
                "describe": f"{root}/sobjects/{self.name}/describe",
            },
        }

    def describe(self, root: str) -> dict[str, Any]:
        """Return what describe says about it."""
        fields = [one.describe(self._picks(one)) for one in self.fields.values()]
        return {**self.summary(root), "fields": fields}

    def _picks(self, field: Field) -> list[str]:
        if field.type != "picklist":
            return []
        values = {**self.stored.fixed, **self.stored.varying}[field.name]
        found = pc.unique(values).cast(pa.string()).drop_null().to_pylist()
        return sorted(found)[:_MOST_PICKS]


class Catalog:
    """The objects of one org, by API name in lower case."""

    def __init__(self, held: Held, faults: Faults, options: Options) -> None:
        self._faults = faults
        self._options = options
        self._lock = threading.Lock()
        self._drifts: Counter[str] = Counter()
        share = faults.rates.get("late_commit", 0)
        self._stored = {
            one.name.lower(): committed(one, share, options.commit_delay, options.seed)
            if share
            else one
            for one in held.objects.values()
            if one.name not in options.hidden_objects
        }

    def __iter__(self) -> Iterator[Entity]:
        """Iterate over the objects, in the order of their names."""
        return (self._entity(self._stored[name]) for name in sorted(self._stored))

    def find(self, name: str) -> Entity | None:
        """Return an object by its name, whatever the case, or None."""
        stored = self._stored.get(name.lower())
        return None if stored is None else self._entity(stored)

    def described(self, name: str) -> Entity | None:
        """Return an object for a describe, before which its fields may drift."""
        if self._faults.strikes("schema_drift", name):
            with self._lock:
                self._drifts[name.lower()] += 1
        return self.find(name)

    def _entity(self, stored: Stored) -> Entity:
        drift = self._drifts[stored.name.lower()] % _DRIFTS
        kinds = {**stored.fixed, **stored.varying}
        fields = {one: field_of(one, stored.name, kinds[one].type) for one in stored.fields}
        derived = {
            one.field.name: one
            for one in DERIVED.get(stored.name, ())
            if not {*one.needs} - fields.keys()
        }
        if drift:
            derived[DRIFTED.field.name] = DRIFTED
        if drift == _DRIFTS - 1:
            custom = [
                one for one, field in fields.items() if field.is_custom and one not in _NEEDED
            ]
            fields = {one: field for one, field in fields.items() if one not in custom[-1:]}
        fields |= {one: derivation.field for one, derivation in derived.items()}
        hidden = self._options.hidden_fields
        seen = {one: field for one, field in fields.items() if f"{stored.name}.{one}" not in hidden}
        return Entity(stored, seen, derived)
