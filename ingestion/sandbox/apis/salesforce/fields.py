"""Fields of objects as describe tells of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from ingestion.sandbox.systems.columns import INSTANT

if TYPE_CHECKING:
    from collections.abc import Sequence

_REFERENCES = {
    "AccountId": ("Account",),
    "ActivityId": ("Task",),
    "CampaignId": ("Campaign",),
    "ContactId": ("Contact",),
    "ConvertedAccountId": ("Account",),
    "ConvertedContactId": ("Contact",),
    "ConvertedOpportunityId": ("Opportunity",),
    "CreatedById": ("User",),
    "LeadId": ("Lead",),
    "ManagerId": ("User",),
    "OpportunityId": ("Opportunity",),
    "OwnerId": ("Group", "User"),
    "RelatedToId": ("Opportunity",),
    "WhatId": ("Opportunity",),
    "WhoId": ("Contact", "Lead"),
}
_TO_ITSELF = ("MasterRecordId", "ParentId")
_CURRENCIES = {"Amount", "AnnualRevenue", "ExpectedRevenue", "BudgetedCost", "ActualCost"}
_PICKLISTS = {
    "BillingCountryCode", "CallType", "CountryCode", "CurrencyIsoCode", "DataType", "Field",
    "ForecastCategory", "ForecastCategoryName", "Industry", "LeadSource", "Lifecycle__c",
    "Loss_Reason__c", "Reason__c", "Role", "StageName", "Status", "TaskSubtype",
    "TimeZoneSidKey", "Type",
}  # fmt: skip
_TEXTS = {"Email": "email", "FromAddress": "email", "Phone": "phone", "Website": "url"}
_LENGTHS = {"id": 18, "reference": 18, "email": 80, "phone": 40, "picklist": 255, "string": 255,
            "url": 255}  # fmt: skip
_PARTS = {
    ("Lead", "FirstName"): "Name",
    ("Lead", "LastName"): "Name",
    ("Lead", "CountryCode"): "Address",
    ("Contact", "FirstName"): "Name",
    ("Contact", "LastName"): "Name",
    ("Account", "BillingCountryCode"): "BillingAddress",
}
_XSD = {"boolean": "xsd:boolean", "int": "xsd:int", "double": "xsd:double", "date": "xsd:date",
        "currency": "xsd:double", "percent": "xsd:double", "datetime": "xsd:dateTime",
        "id": "tns:ID", "reference": "tns:ID", "address": "urn:address"}  # fmt: skip
# Old and new values can be of any type, so that no query may compare them.
_NOT_FILTERABLE = {"OldValue", "NewValue"}


@dataclass(frozen=True)
class Field:
    """A field of an object, of one of describe's types."""

    name: str
    type: str
    is_formula: bool = False
    part_of: str | None = None  # the compound field
    refers_to: tuple[str, ...] = ()

    @property
    def is_compound(self) -> bool:
        """Return whether it holds several values, which Bulk refuses."""
        return self.type in {"address", "location"}

    @property
    def is_filterable(self) -> bool:
        """Return whether WHERE may name it."""
        return not self.is_compound and self.name not in _NOT_FILTERABLE

    @property
    def is_custom(self) -> bool:
        """Return whether the org made it."""
        return self.name.endswith("__c")

    def describe(self, picklist: Sequence[str]) -> dict[str, Any]:
        """Return what describe says about it."""
        is_number = self.type in {"currency", "double", "percent"}
        relation = self.name.removesuffix("Id") if self.refers_to else None
        return {
            "name": self.name,
            "label": _label(self.name),
            "type": self.type,
            "soapType": _XSD.get(self.type, "xsd:string"),
            "length": _LENGTHS.get(self.type, 0),
            "precision": 18 if is_number else 0,
            "scale": 2 if is_number else 0,
            "nillable": self.type not in {"boolean", "id"},
            "calculated": self.is_formula,
            "calculatedFormula": None,
            "compoundFieldName": self.part_of,
            "custom": self.is_custom,
            "deprecatedAndHidden": False,
            "filterable": self.is_filterable,
            "sortable": self.is_filterable,
            "picklistValues": [
                {"value": one, "label": one, "active": True, "defaultValue": False}
                for one in picklist
            ],
            "referenceTo": list(self.refers_to),
            "relationshipName": relation,
        }


def field_of(name: str, object_name: str, kind: pa.DataType) -> Field:
    """Return a field of an object whose values are of this Arrow type."""
    refers_to = (object_name,) if name in _TO_ITSELF else _REFERENCES.get(name, ())
    return Field(
        name=name,
        type=_type(name, kind, is_reference=bool(refers_to)),
        part_of=_PARTS.get((object_name, name)),
        refers_to=refers_to,
    )


def _type(name: str, kind: pa.DataType, *, is_reference: bool) -> str:
    if kind == INSTANT:
        told = "datetime"
    elif pa.types.is_date32(kind):
        told = "date"
    elif pa.types.is_boolean(kind):
        told = "boolean"
    elif pa.types.is_integer(kind):
        told = "int"
    elif pa.types.is_floating(kind):
        told = "currency" if name in _CURRENCIES else "double"
        told = "percent" if name.endswith("Probability") else told
    elif name == "Id":
        told = "id"
    elif is_reference:
        told = "reference"
    else:
        told = "picklist" if name in _PICKLISTS else _TEXTS.get(name, "string")
    return told


def _label(name: str) -> str:
    words = name.removesuffix("__c").replace("_", " ")
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", words)
