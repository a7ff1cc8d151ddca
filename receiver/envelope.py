"""The message on the topic: the raw body as value, everything else as headers.

Both sides import this module and nothing else of each other. A header is UTF-8 text; one that is unknown
is an absent header, never an empty one.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

ENVELOPE_VERSION = "1"

Headers = list[tuple[str, bytes]]


class EnvelopeError(ValueError):
    """A record on the topic that this system's receiver did not write, or wrote in another version."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """One accepted delivery on its way to the topic.

    `key` puts all events of one entity into one partition; `body` is exactly what the sender signed.
    """

    delivery_id: str
    source: str
    provider: str
    received_at: datetime
    key: bytes
    body: bytes
    event_type: str | None = None
    key_id: str | None = None
    content_type: str | None = None

    def headers(self) -> Headers:
        """The Kafka headers, in a fixed order."""
        named = (
            ("delivery_id", self.delivery_id),
            ("source", self.source),
            ("provider", self.provider),
            ("received_at", format_instant(self.received_at)),
            ("event_type", self.event_type),
            ("key_id", self.key_id),
            ("content_type", self.content_type),
            ("envelope_version", ENVELOPE_VERSION),
        )
        return [(name, value.encode()) for name, value in named if value is not None]


def format_instant(instant: datetime) -> str:
    """RFC 3339 in UTC with microseconds, the one text form of an instant on the topic."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
