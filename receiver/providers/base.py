"""A provider as a value: its signature scheme, and where a body says what it is about."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from receiver.signatures import Scheme

MAX_NAME = 512

Document = TypeVar("Document")


@dataclass(frozen=True, slots=True)
class BodyMetadata:
    """Metadata that a body contains; None where it is absent or not usable text."""

    event_type: str | None = None
    organization_id: str | None = None
    entity_id: str | None = None


@dataclass(frozen=True, slots=True)
class ProviderRules:
    """One kind of sender. Without a `scheme` of its own, the source must name one."""

    name: str
    scheme: Scheme | None
    about: Callable[[bytes], BodyMetadata]


def decode(decoder: msgspec.json.Decoder[Document], body: bytes) -> Document | None:
    """The document, None for whatever is not one: no JSON, no UTF-8, another shape, nested without end."""
    try:
        return decoder.decode(body)
    except (ValueError, RecursionError):
        return None


def name(value: object) -> str | None:
    """`value` when it is printable text of a name's length."""
    return value if isinstance(value, str) and 0 < len(value) <= MAX_NAME and value.isprintable() else None
