"""Header parsing for schemes. Nothing here raises: a malformed value counts as absent."""

from collections.abc import Sequence
from datetime import datetime

RawHeaders = Sequence[tuple[bytes, bytes]]
"""Header names and values as they stood on the wire."""

MAX_SECONDS, MILLISECONDS = 12, 13
"""Digits of a Unix time; with 13 it counts milliseconds, which in seconds would be the year 33000."""


def only(headers: RawHeaders, name: bytes) -> bytes | None:
    """The value of a header that stands there once; two could disagree about what was signed."""
    found = [value for known, value in headers if known.lower() == name]
    return found[0] if len(found) == 1 else None


def only_item(items: Sequence[bytes], name: bytes) -> bytes | None:
    """The value of the one item `name=value`."""
    found = [value for known, equals, value in (item.partition(b"=") for item in items) if known == name]
    return found[0] if len(found) == 1 else None


def near(at: bytes | None, now: datetime, tolerance_seconds: int) -> bool:
    """Return whether `at` is a plain Unix time, at most so many seconds before or after `now`."""
    if at is None or not at.isdigit() or len(at) > MILLISECONDS:
        return False
    seconds = int(at) if len(at) <= MAX_SECONDS else int(at) / 1000
    return abs(seconds - now.timestamp()) <= tolerance_seconds
