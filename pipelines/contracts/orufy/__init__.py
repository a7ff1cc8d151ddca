"""Orufy Bookings: no event id and no event time is documented; `eventId` is the bookable event type."""

from pipelines.contracts.contract import Provider

PROVIDER = Provider(
    name="orufy", event_type=("eventType",), event_id=None, organization=("meetData", "appId")
)
