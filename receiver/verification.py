"""Acceptance of a delivery: only its signature counts, not its content. No I/O."""

from datetime import datetime

from receiver.envelope import DeliveryEnvelope
from receiver.providers.base import BodyMetadata
from receiver.rejections import NOT_AUTHENTIC, HttpRejection
from receiver.signatures import RawHeaders, StandardWebhooks, verify
from receiver.signatures.headers import only
from receiver.sources import VerifiedSource

MAX_EVENT_TYPE = 200
MAX_CONTENT_TYPE = 200
MAX_MESSAGE_ID = 200


def accept(
    source: VerifiedSource, headers: RawHeaders, body: bytes, now: datetime, delivery_id: str
) -> DeliveryEnvelope | HttpRejection:
    """Verify a delivery. Returns its envelope, or `NOT_AUTHENTIC` when the signature fails. Never raises."""
    headers = tuple(headers)
    key_id = verify(source.scheme, source.secrets, headers, body, now)
    if key_id is None:
        return NOT_AUTHENTIC
    about = source.provider.about(body)
    return DeliveryEnvelope(
        delivery_id=delivery_id,
        source=source.name,
        provider=source.provider.name,
        received_at=now,
        key=partition_key(source, about),
        body=body,
        event_type=_short_event_type(about.event_type),
        key_id=key_id,
        content_type=_content_type(headers),
        message_id=_message_id(source, headers),
    )


def partition_key(source: VerifiedSource, about: BodyMetadata) -> bytes:
    """Return the Kafka key: equal for all events of an entity, the source's name when the body names none."""
    if about.entity_id is None:
        return source.name.encode()
    return f"{source.provider.name}|{about.organization_id or ''}|{about.entity_id}".encode()


def _short_event_type(event_type: str | None) -> str | None:
    return event_type if event_type is not None and len(event_type) <= MAX_EVENT_TYPE else None


def _content_type(headers: RawHeaders) -> str | None:
    """Return the Content-Type header when it is short printable ASCII. It is informative only."""
    value = next((value for name, value in headers if name.lower() == b"content-type"), b"")
    return _printable_ascii(value, MAX_CONTENT_TYPE)


def _message_id(source: VerifiedSource, headers: RawHeaders) -> str | None:
    """Return the signed message id; only Standard Webhooks defines a header for one."""
    if not isinstance(source.scheme, StandardWebhooks):
        return None
    return _printable_ascii(only(headers, b"webhook-id") or b"", MAX_MESSAGE_ID)


def _printable_ascii(value: bytes, max_length: int) -> str | None:
    """Return the value as text when it is printable ASCII of 1 to `max_length` characters, else None."""
    text = value.decode("ascii", errors="replace")
    return text if 0 < len(text) <= max_length and text.isascii() and text.isprintable() else None
