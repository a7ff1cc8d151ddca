"""Verify stored deliveries again as of their time of receipt, and publish the authentic ones."""

import asyncio
import logging
import sqlite3
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from receiver.envelope import DeliveryEnvelope
from receiver.kafka.publisher import KafkaPublisher, NotConfirmed, Publisher
from receiver.settings import CoreSettings
from receiver.sources import VerifiedSource, sources
from receiver.spool.sqlite_queue import QueuedItem, SourceTotal, SqliteQueue
from receiver.unverified.store import headers_of_note, open_unverified_queue
from receiver.verification import accept

PAGE = 20
"""Deliveries in memory at a time."""

RETRY_SECONDS = 5.0

OnReleased = Callable[[str, int], None]
"""Callback with a source and the number of its published deliveries."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ReleaseResult:
    """One source: deliveries published now, and those still stored."""

    source: str
    released: int
    still_held: int


async def release(
    queue: SqliteQueue,
    known: Mapping[str, VerifiedSource],
    publisher: Publisher,
    on_released: OnReleased,
    source: str | None = None,
) -> None:
    """Publish every stored delivery that `known` verifies, then delete it; the rest stays.

    A crash between the two publishes the same delivery id again. Raises `NotConfirmed` when Kafka did not
    confirm all: at once when it does not answer, else after the others were tried.
    """
    after, refused = 0, None
    while page := await asyncio.to_thread(queue.oldest, after, PAGE, source):
        after = page[-1].position
        verified = await asyncio.to_thread(_verified, page, known)
        envelopes = [envelope for _, envelope in verified]
        answers = await asyncio.gather(*map(publisher.publish, envelopes), return_exceptions=True)
        confirmed = [one for one, answer in zip(verified, answers, strict=True) if answer is None]
        await asyncio.to_thread(queue.delete, [placed.position for placed, _ in confirmed])
        for name, count in Counter(envelope.source for _, envelope in confirmed).items():
            on_released(name, count)
        refused = _refused(answers) or refused
        if refused is not None and await publisher.ready() is not None:
            break
    if refused is not None:
        raise refused


async def release_until_done(
    queue: SqliteQueue, known: Mapping[str, VerifiedSource], publisher: Publisher, on_released: OnReleased
) -> None:
    """`release`, again while Kafka does not confirm. A store that cannot be read is logged and left."""
    while True:
        try:
            await release(queue, known, publisher, on_released)
        except NotConfirmed:
            await asyncio.sleep(RETRY_SECONDS)
        except sqlite3.Error as error:
            logger.error("unverified deliveries cannot be released: %s", type(error).__name__)
            return
        else:
            return


def run_release(settings: CoreSettings, source: str | None = None) -> list[ReleaseResult]:
    """Run `release` for one source or all; returns the result of each source that had any.

    Raises `SettingsError` and `NotConfirmed`.
    """
    known = sources(settings)
    queue = open_unverified_queue(settings)
    if queue is None:
        return []
    counts: Counter[str] = Counter()

    def on_released(name: str, count: int) -> None:
        counts[name] += count

    try:
        asyncio.run(_release_once(settings, queue, known, on_released, source))
        return _released(counts, [total for total in queue.totals() if source in {None, total.source}])
    finally:
        queue.close()


def run_discard(settings: CoreSettings, source: str) -> int:
    """Delete the deliveries of a source that still do not verify; their number. Raises `SettingsError`."""
    known = sources(settings)
    queue = open_unverified_queue(settings)
    after, deleted = 0, 0
    while queue is not None and (page := queue.oldest(after, PAGE, source)):
        after = page[-1].position
        kept = {placed.position for placed, _ in _verified(page, known)}
        gone = [placed.position for placed in page if placed.position not in kept]
        queue.delete(gone)
        deleted += len(gone)
    if queue is not None:
        queue.close()
    return deleted


async def _release_once(
    settings: CoreSettings,
    queue: SqliteQueue,
    known: Mapping[str, VerifiedSource],
    on_released: OnReleased,
    source: str | None,
) -> None:
    publisher = KafkaPublisher(settings.kafka, settings.receiver.confirm_timeout_seconds)
    try:
        await release(queue, known, publisher, on_released, source)
    finally:
        await publisher.close()


def _released(counts: Mapping[str, int], left: Sequence[SourceTotal]) -> list[ReleaseResult]:
    held = {total.source: total.items for total in left}
    return [ReleaseResult(name, counts.get(name, 0), held.get(name, 0)) for name in sorted({*counts, *held})]


def _refused(answers: Sequence[BaseException | None]) -> NotConfirmed | None:
    """First error of Kafka, if any. Raises any other error."""
    first = next((answer for answer in answers if answer is not None), None)
    if first is None or isinstance(first, NotConfirmed):
        return first
    raise first


def _verified(
    page: Sequence[QueuedItem], known: Mapping[str, VerifiedSource]
) -> list[tuple[QueuedItem, DeliveryEnvelope]]:
    """Deliveries of a page that verify now, with their envelopes."""
    tried = ((placed, _again(placed, known.get(placed.item.source))) for placed in page)
    return [(placed, envelope) for placed, envelope in tried if envelope is not None]


def _again(placed: QueuedItem, source: VerifiedSource | None) -> DeliveryEnvelope | None:
    item = placed.item
    if source is None:
        return None
    accepted = accept(source, headers_of_note(item.note), item.body, item.received_at, item.delivery_id)
    return accepted if isinstance(accepted, DeliveryEnvelope) else None
