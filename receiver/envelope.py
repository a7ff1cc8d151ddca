"""The message on the topic: the raw body as value, everything else as headers.

Both sides import this module and nothing else of each other. A header is UTF-8 text; one that is unknown
is an absent header, never an empty one. A new header is a field of `DeliveryEnvelope`: the
topic, the spool and the loader's batches then have it. The ledger keeps it once it is a column there.
"""

from dataclasses import dataclass, fields
from datetime import UTC, datetime

ENVELOPE_VERSION = "1"

Headers = list[tuple[str, str | bytes | None]]
"""Header format of the Kafka client; here every value is bytes."""


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
        """The Kafka headers, in a fixed order; a field that is None has none."""
        texts = {name: getattr(self, name) for name in TEXT_HEADERS}
        texts |= {"received_at": format_instant(self.received_at), "envelope_version": ENVELOPE_VERSION}
        return [(name, texts[name].encode()) for name in HEADER_NAMES if texts[name] is not None]


TEXT_HEADERS = tuple(
    each.name for each in fields(DeliveryEnvelope) if each.name not in {"received_at", "key", "body"}
)
"""Fields of an envelope whose header is their text."""

REQUIRED_HEADERS = ("delivery_id", "source", "provider", "received_at", "envelope_version")
"""Headers of every record."""

HEADER_NAMES = (*REQUIRED_HEADERS, *(name for name in TEXT_HEADERS if name not in REQUIRED_HEADERS))
"""Names of all headers, in their order on a record."""


def format_instant(instant: datetime) -> str:
    """RFC 3339 in UTC with microseconds, the one text form of an instant on the topic."""
    return instant.astimezone(UTC).isoformat(timespec="microseconds")[:-6] + "Z"
