"""Standard Webhooks: the provider of senders whose bodies have `type` and `data` and `webhook-*` headers."""

from typing import Any

import msgspec

from receiver.providers.base import BodyMetadata, ProviderRules, decode, name
from receiver.signatures import StandardWebhooks


class StandardBodyData(msgspec.Struct):
    """Id in the `data` of a body, None when absent."""

    id: Any = None


class StandardBody(msgspec.Struct):
    """Fields of a body as the Standard Webhooks specification recommends it."""

    data: StandardBodyData
    type: Any = None


DECODER = msgspec.json.Decoder(StandardBody)


def about(body: bytes) -> BodyMetadata:
    """Return the metadata of a body: its type and the id in `data`. The specification has no organization."""
    document = decode(DECODER, body)
    return (
        BodyMetadata()
        if document is None
        else BodyMetadata(name(document.type), None, name(document.data.id))
    )


PROVIDER = ProviderRules("standard_webhooks", StandardWebhooks(), about)
