"""The message on the topic: the raw body as value, everything else as headers.

Both sides import this module and nothing else of each other. A header is UTF-8 text; one that is unknown
is an absent header, never an empty one.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

ENVELOPE_VERSION = "1"

Headers = list[tuple[str, str | bytes | None]]
"""Header format of the Kafka client; here every value is bytes."""

_VERSION = ENVELOPE_VERSION.encode()


class EnvelopeError(ValueError):
    """A record on the topic that this system's receiver did not write, or wrote in another version."""


@dataclass(frozen=True, slots=True)
class DeliveryEnvelope:
    """One accepted delivery on its way to the topic.

    `key` puts all events of one entity into one partition; `body` is exactly what the sender signed.
    `message_id` is the sender's own id of the message, where the signature covers one.
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
    message_id: str | None = None

    def headers(self) -> Headers:
        """The Kafka headers, in a fixed order."""
        headers: Headers = [
            ("delivery_id", self.delivery_id.encode()),
            ("source", self.source.encode()),
            ("provider", self.provider.encode()),
            ("received_at", format_instant(self.received_at).encode()),
            ("envelope_version", _VERSION),
        ]
        if self.event_type is not None:
            headers.append(("event_type", self.event_type.encode()))
        if self.key_id is not None:
            headers.append(("key_id", self.key_id.encode()))
        if self.content_type is not None:
            headers.append(("content_type", self.content_type.encode()))
        if self.message_id is not None:
            headers.append(("message_id", self.message_id.encode()))
        return headers


def format_instant(instant: datetime) -> str:
    """RFC 3339 in UTC with microseconds, the one text form of an instant on the topic."""
    return instant.astimezone(UTC).isoformat(timespec="microseconds")[:-6] + "Z"
