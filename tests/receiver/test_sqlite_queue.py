"""The durable queue: oldest first, within its bounds, for several processes, and there after a kill."""

import asyncio
import signal
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from receiver.spool.group_commit import GroupCommit, Overloaded
from receiver.spool.sqlite_queue import ITEM_BYTES, QueueItem, QueueLimits, SourceTotal, SqliteQueue, count

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
WIDE = QueueLimits(max_bytes=10**9, max_items=10**6)


def item(number: int, source: str = "popp", body: bytes = b"body", note: bytes = b"note") -> QueueItem:
    return QueueItem(f"id-{number}", source, NOW + timedelta(seconds=number), body, note)


def test_what_is_appended_is_read_oldest_first_and_deleted_by_position(tmp_path: Path) -> None:
    queue = SqliteQueue(tmp_path / "queue.sqlite")
    items = [item(number, body=bytes([number]) * number) for number in range(5)]
    assert queue.append(items, WIDE) == [True] * 5
    placed = queue.oldest(0, 3)
    assert [one.item for one in placed] == items[:3]
    assert [one.item for one in queue.oldest(placed[-1].position, 10)] == items[3:]
    queue.delete([placed[0].position, placed[0].position, 10**6])
    assert [one.item for one in queue.oldest(0, 10)] == items[1:]


def test_a_position_is_never_given_twice(tmp_path: Path) -> None:
    queue = SqliteQueue(tmp_path / "queue.sqlite")
    queue.append([item(1)], WIDE)
    first = queue.oldest(0, 1)[0].position
    queue.delete([first])
    queue.append([item(2)], WIDE)
    assert queue.oldest(0, 1)[0].position > first


def test_sources_are_counted_and_read_apart(tmp_path: Path) -> None:
    queue = SqliteQueue(tmp_path / "queue.sqlite")
    queue.append([item(3), item(4, "orufy"), item(5)], WIDE)
    size = len(b"bodynote") + ITEM_BYTES
    assert queue.totals() == [
        SourceTotal("orufy", 1, size, NOW + timedelta(seconds=4)),
        SourceTotal("popp", 2, 2 * size, NOW + timedelta(seconds=3)),
    ]
    assert [one.item.delivery_id for one in queue.oldest(0, 9, "popp")] == ["id-3", "id-5"]
    queue.delete([one.position for one in queue.oldest(0, 9, "popp")])
    assert [total.source for total in queue.totals()] == ["orufy"]


@settings(max_examples=30, deadline=None)  # each append waits for the disk
@given(
    st.lists(st.integers(0, 300), max_size=12),
    st.integers(1, 3000),
    st.integers(1, 8),
    st.lists(st.integers(0, 12), max_size=5),
)
def test_it_never_holds_more_than_its_bounds_and_never_gives_one_up(
    sizes: list[int], max_bytes: int, max_items: int, deleted: list[int]
) -> None:
    with TemporaryDirectory() as folder:
        check_bounds(
            SqliteQueue(Path(folder) / "queue.sqlite"), QueueLimits(max_bytes, max_items), sizes, deleted
        )


def check_bounds(queue: SqliteQueue, bounds: QueueLimits, sizes: list[int], deleted: list[int]) -> None:
    kept: list[QueueItem] = []
    for number, size in enumerate(sizes):
        one = item(number, body=b"x" * size)
        if queue.append([one], bounds)[0]:
            kept.append(one)
        if number in deleted and kept:
            queue.delete([queue.oldest(0, 1)[0].position])
            kept.pop(0)
        assert [placed.item for placed in queue.oldest(0, 99)] == kept
        total = sum(one.size_bytes for one in kept)
        assert len(kept) <= bounds.max_items
        assert total <= bounds.max_bytes
        assert sum(known.size_bytes for known in queue.totals()) == total


def test_one_that_does_not_fit_leaves_room_for_a_smaller_one(tmp_path: Path) -> None:
    queue = SqliteQueue(tmp_path / "queue.sqlite")
    bounds = QueueLimits(max_bytes=2 * ITEM_BYTES + 50, max_items=10)
    assert queue.append([item(1), item(2, body=b"x" * 100), item(3)], bounds) == [True, False, True]


def test_two_that_use_one_file_see_each_other(tmp_path: Path) -> None:
    one, other = SqliteQueue(tmp_path / "queue.sqlite"), SqliteQueue(tmp_path / "queue.sqlite")
    bounds = QueueLimits(max_bytes=10**6, max_items=2)
    assert one.append([item(1)], bounds) == [True]
    assert other.append([item(2), item(3)], bounds) == [True, False]
    one.delete([other.oldest(0, 1)[0].position])
    assert other.append([item(3)], bounds) == [True]
    assert [placed.item.delivery_id for placed in one.oldest(0, 9)] == ["id-2", "id-3"]


def test_only_its_owner_can_read_it(tmp_path: Path) -> None:
    queue = SqliteQueue(tmp_path / "queue.sqlite")
    queue.append([item(1)], WIDE)
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}


def test_a_deleted_body_is_no_longer_in_the_file(tmp_path: Path) -> None:
    queue = SqliteQueue(tmp_path / "queue.sqlite")
    queue.append([item(1, body=b"ana@example.test" * 100)], WIDE)
    queue.delete([1])
    queue.close()
    assert all(b"ana@example" not in path.read_bytes() for path in tmp_path.iterdir())


def test_what_was_appended_is_there_after_a_kill(tmp_path: Path) -> None:
    program = (
        "import os, sys\nfrom datetime import UTC, datetime\nfrom pathlib import Path\n"
        "from receiver.spool.sqlite_queue import QueueLimits, QueueItem, SqliteQueue\n"
        "queue = SqliteQueue(Path(sys.argv[1]))\n"
        "for n in range(20):\n"
        "    queue.append([QueueItem(str(n), 's', datetime.now(UTC), b'x' * 5000)], QueueLimits(10**9, 99))\n"
        f"os.kill(os.getpid(), {signal.SIGKILL:d})\n"
    )
    path = tmp_path / "queue.sqlite"
    done = subprocess.run([sys.executable, "-c", program, str(path)], check=False, timeout=60)
    assert done.returncode == -signal.SIGKILL
    queue = SqliteQueue(path)
    assert [one.item.delivery_id for one in queue.oldest(0, 99)] == [str(n) for n in range(20)]
    assert queue.totals()[0].items == 20


def test_a_file_that_is_no_queue_is_an_error_and_untouched(tmp_path: Path) -> None:
    path = tmp_path / "queue.sqlite"
    path.write_bytes(b"something else entirely, and long enough to look at" * 100)
    before = path.read_bytes()
    with pytest.raises(sqlite3.DatabaseError):
        SqliteQueue(path)
    assert path.read_bytes() == before


def test_many_appends_at_once_are_few_transactions_and_all_durable(tmp_path: Path) -> None:
    async def scenario() -> list[bool]:
        queue = SqliteQueue(tmp_path / "queue.sqlite")
        appender = GroupCommit(queue, QueueLimits(10**9, 150), max_waiting=1000)
        taken = await asyncio.gather(*(appender.append(item(number)) for number in range(200)))
        await appender.close()
        queue.close()
        return taken

    assert asyncio.run(scenario()) == [True] * 150 + [False] * 50
    assert [one.item for one in SqliteQueue(tmp_path / "queue.sqlite").oldest(0, 999)] == [
        item(number) for number in range(150)
    ]


def test_more_than_may_wait_is_turned_away_at_once(tmp_path: Path) -> None:
    async def scenario() -> list[bool | BaseException]:
        appender = GroupCommit(SqliteQueue(tmp_path / "queue.sqlite"), WIDE, max_waiting=3)
        asked = (appender.append(item(number)) for number in range(5))
        answers = await asyncio.gather(*asked, return_exceptions=True)
        await appender.close()
        return answers

    answers = asyncio.run(scenario())
    assert answers[:3] == [True] * 3
    assert all(isinstance(answer, Overloaded) for answer in answers[3:])


def test_more_bytes_than_may_wait_are_turned_away_at_once(tmp_path: Path) -> None:
    async def scenario() -> list[bool | BaseException]:
        appender = GroupCommit(SqliteQueue(tmp_path / "queue.sqlite"), WIDE, 99, max_waiting_bytes=3_000)
        asked = (appender.append(item(number, body=b"x" * 1_000)) for number in range(4))
        answers = await asyncio.gather(*asked, return_exceptions=True)
        assert await appender.append(item(9)) is True
        await appender.close()
        return answers

    answers = asyncio.run(scenario())
    assert answers[:2] == [True] * 2
    assert all(isinstance(answer, Overloaded) for answer in answers[2:])


def test_a_page_ends_at_its_bytes_and_has_one_item_at_least(tmp_path: Path) -> None:
    queue = SqliteQueue(tmp_path / "queue.sqlite")
    queue.append([item(number, body=b"x" * 1_000) for number in range(5)], WIDE)
    assert len(queue.oldest(0, 9, max_bytes=2_500)) == 2
    assert len(queue.oldest(0, 9, max_bytes=1)) == 1


def test_a_probe_is_written_to_the_disk_and_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "queue.sqlite"
    queue, other = SqliteQueue(path), SqliteQueue(path)
    queue.append([item(1), item(2)], WIDE)
    queue.delete([1])
    before = content(path)
    for size_bytes in (1_000, 200_000):
        written = Path(f"{path}-wal").stat().st_size
        queue.probe(size_bytes)
        assert Path(f"{path}-wal").stat().st_size - written >= size_bytes
    assert content(path) == before
    assert other.append([item(3)], WIDE) == [True]
    assert [placed.position for placed in queue.oldest(0, 9)] == [2, 3]
    assert queue.stats().adds_up
    queue.check()


def test_a_probe_of_a_full_disk_is_an_error_and_what_is_there_stays(tmp_path: Path) -> None:
    queue = SqliteQueue(tmp_path / "queue.sqlite")
    queue.append([item(1)], WIDE)
    before = content(tmp_path / "queue.sqlite")
    queue._con.execute("PRAGMA max_page_count = 1")  # as many as there are
    with pytest.raises(sqlite3.OperationalError, match="full"):
        queue.probe(100_000)
    assert content(tmp_path / "queue.sqlite") == before
    assert [placed.item for placed in queue.oldest(0, 9)] == [item(1)]


def content(path: Path) -> list[str]:
    """Every table, trigger and row, as another process sees them."""
    con = sqlite3.connect(path)
    try:
        return list(con.iterdump())
    finally:
        con.close()


def test_what_an_empty_queue_took_is_given_back(tmp_path: Path) -> None:
    path = tmp_path / "queue.sqlite"
    queue = SqliteQueue(path)
    queue.append([item(number, body=b"x" * 100_000) for number in range(60)], WIDE)
    queue.delete(placed.position for placed in queue.oldest(0, 99))
    assert path.stat().st_size > 4_000_000
    queue.shrink()
    assert sum(one.stat().st_size for one in tmp_path.iterdir()) < 200_000
    queue.append([item(99)], WIDE)
    counted = queue.stats()
    assert (counted.appended, counted.deleted, counted.waiting, counted.adds_up) == (61, 60, 1, True)


OPERATIONS = st.lists(
    st.tuples(st.sampled_from(["append", "drain", "full", "probe", "crash"]), st.integers(1, 5)), max_size=12
)


@settings(max_examples=40, deadline=None)
@given(OPERATIONS, st.floats(0, 1), st.booleans())
def test_after_any_crash_what_came_in_is_drained_or_there(
    operations: list[tuple[str, int]], kept_share: float, whole: bool
) -> None:
    """The files as a crash leaves them, the log cut anywhere: a state that was, the last if it is whole."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "queue.sqlite"
        queue = SqliteQueue(path)
        states: list[tuple[int, int, tuple[int, ...]]] = [(0, 0, ())]
        for name, number in operations:
            queue = operate(queue, path, name, number)
            states.append(seen(queue))
            assert queue.stats().adds_up
        torn = Path(folder) / "torn.sqlite"
        torn.write_bytes(path.read_bytes())
        log = Path(f"{path}-wal").read_bytes()
        Path(f"{torn}-wal").write_bytes(log if whole else log[: int(len(log) * kept_share)])
        left = SqliteQueue(torn)
        left.check()
        assert left.stats().adds_up
        assert seen(left) in states
        assert not whole or seen(left) == states[-1]


def operate(queue: SqliteQueue, path: Path, name: str, number: int) -> SqliteQueue:
    """One operation; a crash ends the process's own view in the middle of a transaction."""
    if name == "append":
        queue.append([item(one) for one in range(number)], WIDE)
    elif name == "full":
        queue.append([item(one) for one in range(number)], QueueLimits(10**9, 2))
    elif name == "probe":
        queue.probe(number * 1_000)
    elif name == "drain":
        queue.delete([placed.position for placed in queue.oldest(0, number)] + [10**6])
    else:
        queue._con.execute("BEGIN IMMEDIATE")
        queue._con.execute("DELETE FROM items")
        queue._con.close()
        return SqliteQueue(path)
    return queue


def seen(queue: SqliteQueue) -> tuple[int, int, tuple[int, ...]]:
    counted = queue.stats()
    positions = tuple(placed.position for placed in queue.oldest(0, 999))
    return counted.appended, counted.deleted, positions


def test_an_item_that_was_taken_out_by_hand_shows(tmp_path: Path) -> None:
    path = tmp_path / "queue.sqlite"
    SqliteQueue(path).append([item(1), item(2)], WIDE)
    assert count(path).adds_up
    with sqlite3.connect(path) as con:
        con.execute("DELETE FROM items WHERE position = 1")
    found = count(path)
    assert (found.appended, found.deleted, found.waiting, found.adds_up) == (2, 0, 1, False)


def test_a_damaged_page_is_found(tmp_path: Path) -> None:
    path = tmp_path / "queue.sqlite"
    queue = SqliteQueue(path)
    queue.append([item(number, body=b"x" * 3_000) for number in range(50)], WIDE)
    queue.close()
    content = bytearray(path.read_bytes())
    content[40_960:49_152] = b"\xff" * 8_192
    path.write_bytes(content)
    with pytest.raises(sqlite3.DatabaseError):
        SqliteQueue(path).check()


def test_a_disk_that_fails_is_told_to_each_that_waits(tmp_path: Path) -> None:
    async def scenario() -> list[bool | BaseException]:
        queue = SqliteQueue(tmp_path / "queue.sqlite")
        appender = GroupCommit(queue, WIDE, max_waiting=9)
        queue.close()
        asked = (appender.append(item(number)) for number in range(3))
        answers = await asyncio.gather(*asked, return_exceptions=True)
        await appender.close()
        return answers

    assert all(isinstance(answer, sqlite3.Error) for answer in asyncio.run(scenario()))
