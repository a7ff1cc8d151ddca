"""Popp AI. Documented: header `x-signature`, HMAC-SHA256. A guess: of the raw body, in lower-case hex."""

from typing import Any

import msgspec

from receiver.providers.base import BodyMetadata, ProviderRules, decode, name
from receiver.signatures import HmacScheme


class PoppBodyData(msgspec.Struct, rename="camel"):
    """The ids that every event has; `recordId` is that of the conversation, the booking or the run."""

    organization_id: Any = None
    conversation_id: Any = None
    record_id: Any = None


class PoppBody(msgspec.Struct):
    """The envelope, current and legacy."""

    data: PoppBodyData
    event: Any = None


DECODER = msgspec.json.Decoder(PoppBody)


def about(body: bytes) -> BodyMetadata:
    """Organization and conversation, or the record where an event names no conversation."""
    document = decode(DECODER, body)
    if document is None:
        return BodyMetadata()
    data = document.data
    entity = name(data.conversation_id) or name(data.record_id)
    return BodyMetadata(name(document.event), name(data.organization_id), entity)


PROVIDER = ProviderRules("popp", HmacScheme("x-signature"), about)
