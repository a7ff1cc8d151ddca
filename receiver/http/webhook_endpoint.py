"""Webhook endpoint: reads a delivery, verifies it, makes it durable and answers."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from starlette.types import Receive, Scope, Send

from receiver.failover import Failover, Kept
from receiver.metrics import NO_SOURCE, Metrics
from receiver.rejections import TOO_LARGE, UNAVAILABLE, UNKNOWN_SOURCE, HttpRejection
from receiver.sources import VerifiedSource
from receiver.unverified.store import UnverifiedStore
from receiver.verification import accept

Clock = Callable[[], datetime]
NewId = Callable[[], str]

logger = logging.getLogger(__name__)


class Disconnected(Exception):
    """Raised when the sender disconnects before its body is complete, so no answer is possible."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """Durable delivery, with the place where it is stored (`accepted` on the topic or `spooled`)."""

    delivery_id: str
    kept: Kept


class WebhookEndpoint:
    """Raw ASGI endpoint of `POST /webhooks/{source}`; a FastAPI function route would halve the throughput."""

    def __init__(
        self,
        *,
        known: Mapping[str, VerifiedSource],
        max_body_bytes: int,
        failover: Failover,
        clock: Clock,
        new_id: NewId,
        metrics: Metrics,
        hold: UnverifiedStore | None = None,
    ) -> None:
        self._sources = known
        self._max_body_bytes = max_body_bytes
        self._failover = failover
        self._clock = clock
        self._new_id = new_id
        self._metrics = metrics
        self._hold = hold
        self._in_flight = 0
        metrics.in_flight.set_function(lambda: self._in_flight)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one delivery. Any unexpected error is answered 503 and logged by its type only."""
        source = self._sources.get(scope["path_params"]["source"])
        self._in_flight += 1
        try:
            outcome = UNKNOWN_SOURCE if source is None else await self._process(source, scope, receive)
        except Disconnected:
            self._count_outcome(source, "disconnected")
            return
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 - every error needs an answer
            logger.error("delivery failed: %s", type(error).__name__)
            outcome = UNAVAILABLE
        finally:
            self._in_flight -= 1
        await self._answer(source, outcome, send)

    async def _process(
        self, source: VerifiedSource, scope: Scope, receive: Receive
    ) -> Accepted | HttpRejection:
        """Read, verify and store a delivery. Returns its rejection when it was not made durable."""
        started = asyncio.get_running_loop().time()
        body = await read_body(scope["headers"], receive, self._max_body_bytes)
        if body is None:
            return TOO_LARGE
        received_at, delivery_id = self._clock(), self._new_id()
        accepted = accept(source, scope["headers"], body, received_at, delivery_id)
        if isinstance(accepted, HttpRejection):
            if source.hold_unverified and self._hold is not None:
                held = await self._hold.keep(source.name, scope["headers"], body, received_at, delivery_id)
                self._metrics.hold(source.name, held).inc()
            return accepted
        self._metrics.verified(source.name, accepted.key_id).set(accepted.received_at.timestamp())
        kept = await self._failover.keep(accepted)
        if isinstance(kept, HttpRejection):
            return kept
        self._metrics.latency.observe(asyncio.get_running_loop().time() - started)
        return Accepted(delivery_id, kept)

    async def _answer(
        self, source: VerifiedSource | None, outcome: Accepted | HttpRejection, send: Send
    ) -> None:
        if isinstance(outcome, HttpRejection):
            self._count_outcome(source, outcome.code)
            logger.info("refused: %s", outcome.code, extra={"source": source.name if source else NO_SOURCE})
            await respond(send, outcome.status, list(outcome.headers()), outcome.body())
            return
        self._count_outcome(source, outcome.kept)
        body = b'{"delivery_id": "%s"}' % outcome.delivery_id.encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        await respond(send, 200, headers, body)

    def _count_outcome(self, source: VerifiedSource | None, outcome: str) -> None:
        self._metrics.deliveries(source.name if source else NO_SOURCE, outcome).inc()


async def read_body(headers: list[tuple[bytes, bytes]], receive: Receive, max_bytes: int) -> bytes | None:
    """Read the whole body; returns None when it exceeds `max_bytes`. Raises `Disconnected`."""
    if any(name == b"content-length" and int(value) > max_bytes for name, value in headers):
        return None
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Disconnected
        chunk = message.get("body", b"")
        chunks.append(chunk)
        size += len(chunk)
        if size > max_bytes:
            return None
        if not message.get("more_body", False):
            return chunks[0] if len(chunks) == 1 else b"".join(chunks)


async def respond(send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    """Send a complete HTTP answer."""
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
