"""Any sender that follows Standard Webhooks: `type` and `data`, signed with `webhook-*` headers."""

from typing import Any

import msgspec

from receiver.providers.base import About, Provider, decode, name
from receiver.signatures import StandardWebhooks


class Data(msgspec.Struct):
    """What the event is about, where it has an id."""

    id: Any = None


class Document(msgspec.Struct):
    """The body the specification recommends."""

    data: Data
    type: Any = None


DECODER = msgspec.json.Decoder(Document)


def about(body: bytes) -> About:
    """The type and the id of the data; the specification knows no organization."""
    document = decode(DECODER, body)
    return About() if document is None else About(name(document.type), None, name(document.data.id))


PROVIDER = Provider("standard_webhooks", StandardWebhooks(), about)
