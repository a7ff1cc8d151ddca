"""Failover from Kafka to the spool for deliveries that Kafka does not confirm in time."""

import logging
from typing import Literal

from receiver.envelope import DeliveryEnvelope
from receiver.kafka.circuit_breaker import CircuitBreaker
from receiver.kafka.publisher import NotConfirmed, Publisher
from receiver.rejections import NOT_CONFIRMED, HttpRejection
from receiver.settings import CoreSettings
from receiver.spool.spool import Spool

Kept = Literal["accepted", "spooled"]
"""Where a delivery is durable: on the topic or in the spool."""

logger = logging.getLogger(__name__)


class Failover:
    """Store for deliveries: publishes each to Kafka or, when Kafka does not confirm, appends it to the spool.

    After the first delivery that Kafka does not confirm, later ones go to the spool without being produced,
    until the drainer finds that Kafka confirms again. So only the first deliveries wait for the time-out, and
    only those that were being produced at that moment can be on the topic twice.
    """

    def __init__(self, publisher: Publisher, spool: Spool | None, circuit: CircuitBreaker) -> None:
        self._publisher = publisher
        self._spool = spool if spool is not None and spool.takes else None
        self._circuit = circuit

    async def keep(self, envelope: DeliveryEnvelope) -> Kept | HttpRejection:
        """Make the delivery durable. Returns where it is stored, or the rejection to answer. Never raises."""
        if self._spool is None:
            return await self._publish_without_spool(envelope)
        if self._circuit.reason is None:
            try:
                await self._publisher.publish(envelope)
            except NotConfirmed as error:
                self._circuit.open(str(error))
            else:
                return "accepted"
        return await self._spool.keep(envelope) or "spooled"

    async def _publish_without_spool(self, envelope: DeliveryEnvelope) -> Kept | HttpRejection:
        try:
            await self._publisher.publish(envelope)
        except NotConfirmed as error:
            logger.error("not confirmed: %s", error)
            return NOT_CONFIRMED
        return "accepted"


def wait_seconds(settings: CoreSettings) -> float:
    """Return how long a delivery waits for Kafka's confirmation.

    With the spool enabled the wait is short: the delivery is then spooled, and the answer must come before
    the sender's time-out, which no provider documents (3 to 30 seconds are usual). With the spool disabled a
    delivery not confirmed in time is refused, so the wait is the full confirm time-out.
    """
    longest = settings.receiver.confirm_timeout_seconds
    return min(settings.spool.wait_seconds, longest) if settings.spool.enabled else longest
