"""The rule of the door: who signed is let in, whatever the body holds. Pure."""

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
    """The delivery as it goes to the topic, or why not. Only the signature can refuse; nothing raises."""
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
        event_type=_bounded(about.event_type),
        key_id=key_id,
        content_type=_content_type(headers),
        message_id=_message_id(source, headers),
    )


def partition_key(source: VerifiedSource, about: BodyMetadata) -> bytes:
    """The same for all events of one entity; the source's name when the body does not say which."""
    if about.entity_id is None:
        return source.name.encode()
    return f"{source.provider.name}|{about.organization_id or ''}|{about.entity_id}".encode()


def _bounded(event_type: str | None) -> str | None:
    return event_type if event_type is not None and len(event_type) <= MAX_EVENT_TYPE else None


def _content_type(headers: RawHeaders) -> str | None:
    """The header where it is short plain ASCII; it is a note for people, nothing depends on it."""
    value = next((value for name, value in headers if name.lower() == b"content-type"), b"")
    return _plain(value, MAX_CONTENT_TYPE)


def _message_id(source: VerifiedSource, headers: RawHeaders) -> str | None:
    """The id that was signed: of no other scheme is it known which header holds one."""
    if not isinstance(source.scheme, StandardWebhooks):
        return None
    return _plain(only(headers, b"webhook-id") or b"", MAX_MESSAGE_ID)


def _plain(value: bytes, longest: int) -> str | None:
    """The value where it is printable ASCII, neither empty nor too long."""
    text = value.decode("ascii", errors="replace")
    return text if 0 < len(text) <= longest and text.isascii() and text.isprintable() else None
