"""Deliveries of a simulation as the decoder of the load sees them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from pipelines.decode.decoder import Decoded, TypedEvent, UntypedEvent, decoder_of
from pipelines.simulate.delivery.faults import Delivery
from pipelines.simulate.simulation import Simulation

UNTIL = datetime(2026, 11, 21, 12, 34, 56, 789_123, tzinfo=UTC)


def decoded(delivery: Delivery) -> Decoded:
    """What the decoder of its provider makes of it."""
    decoder = decoder_of(delivery.provider)
    assert decoder
    return decoder.decode(delivery.body, delivery.source, delivery.message_id)


def decodes(delivery: Delivery) -> bool:
    """Return whether it has a contract; of other providers, whether it loads."""
    kinds = (TypedEvent,) if delivery.provider == "popp" else (TypedEvent, UntypedEvent)
    return isinstance(decoded(delivery), kinds)


def documents(simulation: Simulation) -> Iterator[dict[str, Any]]:
    """The documents of Popp."""
    for delivery in simulation.deliveries:
        if delivery.provider == "popp" and decodes(delivery):
            yield msgspec.json.decode(delivery.body)


def key_of(delivery: Delivery) -> str | None:
    """The key that makes two deliveries one event, None for a broken one."""
    return decoded(delivery).identity.event_key


def stamps(simulation: Simulation) -> Iterator[datetime]:
    """Times of envelopes in the order of sending."""
    for document in documents(simulation):
        if "eventTimestamp" in document:
            yield datetime.fromisoformat(document["eventTimestamp"])


def near_a_change(start: datetime, zone: ZoneInfo) -> bool:
    """Return whether the offset differs within two hours: a night shift's interview."""
    hours = timedelta(hours=2)
    return (start - hours).astimezone(zone).utcoffset() != (start + hours).astimezone(zone).utcoffset()
