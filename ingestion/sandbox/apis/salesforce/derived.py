"""Fields that no record holds: names and addresses made of parts, and formulas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from ingestion.sandbox.apis.salesforce.fields import Field
from ingestion.sandbox.clock import DAY
from ingestion.sandbox.systems.columns import column

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Derived:
    """A field and how to compute it, of the fields that it needs and the present."""

    field: Field
    needs: tuple[str, ...]
    compute: Callable[[pa.Table, float], pa.Array]


def _name(rows: pa.Table, _now: float) -> pa.Array:
    first = pc.fill_null(column(rows["FirstName"]).cast(pa.string()), "")
    last = pc.fill_null(column(rows["LastName"]).cast(pa.string()), "")
    return pc.utf8_trim_whitespace(pc.binary_join_element_wise(first, last, " "))


def _greeting(rows: pa.Table, _now: float) -> pa.Array:
    name = _name(rows, _now)
    company = pc.fill_null(column(rows["Company"]).cast(pa.string()), "")
    return pc.binary_join_element_wise(name, '\n"', company, '"', "")


def _address(country: str) -> Callable[[pa.Table, float], pa.Array]:
    def address(rows: pa.Table, _now: float) -> pa.Array:
        code = column(rows[country]).cast(pa.string())
        nothing = pa.nulls(len(code), pa.string())
        parts = {"city": nothing, "countryCode": code, "postalCode": nothing, "state": nothing,
                 "street": nothing}  # fmt: skip
        return pa.StructArray.from_arrays(list(parts.values()), list(parts))

    return address


def _age(rows: pa.Table, now: float) -> pa.Array:
    created = column(rows["CreatedDate"]).cast(pa.int64())
    return pc.floor(pc.divide(pc.subtract(float(now), created.cast(pa.float64())), DAY))


_NAME = Derived(Field("Name", "string"), ("FirstName", "LastName"), _name)
# A formula of the day: its value changes and no stamp of the record does.
_AGE = Derived(Field("Age_In_Days__c", "double", is_formula=True), ("CreatedDate",), _age)
# A formula with a line break and quotes in its text.
_GREETING = Derived(
    Field("Greeting__c", "string", is_formula=True),
    ("FirstName", "LastName", "Company"),
    _greeting,
)

DERIVED: dict[str, tuple[Derived, ...]] = {
    "Lead": (
        _NAME,
        Derived(Field("Address", "address"), ("CountryCode",), _address("CountryCode")),
        _AGE,
        _GREETING,
    ),
    "Contact": (_NAME,),
    "Account": (
        Derived(
            Field("BillingAddress", "address"),
            ("BillingCountryCode",),
            _address("BillingCountryCode"),
        ),
    ),
    "Opportunity": (_AGE,),
}

# A custom field with a default: old rows have it at once, and are not stamped for it.
DRIFTED = Derived(
    Field("Added_Later__c", "string"),
    (),
    lambda rows, _now: pa.array(["default"] * len(rows), pa.string()),
)
