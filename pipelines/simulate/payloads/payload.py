"""Helpers that the payload writers share."""

from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

Data = dict[str, Any]


class EventPayload(NamedTuple):
    """An event without its envelope; `at` is the time that the envelope will show."""

    event_type: str
    at: datetime
    data: Data


def instant(at: datetime, clock: str | None = None) -> str:
    """ISO 8601 with milliseconds: in UTC with Z, or with the offset that the zone `clock` has then."""
    if clock:
        return at.astimezone(ZoneInfo(clock)).isoformat(timespec="milliseconds")
    return at.isoformat(timespec="milliseconds")[:23] + "Z"


def present(**fields: object) -> Data:
    """The fields that are not None: what the provider leaves out."""
    return {name: value for name, value in fields.items() if value is not None}
