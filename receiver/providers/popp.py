"""Popp AI. Documented: HMAC-SHA256 in header `x-signature`. Guessed: over the raw body, lower-case hex."""

from typing import Any

import msgspec

from receiver.providers.base import BodyMetadata, ProviderRules, decode, name
from receiver.signatures import HmacScheme


class PoppBodyData(msgspec.Struct, rename="camel"):
    """Ids in the `data` of a Popp body; `recordId` identifies the conversation, the booking or the run."""

    organization_id: Any = None
    conversation_id: Any = None
    record_id: Any = None


class PoppBody(msgspec.Struct):
    """Fields of a Popp body that the receiver reads, in the current and the legacy envelope."""

    data: PoppBodyData
    event: Any = None


DECODER = msgspec.json.Decoder(PoppBody)


def about(body: bytes) -> BodyMetadata:
    """Return the metadata of a body. The entity is its conversation, or its record when it names none."""
    document = decode(DECODER, body)
    if document is None:
        return BodyMetadata()
    data = document.data
    entity = name(data.conversation_id) or name(data.record_id)
    return BodyMetadata(name(document.event), name(data.organization_id), entity)


PROVIDER = ProviderRules("popp", HmacScheme("x-signature"), about)
