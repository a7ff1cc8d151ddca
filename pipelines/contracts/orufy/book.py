"""BOOK: A meeting was booked."""

from pipelines.contracts.base import Contract
from pipelines.contracts.orufy import PROVIDER
from pipelines.contracts.orufy.envelope import OrufyDocument


class Book(OrufyDocument, kw_only=True, tag="BOOK"):
    """The whole document."""


CONTRACT = Contract(
    PROVIDER,
    Book,
    entity="meeting_id",
    description="A meeting was booked.",
)
