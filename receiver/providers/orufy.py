"""Orufy Bookings. How its secret token travels is not documented, so a source must name a scheme."""

from typing import Any

import msgspec

from receiver.providers.base import BodyMetadata, ProviderRules, decode, name


class OrufyMeetingIds(msgspec.Struct):
    """The meeting; `appId` is the Orufy account."""

    id: Any = msgspec.field(default=None, name="_id")
    app_id: Any = msgspec.field(default=None, name="appId")


class OrufyBody(msgspec.Struct):
    """The body."""

    meeting: OrufyMeetingIds = msgspec.field(name="meetData")
    event_type: Any = msgspec.field(default=None, name="eventType")


DECODER = msgspec.json.Decoder(OrufyBody)


def about(body: bytes) -> BodyMetadata:
    """Account and meeting. A reschedule makes a new meeting, so a chain of them is not one entity here."""
    document = decode(DECODER, body)
    if document is None:
        return BodyMetadata()
    return BodyMetadata(name(document.event_type), name(document.meeting.app_id), name(document.meeting.id))


PROVIDER = ProviderRules("orufy", None, about)
