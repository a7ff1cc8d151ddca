"""A home with two candidates in everything that keeps something, and what one of them must leave."""

import datetime as dt
import json
from collections.abc import Iterator
from typing import Any

from pipelines.decode.decoded_batch import decode_batch
from pipelines.load.loader import Loader
from pipelines.serving.published_file import PublishedFileWriter
from pipelines.settings import Settings
from pipelines.transform.builder import ModelBuilder
from receiver.envelope import DeliveryEnvelope
from receiver.spool.envelope_codec import to_item
from receiver.spool.spool import spool_path
from receiver.spool.sqlite_queue import QueueItem, QueueLimits, SqliteQueue
from receiver.unverified.store import headers_to_note, unverified_path
from tests.support.lakes import modelled_lake
from tests.support.rows import LOADED_AT, raw_batch

KEY = "0123456789abcdef-test-key"
EMAIL = "Zoe.Markerova@Example.test"
NOW = dt.datetime(2026, 3, 6, 12, tzinfo=dt.UTC)
BOUNDS = QueueLimits(10_000_000, 1_000)

MARKS = ("Zoemarker Firstname", "Markerova Lastname", "markerova said she likes bees", EMAIL)
"""What is personal of the one who is erased."""
OTHERS = ("Bohdan Firstname", "bo@example.test")
"""What is personal of somebody else, and stays."""


def popp(event: str, number: int, **data: Any) -> bytes:
    """An event with an id of its own."""
    at = f"2026-03-05T{8 + number % 10:02}:00:00Z"
    return json.dumps(
        {
            "event": event,
            "eventId": f"e-{event}-{number}",
            "eventTimestamp": at,
            "data": {"organizationId": "o-1", **data},
        }
    ).encode()


def conversation(person: str, first: str, last: str, said: str, number: int) -> Iterator[bytes]:
    """What Popp says of one candidate's conversation; none of it has an address."""
    of = {
        "recordId": f"conv-{person}",
        "candidateId": f"cand-{person}",
        "participantFirstName": first,
        "participantLastName": last,
        "externalCampaignId": "camp-1",
    }
    yield popp("CONVERSATION_QUEUED", number, **of)
    yield popp("CONVERSATION_STARTED", number + 1, **of)
    answers = [{"screeningQuestion": "Bees?", "responseSummary": said, "questionOutcome": "PASSED"}]
    yield popp(
        "CONVERSATION_COMPLETED",
        number + 2,
        **of,
        conversationStatus="COMPLETED_SCREENING_PASSED",
        scorecardTotalValue=80,
        screeningQuestionsOutcome=answers,
        unheardOf={"nickname": said},
    )


def meeting(person: str, participants: list[dict[str, str]], number: int, kind: str = "SCHEDULED") -> bytes:
    """The booking of a conversation: the only event that names the address."""
    details = {
        "title": f"Interview with {participants[0]['name']}",
        "startDateTime": "2026-03-09T10:00:00Z",
        "endDateTime": "2026-03-09T11:00:00Z",
        "participants": participants,
    }
    ids = {"recordId": f"book-{person}", "conversationId": f"conv-{person}", "meetingDetails": details}
    return popp(f"CALENDAR_MEETING_{kind}", number, **ids)


ZOE = {"name": "Zoemarker Firstname", "email": EMAIL}
BO = {"name": "Bohdan Firstname", "email": "bo@example.test"}
HOST = {"name": "Hanna Host", "email": "host@example.test"}

LEGACY = json.dumps(
    {
        "event": "CONVERSATION_STARTED",
        "data": {"recordId": "conv-zoe", "organizationId": "o-1", "participantFirstName": MARKS[0]},
    }
).encode()
"""Without an event id: its key is made from the body."""

BROKEN = f'{{"event": "CONVERSATION_QUEUED", "to": "{EMAIL.lower()}", '.encode()
WRONG = popp("CALENDAR_MEETING_CANCELLED", 60, recordId=5, conversationId="conv-zoe", note=MARKS[2])
"""Refused by its contract, and about the conversation."""

ESCAPED = popp("CONVERSATION_OPTED_OUT", 61, recordId="conv-odd", participantLastName=EMAIL).replace(
    b"@", b"\\u0040"
)
"""The address as JSON may write it too."""


def orufy(event: str, meeting_id: str, people: list[dict[str, Any]], **fields: Any) -> bytes:
    """A meeting of several; its key is made from the body."""
    data = {
        "_id": meeting_id,
        "appId": "app-1",
        "time": "2026-03-09T12:00:00Z",
        "duration": 30,
        "status": "ACTIVE",
        "type": "GROUP",
        "attendees": people,
        **fields,
    }
    return json.dumps({"eventType": event, "meetData": data}).encode()


def attendee(number: int, name: str, email: str, **fields: Any) -> dict[str, Any]:
    return {"_id": f"at-{number}", "status": "ACTIVE", "name": name, "email": email, **fields}


GROUP = [attendee(1, MARKS[0], EMAIL), attendee(2, "Bohdan Firstname", "bo@example.test")]


def of_zoe() -> list[bytes]:
    """Popp's events of the one who is erased."""
    return [
        *conversation("zoe", MARKS[0], MARKS[1], MARKS[2], 0),
        meeting("zoe", [ZOE, HOST], 3),
        meeting("zoe", [ZOE, HOST], 3).replace(b"Interview", b"Chat"),
        LEGACY,
        LEGACY,
        BROKEN,
        WRONG,
        ESCAPED,
    ]


def of_bo() -> list[bytes]:
    """Popp's events of somebody else, with the same host."""
    talk = conversation("bo", "Bohdan Firstname", "Bo", "bo said nothing", 20)
    return [*talk, meeting("bo", [BO, HOST], 23)]


def of_orufy() -> list[bytes]:
    """A group meeting that is booked, moved by text, and missed by an event without a contract."""
    reason = {"reason": f"{MARKS[0]} is ill", "newMeetId": "zm-2"}
    return [
        orufy("BOOK", "zm-1", GROUP, payment={"_id": "p-1", "amount": 9, "emailId": EMAIL, "status": "DONE"}),
        orufy("RESCHEDULE", "zm-1", GROUP, reschedule=reason),
        orufy("BOOK", "zm-2", GROUP, prevMeetId="zm-1", cancellation=f"cancelled by {MARKS[0]}"),
        orufy("NO_SHOW", "zm-2", GROUP, markAsNoShow=True),
        orufy("BOOK", "zm-9", [attendee(3, "Bohdan Firstname", "bo@example.test")]),
    ]


def loader(settings: Settings, con: Any) -> Loader:
    return Loader(
        con,
        {},
        holder="test",
        organizations=settings.expected_organizations,
        rejects=None,
        clock=lambda: LOADED_AT,
    )


def fill(settings: Settings) -> None:
    """The lake without models, logs, and deliveries that wait or are held."""
    con = modelled_lake(settings)
    loading = loader(settings, con)
    zoe, bo = of_zoe(), of_bo()
    loading.load(decode_batch(raw_batch(*zoe)))
    loading.load(decode_batch(raw_batch(*bo, start=len(zoe))))
    rest = raw_batch(*of_orufy(), provider="orufy", source="orufy", start=len(zoe) + len(bo))
    loading.load(decode_batch(rest))
    con.close()
    build(settings)
    logs = settings.home / "logs"
    logs.mkdir(exist_ok=True)
    (logs / "careless.log").write_text(f"one line\nsomebody wrote {EMAIL}\nlast line\n")
    spool(settings, meeting("zoe", [ZOE, HOST], 70, "UPDATED"), "d-zoe")
    spool(settings, meeting("bo", [BO, HOST], 71, "UPDATED"), "d-bo")
    hold(settings, meeting("zoe", [ZOE, HOST], 72), "h-zoe")
    hold(settings, meeting("bo", [BO, HOST], 73), "h-bo")


def build(settings: Settings) -> None:
    """The models and the published file."""
    assert not ModelBuilder(settings).build().failures
    PublishedFileWriter(settings).publish_if_due(now=True)


def spool(settings: Settings, body: bytes, delivery_id: str) -> None:
    """As the receiver puts it there."""
    envelope = DeliveryEnvelope(
        delivery_id=delivery_id,
        source="popp",
        provider="popp",
        received_at=NOW,
        body=body,
        key=b"popp|o-1|conv",
        event_type="CALENDAR_MEETING_UPDATED",
        key_id="k1",
        content_type="application/json",
        message_id=None,
    )
    queue = SqliteQueue(spool_path(settings))
    assert queue.append([to_item(envelope)], BOUNDS) == [True]
    queue.close()


def hold(settings: Settings, body: bytes, delivery_id: str) -> None:
    queue = SqliteQueue(unverified_path(settings))
    item = QueueItem(delivery_id, "popp", NOW, body, headers_to_note([(b"x-signature", b"wrong")]))
    assert queue.append([item], BOUNDS) == [True]
    queue.close()
