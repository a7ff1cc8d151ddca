"""The events that a provider sends about a journey, as JSON documents in its shapes."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

import msgspec

from pipelines.simulate.analysis_events import analysis_notices
from pipelines.simulate.conversation_events import conversation_notices, legacy_notices
from pipelines.simulate.meeting_events import loose_booking_notices
from pipelines.simulate.notice import Data, Notice, instant
from pipelines.simulate.outcomes import (
    Analysis,
    Conversation,
    Journey,
    LooseBooking,
    Publication,
    Run,
    UnresolvedContact,
)
from pipelines.simulate.workflow_events import contact_notices, publication_notices, run_notices


@dataclass(frozen=True, slots=True)
class Event:
    """One event: its name, when its envelope was written, the document to send."""

    event_type: str
    at: datetime
    document: Data

    def body(self) -> bytes:
        """The document as compact JSON."""
        return msgspec.json.encode(self.document)


def events_of(journey: Journey) -> Iterator[Event]:
    """Every event of a journey, each with an id that is unique in its organization."""
    legacy = journey.organization.legacy
    for position, notice in enumerate(_notices(journey)):
        document: Data = {"event": notice.event_type}
        if not legacy:
            document["eventId"] = f"evt_{journey.number}{position:02x}"
            document["eventTimestamp"] = instant(notice.at)
        document["data"] = notice.data
        yield Event(notice.event_type, notice.at, document)


def _notices(journey: Journey) -> Iterator[Notice]:
    write: Writer = legacy_notices if journey.organization.legacy else WRITERS[type(journey)]
    return write(journey)


Writer = Callable[[Any], Iterator[Notice]]
WRITERS: MappingProxyType[type[Journey], Writer] = MappingProxyType(
    {
        Conversation: conversation_notices,
        LooseBooking: loose_booking_notices,
        Run: run_notices,
        UnresolvedContact: contact_notices,
        Publication: publication_notices,
        Analysis: analysis_notices,
    }
)
