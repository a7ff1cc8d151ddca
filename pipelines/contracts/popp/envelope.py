"""Base classes of Popp documents, with the fields that every event has."""

from typing import Annotated

from pipelines.contracts.field_types import Identifier, Instant, Record, documented

STRUCTURE_PAGE = "Popp, Webhook Event Structure"


class PoppDocument(Record, tag_field="event"):
    """Top-level fields of every Popp document; the legacy envelope has neither id nor timestamp."""

    event_id: Annotated[
        Identifier | None, documented("the event; not in the legacy envelope", STRUCTURE_PAGE)
    ] = None
    event_timestamp: Annotated[
        Instant | None,
        documented(
            "when it occurred, or was sent: two pages disagree; not in the legacy envelope", STRUCTURE_PAGE
        ),
    ] = None


class EventData(Record, kw_only=True):
    """Fields of `data` in every event except `recordId`, whose meaning differs by event type."""

    organization_id: Annotated[Identifier, documented("the Popp account, one tenant", STRUCTURE_PAGE)]
