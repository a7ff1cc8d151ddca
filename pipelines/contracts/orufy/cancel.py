"""CANCEL: A meeting, or one attendee of a group, was cancelled; the statuses say which."""

from pipelines.contracts.base import Contract
from pipelines.contracts.orufy import PROVIDER
from pipelines.contracts.orufy.envelope import OrufyDocument


class Cancel(OrufyDocument, kw_only=True, tag="CANCEL"):
    """The whole document."""


CONTRACT = Contract(
    PROVIDER,
    Cancel,
    entity="meeting_id",
    description="A meeting, or one attendee of a group, was cancelled; the statuses say which.",
)
