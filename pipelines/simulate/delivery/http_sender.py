"""HTTP client that posts deliveries as a provider does: signed, concurrently, retried after 503."""

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
"""Function that returns the signature headers of a delivery."""
Progress = Callable[[int], None]

MAX_ATTEMPTS = 8
MAX_WAIT_SECONDS = 5.0
TIMEOUT = aiohttp.ClientTimeout(total=30)


@dataclass(frozen=True, slots=True)
class SendReport:
    """Result of sending. `other` is the number of final answers other than 200, by status.

    `retries` is the number of repeated requests. The receiver may have accepted a request without a response
    or with 503, so the ledger holds exactly the sent deliveries only if `retries` is 0.
    """

    sent: int
    answered_200: int
    other: dict[int, int]
    seconds: float
    delivery_ids: list[str]
    retries: int = 0


@dataclass(slots=True)
class _Tally:
    """Counts that all workers of one `send` call share."""

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
    """Return the function that signs deliveries by `scheme`. Raises `ValueError` when the secret is invalid.

    If the scheme signs a message id, a delivery without one gets an id from `new_id`.
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
    """Post each delivery to `{url}/webhooks/{source}`, started in order, at most `concurrency` at a time.

    `signs` has the signing function by source. After a 503 the request is repeated, up to eight attempts,
    after its Retry-After time of at most five seconds. `on_progress` receives the number of answers so far.
    Raises `Unavailable` when the receiver does not answer.
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
    """Do the work of `send_all` within a running event loop."""
    started_at, tally, remaining = perf_counter(), _Tally(), iter(deliveries)
    connector = aiohttp.TCPConnector(limit=concurrency)
    async with aiohttp.ClientSession(connector=connector, timeout=TIMEOUT) as session:
        target = _Target(session, url.rstrip("/"), signs, tally)
        await _run_workers(target, remaining, concurrency, on_progress)
    other = {status: count for status, count in sorted(tally.answers.items()) if status != 200}
    seconds = perf_counter() - started_at
    sent = tally.answers.total()
    return SendReport(sent, tally.answers[200], other, seconds, tally.delivery_ids, tally.retries)


async def _run_workers(
    target: _Target, remaining: Iterator[Delivery], concurrency: int, on_progress: Progress | None
) -> None:
    """Run workers that each send the next delivery in turn. An exception in one of them ends all."""

    async def worker() -> None:
        for delivery in remaining:
            await _send_with_retries(target, delivery)
            if on_progress:
                on_progress(target.tally.answers.total())

    workers = [asyncio.create_task(worker()) for _ in range(concurrency)]
    try:
        await asyncio.gather(*workers)
    finally:
        for task in workers:
            task.cancel()


async def _send_with_retries(target: _Target, delivery: Delivery) -> None:
    for attempt in range(MAX_ATTEMPTS):
        last = attempt == MAX_ATTEMPTS - 1
        status, wait_seconds = await _send_once(target, delivery, last)
        if status is not None and (last or status != 503):
            target.tally.answers[status] += 1
            return
        target.tally.retries += 1
        await asyncio.sleep(wait_seconds)


async def _send_once(target: _Target, delivery: Delivery, last: bool) -> tuple[int | None, float]:
    """Send one request; return `(status, seconds)`: None without a response, and the wait before a retry."""
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
    """Seconds to wait by a Retry-After header, from 0.05 to 5; a missing header or a date counts as 1."""
    try:
        seconds = float(retry_after or 1)
    except ValueError:
        seconds = 1.0
    return min(max(0.05, seconds), MAX_WAIT_SECONDS)
