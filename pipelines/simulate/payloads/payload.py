"""Types and functions that all payload writers use."""

from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

Data = dict[str, Any]


class EventPayload(NamedTuple):
    """Event without its envelope; `at` is the time that the envelope will have."""

    event_type: str
    at: datetime
    data: Data


def instant(at: datetime, clock: str | None = None) -> str:
    """Format an instant as ISO 8601 with milliseconds: in UTC with Z, or with the offset of zone `clock`."""
    if clock:
        return at.astimezone(ZoneInfo(clock)).isoformat(timespec="milliseconds")
    return at.isoformat(timespec="milliseconds")[:23] + "Z"


def present(**fields: object) -> Data:
    """Return the fields that are not None; the provider omits the others."""
    return {name: value for name, value in fields.items() if value is not None}
