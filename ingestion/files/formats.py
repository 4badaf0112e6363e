"""The closed list of named formats of dates and times in a file.

The names are engine-neutral; how an engine reads them is staging's work, and a test compares
this list with the one there. Formats without a zone are in the file's time zone; date-only
values are never shifted.
"""

from __future__ import annotations

DATE_FORMATS: tuple[str, ...] = (
    "YYYY-MM-DD",
    "YYYYMMDD",
    "YYYY/MM/DD",
    "DD.MM.YYYY",
    "DD/MM/YYYY",
    "DD-MM-YYYY",
    "MM/DD/YYYY",
    "DD-Mon-YYYY",
)

TIME_SUFFIXES: tuple[str, ...] = (" HH:MM", " HH:MM:SS")

TIMESTAMP_FORMATS: tuple[str, ...] = tuple(
    date + suffix for date in DATE_FORMATS for suffix in TIME_SUFFIXES
)

# ISO is ISO 8601: a date, or a date-time with T or a blank, a fraction, an offset or Z.
DEFAULT_FORMAT = "ISO"

SELF_CONTAINED_FORMATS: tuple[str, ...] = (DEFAULT_FORMAT, "epoch_seconds", "epoch_milliseconds")

FORMATS: tuple[str, ...] = (*SELF_CONTAINED_FORMATS, *DATE_FORMATS, *TIMESTAMP_FORMATS)

# Keys of a manifest's `formats` that are no canonical field.
ANY_FIELD = "*"
DECIMAL_MARK = "decimal_mark"
THOUSANDS_MARK = "thousands_mark"
