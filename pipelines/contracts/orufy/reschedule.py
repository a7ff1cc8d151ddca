"""RESCHEDULE: A meeting was moved, which makes a new meeting linked to the old one."""

from pipelines.contracts.base import Contract
from pipelines.contracts.orufy import PROVIDER
from pipelines.contracts.orufy.envelope import OrufyDocument


class Reschedule(OrufyDocument, kw_only=True, tag="RESCHEDULE"):
    """The whole document."""


CONTRACT = Contract(
    PROVIDER,
    Reschedule,
    entity="meeting_id",
    description="A meeting was moved, which makes a new meeting linked to the old one.",
)
