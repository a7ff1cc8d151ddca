"""Event key: two deliveries with the same key carry the same event.

The key is the sha256 of (provider, organization id, event id). The source is not part of it, so an event that
two endpoints of one organization receive counts once. Without an event id, the key is a hash of the canonical
JSON of the body: it may count one event twice, but never drops an event whose body differs.
"""

from decimal import Decimal
from hashlib import sha256
from typing import Literal

import msgspec

KeyKind = Literal["event_id", "body"]

_encode = msgspec.json.Encoder().encode
_encode_canonical = msgspec.json.Encoder(order="sorted", decimal_format="number").encode

parse_json = msgspec.json.Decoder(float_hook=Decimal).decode
"""Parse a JSON document. Numbers with a fraction become `Decimal`, so they keep every digit that was sent."""


def key_of_event(provider: str, organization_id: str | None, event_id: str) -> str:
    """Return the event key of an event that has an id, as 64 hex digits."""
    return sha256(_encode((provider, organization_id, event_id))).hexdigest()


def key_of_body(provider: str, organization_id: str | None, document: object) -> str:
    """Return the event key of an event without an id, from its parsed JSON document, as 64 hex digits."""
    canonical = _encode_canonical(document)
    return sha256(_encode((provider, organization_id)) + canonical).hexdigest()
