"""Base types of a provider: its signature scheme, and how to read metadata from a body."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from receiver.signatures import Scheme

MAX_NAME = 512

Document = TypeVar("Document")


@dataclass(frozen=True, slots=True)
class BodyMetadata:
    """Metadata read from a body: event type, organization and entity. None: absent or not usable text."""

    event_type: str | None = None
    organization_id: str | None = None
    entity_id: str | None = None


@dataclass(frozen=True, slots=True)
class ProviderRules:
    """Rules of one provider. `about` reads a body's metadata; without `scheme` the source must name one."""

    name: str
    scheme: Scheme | None
    about: Callable[[bytes], BodyMetadata]


def decode(decoder: msgspec.json.Decoder[Document], body: bytes) -> Document | None:
    """Decode a body; None when it is not UTF-8 or JSON, has another shape, or is nested too deeply."""
    try:
        return decoder.decode(body)
    except (ValueError, RecursionError):
        return None


def name(value: object) -> str | None:
    """Return `value` when it is printable text of 1 to `MAX_NAME` characters, else None."""
    return value if isinstance(value, str) and 0 < len(value) <= MAX_NAME and value.isprintable() else None
