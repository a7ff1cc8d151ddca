"""When deliveries go to Kafka and when to the spool, and what brings the one back after the other."""

import asyncio
import errno
import sqlite3
import threading
import time
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from receiver.failover import Failover, wait_seconds
from receiver.kafka.circuit_breaker import CircuitBreaker
from receiver.rejections import NOT_CONFIRMED, SPOOL_FAILING
from receiver.settings import CoreSettings, SpoolSettings
from receiver.spool.dead_letters import totals
from receiver.spool.drainer import PAUSE_SECONDS, Drainer, Prepare
from receiver.spool.envelope_codec import to_item
from receiver.spool.spool import RETRY_AFTER_SECONDS, Spool, open_spool, spool_path
from receiver.spool.sqlite_queue import QueuedItem, QueueLimits, SqliteQueue
from receiver.spool.waiting_marker import WaitingMarker
from tests.support.envelopes import envelope
from tests.support.publishers import SlowPublisher

IN_TIME_SECONDS = 0.2


def run(steps: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(steps, 30))


def opened(home: Path, **values: Any) -> Spool:
    spool = open_spool(CoreSettings(home=home, spool=SpoolSettings(**values)))
    assert spool is not None
    return spool


@asynccontextmanager
async def draining(
    spool: Spool,
    circuit: CircuitBreaker,
    front: SlowPublisher,
    behind: SlowPublisher,
    prepare: Prepare | None = None,
) -> AsyncIterator[None]:
    drain = Drainer(
        spool=spool,
        circuit=circuit,
        front=front,
        make_publisher=lambda: behind,
        in_time_seconds=IN_TIME_SECONDS,
        prepare=prepare,
    )
    drain.start()
    try:
        yield
    finally:
        await drain.stop(5)
        await spool.close()


async def until(condition: Any) -> None:
    while not condition():
        await asyncio.sleep(0.01)


def test_after_the_first_that_is_not_confirmed_none_is_produced(tmp_path: Path) -> None:
    async def steps() -> None:
        front, circuit, spool = SlowPublisher(away=True), CircuitBreaker(), opened(tmp_path)
        failover = Failover(front, spool, circuit)
        assert [await failover.keep(envelope(number)) for number in range(5)] == ["spooled"] * 5
        assert front.tried == ["id-0"]
        assert circuit.reason == "away"
        await spool.close()

    run(steps())


def test_what_waits_is_marked_until_nothing_does(tmp_path: Path) -> None:
    async def steps() -> None:
        marker, spool, other = WaitingMarker(tmp_path), opened(tmp_path), opened(tmp_path)
        assert await spool.keep(envelope(0)) is None
        assert marker.read_appended() == 1
        (placed,) = await other.page(0)
        await other.delete_confirmed([placed.position])  # by another receiver, of the same home
        assert marker.read_appended() == 0
        assert await spool.keep(envelope(1)) is None
        assert marker.read_appended() == 2
        marker.remove(lambda: totals(spool_path(CoreSettings(home=tmp_path))))  # too late: one came in
        assert marker.read_appended() == 2
        await spool.close()
        await other.close()

    run(steps())


def test_a_marker_that_cannot_be_written_keeps_nothing_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(target: Path, content: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    async def steps() -> None:
        spool = opened(tmp_path)
        with monkeypatch.context() as patch:
            patch.setattr("receiver.spool.waiting_marker.atomic_write", full)
            assert [await spool.keep(envelope(number)) for number in range(3)] == [None] * 3
            await spool.close()
            spool = opened(tmp_path)
            assert spool.trouble is None
        assert await spool.keep(envelope(3)) is None
        assert WaitingMarker(tmp_path).read_appended() == 4
        await spool.close()

    run(steps())
    assert caplog.text.count("nobody would see that its file was deleted") == 2


def test_kafka_back_drains_in_order_and_takes_deliveries_again(tmp_path: Path) -> None:
    async def steps() -> None:
        front, behind = SlowPublisher(away=True), SlowPublisher(away=True)
        circuit, spool = CircuitBreaker(), opened(tmp_path)
        failover = Failover(front, spool, circuit)
        async with draining(spool, circuit, front, behind):
            for number in range(5):
                await failover.keep(envelope(number))
            await asyncio.sleep(0.7)
            assert behind.tried == []  # a Kafka that does not answer is not produced to
            front.away = behind.away = False
            await until(lambda: circuit.reason is None and not spool.waiting)
            assert behind.confirmed == [f"id-{number}" for number in range(5)]
            assert await failover.keep(envelope(9)) == "accepted"

    run(steps())


def test_a_kafka_too_slow_for_senders_still_drains_and_stays_out_of_their_way(tmp_path: Path) -> None:
    async def steps() -> None:
        front, behind = SlowPublisher(away=True), SlowPublisher(2 * IN_TIME_SECONDS)
        circuit, spool = CircuitBreaker(), opened(tmp_path)
        failover = Failover(front, spool, circuit)
        assert await failover.keep(envelope(0)) == "spooled"
        front.away = False
        async with draining(spool, circuit, front, behind):
            await until(lambda: behind.confirmed == ["id-0"] and not spool.waiting)
            await asyncio.sleep(0.2)
            assert circuit.reason is not None
            assert await failover.keep(envelope(1)) == "spooled"
            behind.seconds = 0
            await until(lambda: circuit.reason is None)
            assert front.tried == ["id-0"]

    run(steps())


def test_with_nothing_to_drain_deliveries_try_again_themselves(tmp_path: Path) -> None:
    async def steps() -> None:
        front = SlowPublisher(away=True)
        circuit, spool = CircuitBreaker(), opened(tmp_path, max_bytes=1)
        failover = Failover(front, spool, circuit)
        async with draining(spool, circuit, front, SlowPublisher()):
            refused = await failover.keep(envelope(0))
            assert not isinstance(refused, str)
            assert (refused.code, refused.retryable) == ("spool_full", True)
            front.away = False
            await until(lambda: circuit.reason is None)
            assert await failover.keep(envelope(1)) == "accepted"

    run(steps())


def test_a_file_damaged_while_it_runs_takes_nothing_more_and_kafka_goes_on(tmp_path: Path) -> None:
    async def steps() -> None:
        front, behind, circuit = SlowPublisher(away=True), SlowPublisher(), CircuitBreaker()
        fill(tmp_path / "spool.sqlite", 4_000)
        spool = opened(tmp_path)
        failover = Failover(front, spool, circuit)
        damage(tmp_path / "spool.sqlite")
        async with draining(spool, circuit, front, behind):
            await until(lambda: spool.trouble == "failing")
            refused = await failover.keep(envelope(0))
            assert not isinstance(refused, str)
            assert (refused.code, refused.retryable) == ("spool_failing", True)
            front.away = False
            await until(lambda: circuit.reason is None)
            assert await failover.keep(envelope(1)) == "accepted"
            assert spool.trouble == "failing"

    run(steps())


def fill(path: Path, count: int) -> None:
    queue = SqliteQueue(path)
    items = [to_item(envelope(number, body=b"x" * 1_000)) for number in range(count)]
    assert all(queue.append(items, QueueLimits(10**9, 10**6)))
    queue.close()


def damage(path: Path) -> None:
    """Pages in the middle, which nobody has read yet."""
    content = bytearray(path.read_bytes())
    half = len(content) // 2 // 4096 * 4096
    content[half : half + 40 * 4096] = b"\xff" * (40 * 4096)
    with path.open("r+b") as file:
        file.write(content)


def test_what_comes_in_while_the_last_goes_out_is_drained_too(tmp_path: Path) -> None:
    async def steps() -> None:
        behind, spool = SlowPublisher(), opened(tmp_path)
        async with draining(spool, CircuitBreaker("away"), SlowPublisher(away=True), behind):
            for number in range(150):
                assert await spool.keep(envelope(number)) is None
                await asyncio.sleep(number % 7 / 2_000)
            await until(lambda: not spool.waiting)
            assert behind.confirmed == [f"id-{number}" for number in range(150)]
            found = await spool.stats()
            assert found is not None
            assert (found.appended, found.deleted, found.waiting) == (150, 150, 0)

    run(steps())


def test_one_that_comes_in_behind_a_look_at_an_empty_spool_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def steps() -> None:
        spool, looked, go_on = opened(tmp_path), threading.Event(), threading.Event()
        oldest = SqliteQueue.oldest

        def late(*arguments: Any) -> list[QueuedItem]:
            found = oldest(*arguments)
            looked.set()
            go_on.wait(10)
            return found

        monkeypatch.setattr(SqliteQueue, "oldest", late)
        look = asyncio.create_task(spool.look())
        await asyncio.to_thread(looked.wait)
        assert await spool.keep(envelope(0)) is None
        go_on.set()
        await look
        assert spool.waiting
        await spool.close()

    run(steps())


def test_a_topic_that_is_not_fit_is_not_used_until_it_is(tmp_path: Path) -> None:
    async def steps() -> None:
        front, behind = SlowPublisher(), SlowPublisher()
        circuit, spool = CircuitBreaker("not looked at yet"), opened(tmp_path)
        problems = ["the topic has too few partitions", None]
        failover = Failover(front, spool, circuit)
        fit = threading.Event()
        async with draining(spool, circuit, front, behind, lambda: problems[fit.is_set()]):
            await until(lambda: circuit.reason == problems[0])
            assert await failover.keep(envelope(0)) == "spooled"
            assert (front.tried, behind.tried) == ([], [])
            fit.set()
            await until(lambda: circuit.reason is None)
            assert behind.confirmed == ["id-0"]
            assert await failover.keep(envelope(1)) == "accepted"

    run(steps())


def test_a_full_disk_is_tried_once_a_second_also_before_the_topic_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[float] = []
    probe = SqliteQueue.probe

    def counting(queue: SqliteQueue, size_bytes: int) -> None:
        tried.append(time.monotonic())
        probe(queue, size_bytes)

    async def steps() -> None:
        spool, circuit = opened(tmp_path), CircuitBreaker("no Kafka")
        limit_pages(spool, 1)  # as many as there are
        failover = Failover(SlowPublisher(), spool, circuit)
        assert await failover.keep(envelope(0, body=b"x" * 100_000)) == SPOOL_FAILING
        async with draining(spool, circuit, SlowPublisher(), SlowPublisher(), lambda: "no Kafka"):
            await asyncio.sleep(3.6 * RETRY_AFTER_SECONDS)
            assert spool.trouble == "failing"
            limit_pages(spool, 10**6)
            await until(lambda: spool.trouble is None)
            assert await failover.keep(envelope(1)) == "spooled"
            found = await spool.stats()
            assert found is not None
            assert (found.appended, found.waiting) == (1, 1)

    monkeypatch.setattr(SqliteQueue, "probe", counting)
    run(steps())
    assert len(tried) > 2
    assert all(later - earlier >= RETRY_AFTER_SECONDS for earlier, later in pairwise(tried))


def test_a_disk_that_lets_go_of_nothing_is_no_reason_to_publish_it_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(queue: SqliteQueue, positions: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    async def steps() -> None:
        behind, circuit, spool = SlowPublisher(), CircuitBreaker("away"), opened(tmp_path)
        failover = Failover(SlowPublisher(away=True), spool, circuit)
        for number in range(3):
            assert await failover.keep(envelope(number)) == "spooled"
        with monkeypatch.context() as patch:
            patch.setattr(SqliteQueue, "delete", full)
            async with draining(spool, circuit, SlowPublisher(), behind):
                await until(lambda: circuit.reason is None)  # senders do not wait for the disk
                await asyncio.sleep(4 * PAUSE_SECONDS)
                assert spool.waiting
                assert len(behind.confirmed) == 3
                patch.undo()
                await until(lambda: not spool.waiting)
        assert len(behind.confirmed) == 3

    run(steps())


def test_a_disk_that_takes_the_largest_body_lets_go_of_what_kafka_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room, delete = 1_100_000, SqliteQueue.delete

    def nearly_full(queue: SqliteQueue, positions: Sequence[int]) -> None:
        if sum(placed.item.size_bytes for placed in queue.oldest(0, len(positions))) > room:
            raise sqlite3.OperationalError("database or disk is full")
        delete(queue, positions)

    async def steps() -> None:
        behind, circuit, spool = SlowPublisher(), CircuitBreaker("away"), opened(tmp_path)
        failover = Failover(SlowPublisher(away=True), spool, circuit)
        for number in range(4):
            assert await failover.keep(envelope(number, body=b"x" * 900_000)) == "spooled"
        monkeypatch.setattr(SqliteQueue, "delete", nearly_full)
        async with draining(spool, circuit, SlowPublisher(away=True), behind):
            await until(lambda: not spool.waiting)
        assert spool.trouble is None
        assert len(behind.confirmed) == 4

    run(steps())


def limit_pages(spool: Spool, most: int) -> None:
    """SQLite itself finds the disk full when its file would have more pages."""
    with spool._queue._lock:
        spool._queue._con.execute(f"PRAGMA max_page_count = {most}")


def test_switched_off_each_delivery_asks_kafka(tmp_path: Path) -> None:
    async def steps() -> None:
        front, circuit = SlowPublisher(away=True), CircuitBreaker()
        failover = Failover(front, None, circuit)
        assert [await failover.keep(envelope(number)) for number in range(2)] == [NOT_CONFIRMED] * 2
        assert front.tried == ["id-0", "id-1"]
        assert circuit.reason is None

    run(steps())


def test_the_wait_is_short_only_with_a_spool_behind_it() -> None:
    receiver = {"confirm_timeout_seconds": 5}
    assert wait_seconds(CoreSettings(receiver=receiver)) == 2
    assert wait_seconds(CoreSettings(receiver=receiver, spool={"wait_seconds": 9})) == 5
    assert wait_seconds(CoreSettings(receiver=receiver, spool={"enabled": False})) == 5
