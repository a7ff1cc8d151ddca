"""Kafka first; what it does not confirm in time goes to the spool. Then it is durable, or it is refused."""

import logging
from typing import Literal

from receiver.envelope import DeliveryEnvelope
from receiver.kafka.circuit_breaker import CircuitBreaker
from receiver.kafka.publisher import NotConfirmed, Publisher
from receiver.rejections import NOT_CONFIRMED, HttpRejection
from receiver.settings import CoreSettings
from receiver.spool.spool import Spool

Kept = Literal["accepted", "spooled"]

logger = logging.getLogger(__name__)


class Failover:
    """Durable place of a delivery.

    After the first that Kafka does not confirm, the following go to the spool at once and are not produced
    at all; the drain finds out when Kafka is back. So senders wait once, not each of them, and the topic gets
    a delivery twice only when its produce was under way in the first moments.
    """

    def __init__(self, publisher: Publisher, spool: Spool | None, circuit: CircuitBreaker) -> None:
        self._publisher = publisher
        self._spool = spool if spool is not None and spool.takes else None
        self._circuit = circuit

    async def keep(self, envelope: DeliveryEnvelope) -> Kept | HttpRejection:
        """Make the delivery durable. Returns where it is, or why it is nowhere. Never raises."""
        if self._spool is None:
            return await self._plainly(envelope)
        if self._circuit.reason is None:
            try:
                await self._publisher.publish(envelope)
            except NotConfirmed as error:
                self._circuit.open(str(error))
            else:
                return "accepted"
        return await self._spool.keep(envelope) or "spooled"

    async def _plainly(self, envelope: DeliveryEnvelope) -> Kept | HttpRejection:
        try:
            await self._publisher.publish(envelope)
        except NotConfirmed as error:
            logger.error("not confirmed: %s", error)
            return NOT_CONFIRMED
        return "accepted"


def wait_seconds(settings: CoreSettings) -> float:
    """Time that a delivery waits for Kafka.

    With the spool behind it a short wait loses nothing, and an answer is due before the sender gives up,
    whose own time-out nobody documents (3 to 30 seconds are usual). Without it, giving up is a refusal.
    """
    longest = settings.receiver.confirm_timeout_seconds
    return min(settings.spool.wait_seconds, longest) if settings.spool.enabled else longest
