"""What the writers of events share."""

from datetime import datetime
from typing import Any, NamedTuple

Data = dict[str, Any]


class Notice(NamedTuple):
    """An event without its envelope; `at` is the time that the envelope will show."""

    event_type: str
    at: datetime
    data: Data


def instant(at: datetime) -> str:
    """ISO 8601 in UTC with milliseconds, as the provider writes it."""
    return at.isoformat(timespec="milliseconds")[:23] + "Z"


def present(**fields: object) -> Data:
    """The fields that are not None: what the provider leaves out."""
    return {name: value for name, value in fields.items() if value is not None}
