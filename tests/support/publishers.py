"""Publishers without Kafka: the ceiling that the bench compares with, and one that is as slow as is asked."""

import asyncio

from receiver.envelope import DeliveryEnvelope
from receiver.kafka.publisher import NotConfirmed


class NullPublisher:
    """Confirms at once and keeps nothing, so that a request costs its HTTP and its HMAC only."""

    def __init__(self) -> None:
        self.closed = False

    @property
    def in_flight(self) -> int:
        """Never any."""
        return 0

    async def publish(self, envelope: DeliveryEnvelope) -> None:
        """Returns at once."""
        if self.closed:
            raise NotConfirmed("the publisher is closed")

    async def ready(self) -> str | None:
        """Always."""
        return None

    async def close(self) -> None:
        """Nothing to wait for."""
        self.closed = True


class SlowPublisher(NullPublisher):
    """Confirms after some seconds, never while `away`, and remembers what it was given."""

    def __init__(self, seconds: float = 0, *, away: bool = False) -> None:
        super().__init__()
        self.seconds = seconds
        self.away = away
        self.tried: list[str] = []
        self.confirmed: list[str] = []

    async def publish(self, envelope: DeliveryEnvelope) -> None:
        """Takes its time."""
        self.tried.append(envelope.delivery_id)
        await asyncio.sleep(self.seconds)
        if self.away:
            raise NotConfirmed("away")
        self.confirmed.append(envelope.delivery_id)

    async def ready(self) -> str | None:
        """Return whether it is there."""
        return "away" if self.away else None
