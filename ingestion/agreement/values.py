"""The kinds of value that an agreement is made of, and what is said when one is wrong."""

import re
from collections.abc import Sequence
from datetime import date
from functools import cache
from typing import Annotated, Any
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.json_schema import WithJsonSchema

from ingestion.yaml_tree import closest, wrong


class Part(BaseModel):
    """A part of the agreement: no unknown keys, no silent conversion, never changed."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        allow_inf_nan=False,
        str_strip_whitespace=True,
        use_attribute_docstrings=True,
    )


def advice(name: str, known: Sequence[str]) -> str:
    """Return advice on a name that is not known: the nearest known one, or the whole list."""
    near = closest(name, known)
    return f"Did you mean '{near}'?" if near else f"Known: {', '.join(known) or 'none'}."


IDENTIFIER = re.compile(r"[a-z][a-z0-9_]*")


def _identifier(value: str) -> str:
    if not IDENTIFIER.fullmatch(value):
        raise wrong(
            f"'{value}' is no identifier",
            "Use small letters, digits and underscores, beginning with a letter, "
            "like marketing_qualified.",
        )
    return value


def _day(value: Any) -> date:
    if isinstance(value, date):
        return value
    try:
        if isinstance(value, str) and len(value) == len("2024-01-31"):
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise wrong(
        f"'{value}' is no date", "Write a day of the calendar as YYYY-MM-DD, like 2024-01-31."
    )


@cache
def _time_zones() -> list[str]:
    return sorted(available_timezones())


def _time_zone(value: str) -> str:
    if value not in _time_zones():
        near = closest(value, _time_zones())
        raise wrong(
            f"'{value}' is no time zone",
            f"Did you mean '{near}'?" if near else "Use an IANA name, like America/New_York.",
        )
    return value


def _currency(value: str) -> str:
    if not re.fullmatch(r"[A-Z]{3}", value):
        raise wrong(
            f"'{value}' is no currency code",
            "Use the three capital letters of ISO 4217, like USD.",
        )
    return value


def text_schema(**schema: Any) -> WithJsonSchema:
    """Return how an editor is to check a text that a validator of ours checks here."""
    return WithJsonSchema({"type": "string", **schema})


Text = Annotated[str, Field(min_length=1)]
Texts = Annotated[tuple[Text, ...], Field(min_length=1)]
Identifier = Annotated[
    str, AfterValidator(_identifier), text_schema(pattern=f"^{IDENTIFIER.pattern}$")
]
Day = Annotated[date, BeforeValidator(_day), text_schema(format="date")]
TimeZone = Annotated[str, AfterValidator(_time_zone), text_schema(description="IANA time zone")]
Currency = Annotated[str, AfterValidator(_currency), text_schema(pattern="^[A-Z]{3}$")]
Count = Annotated[int, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]
