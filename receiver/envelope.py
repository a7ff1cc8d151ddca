"""Kafka message of a delivery: the raw body as value, all other fields as headers.

The receiver and the pipelines share the message format through this module only. A header is UTF-8 text; an
unknown value is an absent header, never an empty one. A new header is a new field of `DeliveryEnvelope`: the
topic, the spool and the loader's batches then have it. The ledger stores it only after it is a column there.
"""

from dataclasses import dataclass, fields
from datetime import UTC, datetime

ENVELOPE_VERSION = "1"

Headers = list[tuple[str, str | bytes | None]]
"""Header format of the Kafka client: pairs `(name, value)`; hirestream writes values as bytes."""


class EnvelopeError(ValueError):
    """Raised for a Kafka record that no hirestream receiver wrote, or that has another envelope version."""


@dataclass(frozen=True, slots=True)
class DeliveryEnvelope:
    """Accepted delivery with the metadata that its Kafka record carries.

    `key` puts all events of one entity into one partition; `body` is exactly what the sender signed.
    `message_id` is the sender's id of the message, when the signature covers one.
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
        """Return the Kafka headers in a fixed order; a field that is None has no header."""
        texts = {name: getattr(self, name) for name in TEXT_HEADERS}
        texts |= {"received_at": format_instant(self.received_at), "envelope_version": ENVELOPE_VERSION}
        return [(name, texts[name].encode()) for name in HEADER_NAMES if texts[name] is not None]


TEXT_HEADERS = tuple(
    each.name for each in fields(DeliveryEnvelope) if each.name not in {"received_at", "key", "body"}
)
"""Fields of an envelope whose header is their value as text, without conversion."""

REQUIRED_HEADERS = ("delivery_id", "source", "provider", "received_at", "envelope_version")
"""Headers of every record."""

HEADER_NAMES = (*REQUIRED_HEADERS, *(name for name in TEXT_HEADERS if name not in REQUIRED_HEADERS))
"""Names of all headers, in their order on a record."""


def format_instant(instant: datetime) -> str:
    """Format an instant as RFC 3339 in UTC with microseconds, as in the envelope."""
    return instant.astimezone(UTC).isoformat(timespec="microseconds")[:-6] + "Z"
