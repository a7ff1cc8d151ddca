"""Event key: two deliveries with the same key carry the same event.

sha256 of (provider, organization id, event id), never of the source: two endpoints that feed one organization
must not count twice. Without an event id it is taken over the canonical JSON of the body instead, which may
keep two of one event but never drops one wrongly.
"""

from decimal import Decimal
from hashlib import sha256
from typing import Literal

import msgspec

KeyKind = Literal["event_id", "body"]

_encode = msgspec.json.Encoder().encode
_encode_canonical = msgspec.json.Encoder(order="sorted", decimal_format="number").encode

parse_json = msgspec.json.Decoder(float_hook=Decimal).decode
"""A JSON document as it is: a number with a fraction keeps every digit that was sent."""


def key_of_event(provider: str, organization_id: str | None, event_id: str) -> str:
    """The key of an event that has an id, as 64 hex digits."""
    return sha256(_encode((provider, organization_id, event_id))).hexdigest()


def key_of_body(provider: str, organization_id: str | None, document: object) -> str:
    """The key of an event without an id, over its decoded JSON document, as 64 hex digits."""
    canonical = _encode_canonical(document)
    return sha256(_encode((provider, organization_id)) + canonical).hexdigest()
