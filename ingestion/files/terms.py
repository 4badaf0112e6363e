"""Terms of a mapping: names, zones, days, formats, and what is said when one is wrong."""

from __future__ import annotations

import codecs
import re
from datetime import date, datetime
from typing import Annotated, Any
from zoneinfo import available_timezones

from pydantic import BeforeValidator, Field

from ingestion.files.formats import DATE_FORMATS, DEFAULT_FORMAT, FORMATS, TIMESTAMP_FORMATS
from ingestion.files.mapping_file import did_you_mean
from ingestion.yaml_tree import wrong


def _identifier(value: Any) -> Any:
    if isinstance(value, str) and not re.fullmatch(r"[a-z][a-z0-9_]*", value):
        raise wrong(f"`{value}` is no name", "Use small letters, digits and '_'")
    return value


def _zone(value: Any) -> Any:
    if isinstance(value, str) and value not in available_timezones():
        mend = did_you_mean(value, sorted(available_timezones()))
        raise wrong(f"`{value}` is no time zone", mend.replace("Known are", "Use one of"))
    return value


def _day(value: Any) -> Any:
    # pydantic would read a bare number as days or seconds since 1970.
    if value is not None and not isinstance(value, date):
        try:
            return datetime.strptime(str(value), "%Y-%m-%d").date()  # noqa: DTZ007
        except ValueError:
            raise wrong(f"'{value}' is no date", "Write it as YYYY-MM-DD") from None
    return value


def _moment(value: Any) -> Any:
    if isinstance(value, datetime):
        return value
    text = str(value).strip()
    try:
        if re.match(r"\d{4}-\d{2}-\d{2}($|[T ])", text):
            return datetime.fromisoformat(text)
    except ValueError:
        pass
    mend = "Write it as YYYY-MM-DD or YYYY-MM-DD HH:MM:SS"
    raise wrong(f"'{value}' is no date or date-time", mend)


def _known_format(known: tuple[str, ...]) -> BeforeValidator:
    def check(value: Any) -> Any:
        if value is not None and value not in known:
            mend = did_you_mean(str(value), known)
            raise wrong(f"unknown format `{value}`", mend)
        return value

    return BeforeValidator(check)


def _encoding(value: Any) -> Any:
    if isinstance(value, str):
        try:
            codecs.lookup(value)
            "".encode(value)  # refuses codecs between bytes, such as hex
        except LookupError:
            near = ["utf-8", "utf-16", "latin-1", "cp1252", "cp1250", "iso-8859-15", "shift_jis"]
            mend = did_you_mean(value, near)
            raise wrong(f"unknown encoding `{value}`", mend) from None
    return value


Identifier = Annotated[str, BeforeValidator(_identifier)]
Zone = Annotated[str, BeforeValidator(_zone)]
Day = Annotated[date, BeforeValidator(_day)]
Moment = Annotated[datetime, BeforeValidator(_moment)]
Mark = Annotated[str, Field(max_length=1)]


AnyFormat = Annotated[str, _known_format(FORMATS)]
DateFormat = Annotated[str, _known_format((DEFAULT_FORMAT, *DATE_FORMATS))]
TimestampFormat = Annotated[str, _known_format((DEFAULT_FORMAT, *TIMESTAMP_FORMATS))]
Encoding = Annotated[str, BeforeValidator(_encoding)]
