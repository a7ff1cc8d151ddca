"""The way to the topic: an envelope is published when the broker confirmed it, and not before."""

import asyncio
import logging
from collections import deque
from functools import partial
from typing import Any, Protocol

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from receiver.envelope import DeliveryEnvelope
from receiver.settings import KafkaSettings, SettingsError

POLL_SECONDS = 0.002
IDLE_POLL_SECONDS = 1.0
READY_TIMEOUT_SECONDS = 1.5  # whoever asks over HTTP waits for two seconds

Waiting = asyncio.Future[None]

logger = logging.getLogger(__name__)
client_logger = logging.getLogger(f"{__name__}.librdkafka")


class NotConfirmed(Exception):
    """The broker did not confirm in time. It may still do so: the sender's retry is then a duplicate."""


class Publisher(Protocol):
    """Puts envelopes on the topic. It belongs to the event loop that it is used in."""

    @property
    def in_flight(self) -> int:
        """Deliveries that have neither been confirmed nor failed."""

    async def publish(self, envelope: DeliveryEnvelope) -> None:
        """Returns once the delivery is durable. Raises `NotConfirmed` when that is not known in time."""

    async def ready(self) -> str | None:
        """None when deliveries can be confirmed now, else the reason in a few words."""

    async def close(self) -> None:
        """Waits for what is in flight, a confirm time-out at most. Again is harmless."""


class KafkaPublisher:
    """One idempotent producer, its reports served by the event loop itself.

    A thread that serves them and wakes the loop costs a third of the rate; a timer that runs only while
    something is in flight costs nothing when idle. Memory is bounded by the producer's queue, and what
    the broker did not take within the confirm time-out leaves it: whoever called has spooled or refused it
    by then, and a message that stayed would be on the topic twice for certain. What is on the wire already
    cannot be called back and may still arrive; then the loader finds the same delivery id twice.
    """

    def __init__(self, kafka: KafkaSettings, confirm_timeout_seconds: float) -> None:
        """Raises `SettingsError` when librdkafka does not take `kafka.config`."""
        self._topic = kafka.topic
        self._timeout_seconds = confirm_timeout_seconds
        self._config = producer_config(kafka, confirm_timeout_seconds)
        self._producer = self._open()
        self._unreported = 0
        self._waiting: deque[tuple[float, Waiting]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._asking: asyncio.Task[str | None] | None = None
        self._fast = False
        self._closed = False
        self._broken = False

    @property
    def in_flight(self) -> int:
        """See `PublishedFileWriter`. One that was answered `NotConfirmed` counts until its report comes."""
        return self._unreported

    async def publish(self, envelope: DeliveryEnvelope) -> None:
        """See `PublishedFileWriter`."""
        if self._closed:
            raise NotConfirmed("the publisher is closed")
        loop = asyncio.get_running_loop()
        confirmed: Waiting = loop.create_future()
        self._produce(envelope, confirmed)
        self._waiting.append((loop.time() + self._timeout_seconds, confirmed))
        self._serve_soon(loop)
        await confirmed

    async def ready(self) -> str | None:
        """See `PublishedFileWriter`. Everybody who asks at the same time gets the answer to one question."""
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(asyncio.to_thread(self._ask))
        return await asyncio.shield(self._asking)

    async def close(self) -> None:
        """See `PublishedFileWriter`."""
        self._closed = True
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._timeout_seconds
        while self._unreported and loop.time() < deadline:
            self._producer.poll(0)
            await asyncio.sleep(POLL_SECONDS)
        if self._timer:
            self._timer.cancel()
        self._fail_overdue(float("inf"))

    def on_error(self, error: KafkaError) -> None:
        """librdkafka's own troubles. After a fatal one its producer is useless and is replaced."""
        if error.fatal():
            self._broken = True
        logger.warning("kafka client: %s", error.name())

    def _open(self) -> Producer:
        try:
            return Producer(self._config | {"error_cb": self.on_error}, logger=client_logger)
        except (KafkaException, ValueError, TypeError) as error:
            reason = error.args[0].str() if isinstance(error, KafkaException) else str(error)
            raise SettingsError(f"HIRESTREAM_KAFKA__CONFIG: {reason}; correct or remove it") from None

    def _ask(self) -> str | None:
        """Asks the broker for the topic's metadata; blocks."""
        try:
            known = self._producer.list_topics(self._topic, timeout=READY_TIMEOUT_SECONDS)
        except KafkaException as error:
            return f"Kafka does not answer: {error.args[0].name()}"
        problem = known.topics[self._topic].error
        return None if problem is None else f"topic {self._topic}: {problem.name()}"

    def _produce(self, envelope: DeliveryEnvelope, confirmed: Waiting) -> None:
        try:
            self._producer.produce(
                self._topic,
                value=envelope.body,
                key=envelope.key,
                headers=envelope.headers(),
                on_delivery=partial(self._reported, confirmed),
            )
        except BufferError:
            raise NotConfirmed("the queue to Kafka is full") from None
        except KafkaException as error:
            self.on_error(error.args[0])
            self._replace_if_broken()
            raise NotConfirmed(error.args[0].name()) from None
        self._unreported += 1

    def _reported(self, confirmed: Waiting, error: KafkaError | None, _message: Message) -> None:
        self._unreported -= 1
        if error is not None and error.fatal():
            self._broken = True
        if confirmed.done():
            return
        if error is None:
            confirmed.set_result(None)
        else:
            confirmed.set_exception(NotConfirmed(error.name()))

    def _serve_soon(self, loop: asyncio.AbstractEventLoop) -> None:
        if not self._fast:
            self._fast = True
            if self._timer:
                self._timer.cancel()
            self._timer = loop.call_later(POLL_SECONDS, self._serve, loop)

    def _serve(self, loop: asyncio.AbstractEventLoop) -> None:
        """One turn of the timer: fast while something is in flight, else to pick up librdkafka's log."""
        self._producer.poll(0)
        self._replace_if_broken()
        self._fail_overdue(loop.time())
        self._fast = bool(self._unreported)
        delay = POLL_SECONDS if self._fast else IDLE_POLL_SECONDS
        self._timer = loop.call_later(delay, self._serve, loop)

    def _fail_overdue(self, now: float) -> None:
        """Deadlines stand in the order they were made, so only the head of the line is looked at."""
        while self._waiting and (self._waiting[0][1].done() or self._waiting[0][0] <= now):
            confirmed = self._waiting.popleft()[1]
            if not confirmed.done():
                confirmed.set_exception(NotConfirmed("the broker did not answer in time"))

    def _replace_if_broken(self) -> None:
        """Nothing in flight is known to be durable then, so all of it is refused."""
        if self._broken:
            self._broken = False
            self._fail_overdue(float("inf"))
            self._unreported = 0
            self._producer = self._open()
            logger.error("kafka producer replaced after a fatal error")


def producer_config(kafka: KafkaSettings, confirm_timeout_seconds: float) -> dict[str, Any]:
    """librdkafka settings: ours to tune, then the user's, then those that the promise rests on."""
    tuned = {
        "linger.ms": 1,  # measured best of 1, 3 and 10
        "queue.buffering.max.kbytes": 64 * 1024,
        "reconnect.backoff.max.ms": 1000,
        "log.connection.close": False,
    }
    promised = {
        "acks": "all",
        "enable.idempotence": True,
        "message.max.bytes": kafka.max_message_bytes,
        "message.timeout.ms": max(1, round(confirm_timeout_seconds * 1000)),
    }
    return {**tuned, **kafka.client_config(), **promised}
