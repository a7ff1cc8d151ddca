"""Deliveries of documents as a provider would send them, through the real decoder."""

import json
from collections.abc import Mapping
from typing import Any

from pipelines.decode.decoded_batch import decode_batch
from pipelines.flatten.frames import event_frames
from pipelines.load.ledger_rows import CommitInfo, ledger_frame
from pipelines.load.outcomes import decide
from tests.support.models.small_lake import Delivery, hours
from tests.support.rows import LOADED_AT, raw_batch

_OF_THE_DELIVERY = frozenset(
    (
        *("event_key", "delivery_id", "source", "provider", "organization_id", "received_at", "loaded_at"),
        *("batch_id", "is_test", "is_foreign", "contract_version"),
    )
)
_OF_THE_PARENT = ("event_key", "batch_id", "position")


def sent(provider: str, document: Mapping[str, Any], at: float) -> Delivery:
    """One document received at hour `at`; the tables and rows are those that the loader would write."""
    batch = decode_batch(raw_batch(json.dumps(document).encode(), provider=provider))
    decided = decide(batch, {})
    ledger = ledger_frame(batch, decided, CommitInfo(1, LOADED_AT))
    frames = event_frames(batch.decoded, ledger, decided.loaded, {})
    (table,) = (name for name in frames if "__" not in name)
    children = {
        name.partition("__")[2]: list(frame.drop(*_OF_THE_PARENT).iter_rows(named=True))
        for name, frame in frames.items()
        if "__" in name
    }
    (row,) = frames[table].iter_rows(named=True)
    values = {name: value for name, value in row.items() if name not in _OF_THE_DELIVERY}
    if values["occurred_at_basis"] == "received_at":
        del values["occurred_at"], values["occurred_at_basis"]
    return Delivery(
        table,
        row["event_key"],
        None,
        values,
        received=at,
        child=next(iter(children.items()), ("", ())),
        provider=provider,
        source=f"{provider}-main",
        event_type=str(batch.decoded[0].identity.event_type),
        marks={"is_test": bool(row["is_test"])},
    )


def popp(event: str, record: str, at: float, *, received: float | None = None, **data: Any) -> Delivery:
    """A Popp event of hour `at` about the record of that id; `eventId` is its own unless given."""
    envelope = {
        "event": event,
        "eventId": data.pop("eventId", f"{event}:{record}:{at}"),
        "eventTimestamp": written(at),
        "data": {"recordId": record, "organizationId": "o-1", **data},
    }
    return sent("popp", envelope, received if received is not None else at + 1)


def written(at: float) -> str:
    """Hour `at` as the providers write it."""
    return hours(at).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def orufy(event_type: str, meeting: str, at: float, start: float = 100, **fields: Any) -> Delivery:
    """An Orufy event; `start` is the meeting's, in hours. Fields None are left out."""
    data = {
        "_id": meeting,
        "appId": "app-1",
        "eventId": "event-type-9",
        "time": written(start),
        "duration": 30,
        "status": "ACTIVE",
        "type": "SOLO",
        "attendees": [person("at-1")],
        "cancellation": {},
        "reschedule": {},
        **fields,
    }
    return sent(
        "orufy", {"eventType": event_type, "meetData": {k: v for k, v in data.items() if v is not None}}, at
    )


def person(attendee: str, status: str = "ACTIVE", **fields: Any) -> dict[str, Any]:
    """One attendee of an Orufy meeting."""
    return {"_id": attendee, "status": status, "cancellation": {}, "reschedule": {}, **fields}


def paid(status: str, at: float, payment: str | None = "pay-1", **fields: Any) -> Delivery:
    """A booking with a payment in that state, received at hour `at`."""
    data = {"_id": payment, "status": status, "amount": "49.50", "currencyCode": "USD", "method": "STRIPE"}
    return orufy("BOOK", "m-1", at, payment={k: v for k, v in {**data, **fields}.items() if v is not None})


def hook(kind: str | None, at: float, written: float | None = None) -> Delivery:
    """A Standard Webhooks message received at hour `at`, with the time `written` in it where there is one."""
    document: dict[str, Any] = {"data": {"at": at}, **({"type": kind} if kind else {})}
    if written is not None:
        document["timestamp"] = hours(written).isoformat()
    return sent("standard_webhooks", document, at)
