"""Orufy Bookings. Orufy does not document how its secret token is sent, so a source must name a scheme."""

from typing import Any

import msgspec

from receiver.providers.base import BodyMetadata, ProviderRules, decode, name


class OrufyMeetingIds(msgspec.Struct):
    """Ids of the meeting in an Orufy body; `appId` is the Orufy account."""

    id: Any = msgspec.field(default=None, name="_id")
    app_id: Any = msgspec.field(default=None, name="appId")


class OrufyBody(msgspec.Struct):
    """Fields of an Orufy body that the receiver reads."""

    meeting: OrufyMeetingIds = msgspec.field(name="meetData")
    event_type: Any = msgspec.field(default=None, name="eventType")


DECODER = msgspec.json.Decoder(OrufyBody)


def about(body: bytes) -> BodyMetadata:
    """Return the metadata of a body: account and meeting. A rescheduled meeting is a new entity."""
    document = decode(DECODER, body)
    if document is None:
        return BodyMetadata()
    return BodyMetadata(name(document.event_type), name(document.meeting.app_id), name(document.meeting.id))


PROVIDER = ProviderRules("orufy", None, about)
