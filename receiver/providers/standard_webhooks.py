"""Any sender that follows Standard Webhooks: `type` and `data`, signed with `webhook-*` headers."""

from typing import Any

import msgspec

from receiver.providers.base import BodyMetadata, ProviderRules, decode, name
from receiver.signatures import StandardWebhooks


class StandardBodyData(msgspec.Struct):
    """Subject of the event, where it has an id."""

    id: Any = None


class StandardBody(msgspec.Struct):
    """The body the specification recommends."""

    data: StandardBodyData
    type: Any = None


DECODER = msgspec.json.Decoder(StandardBody)


def about(body: bytes) -> BodyMetadata:
    """The type and the id of the data; the specification knows no organization."""
    document = decode(DECODER, body)
    return (
        BodyMetadata()
        if document is None
        else BodyMetadata(name(document.type), None, name(document.data.id))
    )


PROVIDER = ProviderRules("standard_webhooks", StandardWebhooks(), about)
