"""Release of unverified deliveries: verify them again as of their receipt, publish the authentic ones."""

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
"""Maximum number of deliveries in memory at a time."""

RETRY_SECONDS = 5.0

OnReleased = Callable[[str, int], None]
"""Callback with a source and the number of its published deliveries."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ReleaseResult:
    """Numbers of deliveries of one source: published by this release, and still stored."""

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
    """Publish and then delete every stored delivery that now verifies; `known` are the sources by name.

    A crash between the two steps publishes the same delivery id again. Raises `NotConfirmed` when Kafka did
    not confirm all: at once when Kafka does not answer, else after the other deliveries were tried.
    """
    after, refused = 0, None
    while page := await asyncio.to_thread(queue.oldest, after, PAGE, source):
        after = page[-1].position
        verified = await asyncio.to_thread(_verify_page, page, known)
        envelopes = [envelope for _, envelope in verified]
        answers = await asyncio.gather(*map(publisher.publish, envelopes), return_exceptions=True)
        confirmed = [one for one, answer in zip(verified, answers, strict=True) if answer is None]
        await asyncio.to_thread(queue.delete, [placed.position for placed, _ in confirmed])
        for name, count in Counter(envelope.source for _, envelope in confirmed).items():
            on_released(name, count)
        refused = _first_not_confirmed(answers) or refused
        if refused is not None and await publisher.ready() is not None:
            break
    if refused is not None:
        raise refused


async def release_until_done(
    queue: SqliteQueue, known: Mapping[str, VerifiedSource], publisher: Publisher, on_released: OnReleased
) -> None:
    """Run `release` until Kafka confirms all. When the store cannot be read, log the error and return."""
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
    """Run `release` for one source or all. Returns the result of each source that had stored deliveries.

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
        return _release_results(counts, [total for total in queue.totals() if source in {None, total.source}])
    finally:
        queue.close()


def run_discard(settings: CoreSettings, source: str) -> int:
    """Delete a source's deliveries that still do not verify; returns their number. Raises `SettingsError`."""
    known = sources(settings)
    queue = open_unverified_queue(settings)
    after, deleted = 0, 0
    while queue is not None and (page := queue.oldest(after, PAGE, source)):
        after = page[-1].position
        verified = {placed.position for placed, _ in _verify_page(page, known)}
        unverified = [placed.position for placed in page if placed.position not in verified]
        queue.delete(unverified)
        deleted += len(unverified)
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


def _release_results(counts: Mapping[str, int], left: Sequence[SourceTotal]) -> list[ReleaseResult]:
    held = {total.source: total.items for total in left}
    return [ReleaseResult(name, counts.get(name, 0), held.get(name, 0)) for name in sorted({*counts, *held})]


def _first_not_confirmed(answers: Sequence[BaseException | None]) -> NotConfirmed | None:
    """Return the first `NotConfirmed` among the answers, None without an error. Raises any other error."""
    first = next((answer for answer in answers if answer is not None), None)
    if first is None or isinstance(first, NotConfirmed):
        return first
    raise first


def _verify_page(
    page: Sequence[QueuedItem], known: Mapping[str, VerifiedSource]
) -> list[tuple[QueuedItem, DeliveryEnvelope]]:
    """Return `(delivery, envelope)` for each delivery of a page that now verifies."""
    tried = ((placed, _verify_stored(placed, known.get(placed.item.source))) for placed in page)
    return [(placed, envelope) for placed, envelope in tried if envelope is not None]


def _verify_stored(placed: QueuedItem, source: VerifiedSource | None) -> DeliveryEnvelope | None:
    item = placed.item
    if source is None:
        return None
    accepted = accept(source, headers_of_note(item.note), item.body, item.received_at, item.delivery_id)
    return accepted if isinstance(accepted, DeliveryEnvelope) else None
