"""Envelopes as the receiver makes them of deliveries."""

from datetime import UTC, datetime
from typing import Any

from receiver.envelope import DeliveryEnvelope

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def envelope(number: int = 0, **changes: Any) -> DeliveryEnvelope:
    """An envelope with an id and a body of its own for each number."""
    values: dict[str, Any] = {
        "delivery_id": f"id-{number}",
        "source": "popp",
        "provider": "popp",
        "received_at": NOW,
        "key": b"popp|o|r",
        "body": b"body %d" % number,
    }
    return DeliveryEnvelope(**values | changes)
