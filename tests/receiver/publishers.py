"""A publisher without Kafka: the ceiling that the bench compares with, and the second of the port's suite."""

from receiver.envelope import Envelope
from receiver.publish import NotConfirmed


class NullPublisher:
    """Confirms at once and keeps nothing, so that a request costs its HTTP and its HMAC only."""

    def __init__(self) -> None:
        self.closed = False

    @property
    def in_flight(self) -> int:
        """Never any."""
        return 0

    async def publish(self, envelope: Envelope) -> None:
        """Returns at once."""
        if self.closed:
            raise NotConfirmed("the publisher is closed")

    async def ready(self) -> str | None:
        """Always."""
        return None

    async def close(self) -> None:
        """Nothing to wait for."""
        self.closed = True
