"""Contracts of Orufy events. All event types have the same fields."""

from msgspec import field

from pipelines.contracts.base import Contract
from pipelines.contracts.field_types import Record
from pipelines.contracts.orufy.meeting import OrufyMeeting
from pipelines.contracts.orufy.provider import PROVIDER


class OrufyDocument(Record, kw_only=True, tag_field="eventType"):
    """Document of every Orufy event: the event type and the meeting, which has all other fields."""

    meeting: OrufyMeeting = field(name="meetData")


class Book(OrufyDocument, kw_only=True, tag="BOOK"):
    """A meeting was booked."""


class Reschedule(OrufyDocument, kw_only=True, tag="RESCHEDULE"):
    """A meeting was moved, which makes a new meeting linked to the old one."""


class Cancel(OrufyDocument, kw_only=True, tag="CANCEL"):
    """A meeting, or one attendee of a group, was cancelled; the statuses say which."""


CONTRACTS = (
    Contract(PROVIDER, Book, entity="meeting_id"),
    Contract(PROVIDER, Reschedule, entity="meeting_id"),
    Contract(PROVIDER, Cancel, entity="meeting_id"),
)
