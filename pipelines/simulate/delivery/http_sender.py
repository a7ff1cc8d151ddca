"""Posts deliveries to a receiver as a provider would: signed, several at a time, again when asked to wait."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from time import perf_counter

import aiohttp

from pipelines.errors import Unavailable
from pipelines.simulate.delivery.faults import Delivery
from receiver.signatures import Scheme, sign

Sign = Callable[[Delivery], dict[str, str]]
"""The headers that prove a delivery."""
Progress = Callable[[int], None]

MAX_ATTEMPTS = 8
MAX_WAIT_SECONDS = 5.0
TIMEOUT = aiohttp.ClientTimeout(total=30)


@dataclass(frozen=True, slots=True)
class SendReport:
    """Result of sending. `other` counts final answers other than 200, by status.

    `retries` are requests sent again; one that was answered by silence or 503 may have been accepted all the
    same, so only without retries must the ledger hold exactly what was sent.
    """

    sent: int
    answered_200: int
    other: dict[int, int]
    seconds: float
    delivery_ids: list[str]
    retries: int = 0


@dataclass(slots=True)
class _Tally:
    """Shared counts of the workers of one sending."""

    answers: Counter[int] = field(default_factory=Counter)
    delivery_ids: list[str] = field(default_factory=list)
    retries: int = 0


@dataclass(frozen=True, slots=True)
class _Target:
    session: aiohttp.ClientSession
    url: str
    signs: Mapping[str, Sign]
    tally: _Tally


def signer(scheme: Scheme, secret: bytes, new_id: Callable[[], str], now: Callable[[], datetime]) -> Sign:
    """The headers that prove a body under `scheme`; raises `ValueError` when the secret does not fit.

    A delivery without an id of its own gets a new one, where the scheme signs one.
    """
    return lambda delivery: sign(
        scheme, secret, delivery.body, message_id=delivery.message_id or new_id(), now=now()
    )


def send_all(
    deliveries: Iterable[Delivery],
    url: str,
    signs: Mapping[str, Sign],
    concurrency: int,
    *,
    on_progress: Progress | None = None,
) -> SendReport:
    """Post every delivery to `{url}/webhooks/{its source}`, at most `concurrency` in flight, begun in order.

    `signs` has an entry for each source. Waits for as long as a 503 says (at most five seconds) and tries
    again, eight times in all.
    `on_progress` gets the number of answers so far. Raises `Unavailable` when nothing answers there.
    """
    return asyncio.run(send(deliveries, url, signs, concurrency, on_progress=on_progress))


async def send(
    deliveries: Iterable[Delivery],
    url: str,
    signs: Mapping[str, Sign],
    concurrency: int,
    *,
    on_progress: Progress | None = None,
) -> SendReport:
    """As `send_all`, within a running event loop."""
    begun, tally, waiting = perf_counter(), _Tally(), iter(deliveries)
    connector = aiohttp.TCPConnector(limit=concurrency)
    async with aiohttp.ClientSession(connector=connector, timeout=TIMEOUT) as session:
        target = _Target(session, url.rstrip("/"), signs, tally)
        await _work(target, waiting, concurrency, on_progress)
    other = {status: count for status, count in sorted(tally.answers.items()) if status != 200}
    seconds = perf_counter() - begun
    sent = tally.answers.total()
    return SendReport(sent, tally.answers[200], other, seconds, tally.delivery_ids, tally.retries)


async def _work(
    target: _Target, waiting: Iterator[Delivery], concurrency: int, on_progress: Progress | None
) -> None:
    """Workers that each take the next delivery; the first that fails for good ends all."""

    async def worker() -> None:
        for delivery in waiting:
            await _deliver(target, delivery)
            if on_progress:
                on_progress(target.tally.answers.total())

    workers = [asyncio.create_task(worker()) for _ in range(concurrency)]
    try:
        await asyncio.gather(*workers)
    finally:
        for task in workers:
            task.cancel()


async def _deliver(target: _Target, delivery: Delivery) -> None:
    for attempt in range(MAX_ATTEMPTS):
        last = attempt == MAX_ATTEMPTS - 1
        status, wait_seconds = await _attempt(target, delivery, last)
        if status is not None and (last or status != 503):
            target.tally.answers[status] += 1
            return
        target.tally.retries += 1
        await asyncio.sleep(wait_seconds)


async def _attempt(target: _Target, delivery: Delivery, last: bool) -> tuple[int | None, float]:
    """The status, None where none came, and how long to wait before trying again."""
    headers = {"Content-Type": "application/json", **target.signs[delivery.source](delivery)}
    address = f"{target.url}/webhooks/{delivery.source}"
    try:
        async with target.session.post(address, data=delivery.body, headers=headers) as response:
            if response.status == 200:
                target.tally.delivery_ids.append(str((await response.json())["delivery_id"]))
            return response.status, wait_seconds(response.headers.get("Retry-After"))
    except (aiohttp.ClientConnectionError, TimeoutError) as error:
        if last:
            raise Unavailable(
                f"nothing answers at {address}; start the receiver, or correct the address"
            ) from error
        return None, 0.2


def wait_seconds(retry_after: str | None) -> float:
    """Seconds as the header says them, within bounds; a date in it counts as a second."""
    try:
        seconds = float(retry_after or 1)
    except ValueError:
        seconds = 1.0
    return min(max(0.05, seconds), MAX_WAIT_SECONDS)
