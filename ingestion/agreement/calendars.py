"""Business calendars: when a clock runs."""

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from ingestion.agreement.values import Day, Identifier, Part, Text, TimeZone, text_schema
from ingestion.yaml_tree import wrong

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAYS = re.compile(rf"({'|'.join(WEEKDAYS)})(?:-({'|'.join(WEEKDAYS)}))?")
_SPAN = re.compile(r"([01]\d|2[0-3]):([0-5]\d)\s*-\s*(([01]\d|2[0-3]):([0-5]\d)|24:00)")


def weekdays(days: str) -> tuple[int, ...]:
    """Return the ISO weekday numbers (1 is Monday) of `mon`, `mon-fri` or the like."""
    match = _DAYS.fullmatch(days)
    first = WEEKDAYS.index(match[1]) if match else 0
    last = WEEKDAYS.index(match[2] or match[1]) if match else -1
    if first > last:
        raise wrong(
            f"'{days}' names no days", "Write a day or a span within one week, like sat or mon-fri."
        )
    return tuple(range(first + 1, last + 2))


def opening_times(hours: str) -> tuple[tuple[str, str], ...]:
    """Return (opens, closes) pairs as HH:MM of `09:00-12:30, 13:30-17:00` or the like."""
    pairs: list[tuple[str, str]] = []
    for span in hours.split(","):
        match = _SPAN.fullmatch(span.strip())
        if not match:
            raise wrong(
                f"'{hours}' are no business hours",
                "Write them as 09:00-17:00, or 09:00-12:30, 13:30-17:00 with a break.",
            )
        opens, closes = f"{match[1]}:{match[2]}", match[3]
        if closes <= opens:
            raise wrong(
                f"the hours {span.strip()} close before they open",
                "Write the earlier time first; hours that pass midnight are two days' hours.",
            )
        if pairs and opens < pairs[-1][1]:
            raise wrong(f"the hours {hours} overlap", "Write them in order, like 09:00-17:00.")
        pairs.append((opens, closes))
    return tuple(pairs)


def _days(value: str) -> str:
    weekdays(value)
    return value


def _hours(value: str) -> str:
    opening_times(value)
    return value


Days = Annotated[str, AfterValidator(_days), text_schema(pattern=f"^{_DAYS.pattern}$")]
Hours = Annotated[str, AfterValidator(_hours), text_schema(examples=["09:00-17:00"])]


class Calendar(Part):
    """Weekly business hours of one time zone, less the holidays."""

    key: Identifier
    """Short name."""
    label: Text
    """What people call it."""
    time_zone: TimeZone | None = None
    """Zone of the hours. Left out: the reporting zone."""
    zone_of: Literal["calendar", "owner", "lead"] = "calendar"
    """Whose zone the hours are in; the calendar's own where the owner's or lead's is unknown."""
    always_open: bool = False
    """A clock that never stops."""
    hours: dict[Days, Hours] = Field(default_factory=dict)
    """Days to hours, like mon-fri: 09:00-17:00."""
    holidays: dict[Day, Text] = Field(default_factory=dict)
    """Days on which nobody works, each with its name."""

    @model_validator(mode="after")
    def _open_at_some_time(self) -> Self:
        if self.always_open == bool(self.hours):
            raise wrong(
                f"calendar '{self.key}' "
                + ("is always open and has hours" if self.hours else "is never open"),
                "Give either 'hours:' or 'always_open: true'.",
            )
        days = [day for span in self.hours for day in weekdays(span)]
        if len(days) != len(set(days)):
            raise wrong(
                f"calendar '{self.key}' gives a day its hours twice",
                "Let each day stand in one line of 'hours:'.",
            )
        return self


BUSINESS_HOURS = Calendar(
    key="business_hours", label="Business hours", hours={"mon-fri": "09:00-17:00"}
)
