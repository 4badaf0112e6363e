"""The instant that a run is about."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from ingestion.errors import TerminalError


def resolve_as_of(asked: str, of_data_set: date | None, zone: str, now: datetime) -> datetime:
    """Return the exclusive instant, aware and in UTC, up to which a run looks at events.

    `asked` is a date or a date-time as text, or empty: then the day of the data set counts, else
    the last complete day. A date D means the end of D in the reporting `zone`; a date-time without
    an offset is in that zone too. Raises TerminalError if `asked` is neither.
    """
    if asked.strip():
        return resolve_instant(asked, zone, name="as_of")
    day = of_data_set or now.astimezone(ZoneInfo(zone)).date() - timedelta(days=1)
    return _end_of(day, zone)


def resolve_instant(text: str, zone: str, *, name: str) -> datetime:
    """Return a date or a date-time in text as an aware UTC instant; a date D means its end.

    Raises TerminalError naming the setting `name` if the text is neither.
    """
    text = text.strip()
    try:
        return _end_of(date.fromisoformat(text), zone)
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise TerminalError(
            f"{text!r} is neither a date nor a date-time",
            where=name,
            mend="Write e.g. 2026-03-31 or 2026-03-31T18:00:00+00:00",
        ) from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(zone))
    return moment.astimezone(UTC)


def resolve_beginning(text: str, zone: str, *, name: str) -> datetime:
    """Return a date or a date-time in text as an aware UTC instant; a date D means its beginning.

    Raises TerminalError as `resolve_instant` does.
    """
    try:
        return _end_of(date.fromisoformat(text.strip()) - timedelta(days=1), zone)
    except ValueError:
        return resolve_instant(text, zone, name=name)


def _end_of(day: date, zone: str) -> datetime:
    midnight = datetime.combine(day + timedelta(days=1), time(), tzinfo=ZoneInfo(zone))
    return midnight.astimezone(UTC)
