"""The way out of the spool: oldest first, deleted only when Kafka has confirmed.

New deliveries go past what still waits, so the events of one entity can stand in another order on the topic
than they came; the models do not rely on it.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from receiver.kafka.circuit_breaker import CircuitBreaker
from receiver.kafka.publisher import NotConfirmed, Publisher
from receiver.spool.envelope_codec import to_envelope
from receiver.spool.spool import Spool
from receiver.spool.sqlite_queue import QueuedItem

PAUSE_SECONDS = 0.5
"""Between two looks at a Kafka that does not answer; each look takes its own time-out besides."""

IDLE_SECONDS = 5.0
"""Between two looks while Kafka confirms: at what it refused by itself, or whether there is anything."""

SLOW_SECONDS = 30.0
"""After a confirm that came too late for a sender, until a delivery may try it again; the drain continues."""

BATCH_ERRORS = frozenset({"MSG_SIZE_TOO_LARGE", "INVALID_RECORD", "INVALID_TIMESTAMP"})
"""Kafka refuses a whole batch for one message in it, or for their sum."""

Prepare = Callable[[], str | None]
"""Makes sure of the topic, or says why it cannot be used. Blocks."""

MakePublisher = Callable[[], Publisher]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DrainAttempt:
    """A page after Kafka was asked: the positions it confirmed, why not the others, and how fast it was."""

    confirmed: Sequence[int]
    errors: Mapping[int, str]
    in_time: bool
    """Return whether one of them was as fast as senders need it."""


class Drainer:
    """Brings what is spooled to the topic, and closes the circuit when Kafka confirms in time again.

    It has a producer of its own, with the longer time-out: a Kafka too slow for senders still drains the
    spool, and neither waits behind the other's messages.
    """

    def __init__(
        self,
        *,
        spool: Spool,
        circuit: CircuitBreaker,
        front: Publisher,
        make_publisher: MakePublisher,
        in_time_seconds: float,
        prepare: Prepare | None = None,
    ) -> None:
        """`front` is what deliveries are published with, `in_time_seconds` what they wait for it."""
        self._spool = spool
        self._circuit = circuit
        self._front = front
        self._make_publisher = make_publisher
        self._in_time_seconds = in_time_seconds
        self._prepare = prepare
        self._publisher: Publisher | None = None
        self._after = 0
        self._confirmed: Sequence[int] = ()
        self._try_at = 0.0
        self._stopping = asyncio.Event()
        self._running: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin, in this event loop."""
        self._running = asyncio.create_task(self._run())

    async def stop(self, timeout_seconds: float) -> None:
        """End after the page under way, or after the time given: what is not deleted by then stays."""
        self._stopping.set()
        if self._running is not None:
            await asyncio.wait([self._running], timeout=timeout_seconds)
            self._running.cancel()
            await asyncio.wait([self._running])
        if self._publisher is not None:
            await self._publisher.close()

    async def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                pause = await self._step()
            except (sqlite3.Error, OSError) as error:
                self._spool.mark_failed(error)
                pause = PAUSE_SECONDS
                await self._half_open()
            except Exception as error:  # noqa: BLE001 - if it ended, what waits would wait forever
                logger.error("the drain failed: %s", type(error).__name__)
                pause = IDLE_SECONDS
            if pause:
                await self._wait(pause)

    async def _step(self) -> float:
        """One look or one page; the seconds until the next."""
        await self._spool.try_again()
        if self._prepare is not None:
            return await self._try_to_prepare(self._prepare)
        await self._delete_confirmed()  # those of the last page, where the disk did not let go of them
        if self._spool.waiting:
            return await self._page()
        if self._circuit.reason is not None:
            await self._let_one_try()
            return PAUSE_SECONDS
        await self._spool.look()  # a receiver that was killed next to this one may have left something
        return 0 if self._spool.waiting else IDLE_SECONDS

    async def _try_to_prepare(self, prepare: Prepare) -> float:
        problem = await asyncio.to_thread(prepare)
        if problem is None:
            self._prepare = None
            return 0
        if problem != self._circuit.reason:
            logger.error("the topic cannot be used yet, deliveries go to the spool: %s", problem)
        self._circuit.open(problem)
        return PAUSE_SECONDS

    async def _page(self) -> float:
        """The next page, or the first again when the end is reached."""
        if self._publisher is None:
            self._publisher = self._make_publisher()
        if await self._publisher.ready() is not None:
            self._after = 0
            return PAUSE_SECONDS
        page = await self._spool.page(self._after)
        if not page:
            await self._spool.look()
            await self._let_one_try()  # what is left may be nothing but what Kafka never takes
            refused, self._after = self._after > 0, 0
            return IDLE_SECONDS if refused else 0
        tried = await self._publish(self._publisher, page)
        if tried.errors:
            self._after = page[-1].position  # one that Kafka never takes must not hold up the others
        if tried.confirmed:
            self._confirmed = tried.confirmed
            await self._delete_confirmed()
            self._try_at = 0.0 if tried.in_time else asyncio.get_running_loop().time() + SLOW_SECONDS
        if tried.in_time:
            await self._half_open()
        if tried.errors and await self._publisher.ready() is None:  # else it is no fault of theirs
            await self._spool.record_rejections(tried.errors)
        return 0 if tried.confirmed else PAUSE_SECONDS

    async def _delete_confirmed(self) -> None:
        """Until that is done nothing is published: on a full disk the topic would fill with the same page."""
        if self._confirmed:
            await self._spool.delete_confirmed(self._confirmed)
            self._confirmed = ()

    async def _publish(self, publisher: Publisher, page: Sequence[QueuedItem]) -> DrainAttempt:
        """The page is what is in flight at most; produced in its order, which the producer keeps."""
        loop = asyncio.get_running_loop()
        started = loop.time()

        async def publish(placed: QueuedItem) -> float | str:
            return await _refusal(publisher, placed) or loop.time() - started

        answers = await asyncio.gather(*map(publish, page))
        found = {placed.position: answer for placed, answer in zip(page, answers, strict=True)}
        taken = {position: took for position, took in found.items() if isinstance(took, float)}
        errors = {position: error for position, error in found.items() if isinstance(error, str)}
        in_time = any(took < self._in_time_seconds for took in taken.values())
        for placed in page:
            if errors.get(placed.position) in BATCH_ERRORS:
                errors[placed.position] = await _refusal(publisher, placed) or ""
        refused = {position: error for position, error in errors.items() if error}
        return DrainAttempt([position for position in found if position not in refused], refused, in_time)

    async def _let_one_try(self) -> None:
        """Nothing that drains can tell how fast Kafka is, so the next delivery finds out."""
        if asyncio.get_running_loop().time() >= self._try_at:
            await self._half_open()

    async def _half_open(self) -> None:
        """Deliveries try Kafka again when it answers their producer too; one unanswered opens it again."""
        if self._circuit.reason is not None and await self._front.ready() is None:
            self._circuit.close()

    async def _wait(self, seconds: float) -> None:
        """Until the time is over, the circuit opens, or it is to stop; while it is open, not for long."""
        waits = [asyncio.create_task(self._stopping.wait())]
        if self._circuit.reason is None:
            waits.append(asyncio.create_task(self._circuit.opened.wait()))
        else:
            seconds = min(seconds, PAUSE_SECONDS)
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for one in waits:
            one.cancel()


async def _refusal(publisher: Publisher, placed: QueuedItem) -> str | None:
    """Publishes one delivery; why Kafka did not confirm it, None when it did."""
    try:
        await publisher.publish(to_envelope(placed.item))
    except NotConfirmed as error:
        return str(error)
    except (ValueError, KeyError) as error:  # it stays: only a person can tell what it was
        logger.error("delivery %s cannot be read: %s", placed.item.delivery_id, type(error).__name__)
        return f"it cannot be read: {type(error).__name__}"
    return None
