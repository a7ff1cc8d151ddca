"""The commit protocol as a state machine: arrivals, loads, deaths, retries, replays, rebuilds in any order.

The real loader, reloader and lake, without a broker: the topic is a list, read from where the lake says, as
the reader does. The model next to it is a few lines of Python that say what the ledger must hold.
"""

import datetime as dt
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from pipelines.admin.audit import audit
from pipelines.admin.reprocess.rebuild import Rebuilder, rebuilding
from pipelines.admin.reprocess.replay import Replayer, ReplaySelection
from pipelines.decode.decoded_batch import DecodedBatch, decode_batch
from pipelines.errors import TopicMismatch
from pipelines.ingest.consumer import check_positions
from pipelines.ingest.topic_admin import TopicInfo, Watermarks
from pipelines.lake.connection import open_lake
from pipelines.lake.maintenance import maintain
from pipelines.lake.offsets import by_partition, positions
from pipelines.lake.writer_lock import WriterLock
from pipelines.load.accepted_loss import accept_loss
from pipelines.load.loader import ConcurrentLoaderError, Loader
from tests.support.events import BROKEN, queued
from tests.support.faults import Died, DyingAt, refusing
from tests.support.lakes import empty_lake
from tests.support.rows import LOADED_AT, raw_batch

TOPIC = TopicInfo("topic", "topic-id", 1)
KEYS = st.integers(0, 2)
"""Few, so that the same event comes again and again."""


class Protocol(RuleBasedStateMachine):
    """One lake, one topic partition, any number of loaders one after the other."""

    @initialize()
    def an_empty_lake(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.home = Path(self.folder.name)
        self.topic: list[bytes] = []
        self.deliveries: list[str] = []
        self.low = 0
        self.lost: set[int] = set()
        self.ticks = 0
        self.con = empty_lake(self.home)
        self.loader = self.new_loader()

    def new_loader(self) -> Loader:
        start = by_partition(positions(self.con, "topic"), "topic-id")
        return Loader(
            self.con,
            start,
            holder="test",
            organizations={},
            rejects=None,
            clock=self.clock,
            writer_lock=WriterLock(self.home),
        )

    def clock(self) -> dt.datetime:
        self.ticks += 1
        return LOADED_AT + dt.timedelta(seconds=self.ticks)

    def next_batch(self, most: int, *, refuses: bool = False) -> DecodedBatch:
        """What a reader would hand over: from where this loader believes to be."""
        if self.loader.next_offsets.get(0, 0) < self.low:
            self.the_loss_is_accepted()
        start = self.loader.next_offsets.get(0, 0)
        raw = raw_batch(*self.topic[start : start + most], start=start)
        for index in range(len(raw)):
            raw.headers["delivery_id"][index] = self.deliveries[start + index].encode()
        return refusing("CONVERSATION_QUEUED", raw) if refuses else decode_batch(raw)

    @rule(key=KEYS, changed=st.booleans())
    def an_event_arrives(self, key: int, changed: bool) -> None:
        self.arrives(queued(key, candidateId="other") if changed else queued(key))

    @rule()
    def something_broken_arrives(self) -> None:
        self.arrives(BROKEN)

    @rule(which=st.integers(0, 5))
    def a_delivery_is_written_again(self, which: int) -> None:
        """Kafka had not answered in time, so that the spool writes it too."""
        if self.topic:
            at = which % len(self.topic)
            self.arrives(self.topic[at], self.deliveries[at])

    @rule(count=st.integers(1, 10))
    def kafka_deletes_the_oldest(self, count: int) -> None:
        self.low = min(self.low + count, len(self.topic))

    def the_loss_is_accepted(self) -> None:
        """A loader is started, stops before anything, and continues with the operator's consent."""
        stored = by_partition(positions(self.con, "topic"), "topic-id")
        with pytest.raises(TopicMismatch, match="deleted by retention"):
            check_positions(stored, self.marks())
        behind = accept_loss(self.con, TOPIC, stored, self.marks(), holder="test", now=self.clock())
        assert behind == {0: self.low} == by_partition(positions(self.con, "topic"), "topic-id")
        self.lost |= set(range(stored.get(0, 0), self.low))
        self.loader = self.new_loader()

    def marks(self) -> dict[int, Watermarks]:
        return {0: Watermarks(self.low, len(self.topic))}

    def position(self) -> int:
        """Where the lake says that the load continues."""
        return by_partition(positions(self.con, "topic"), "topic-id").get(0, 0)

    def arrives(self, body: bytes, delivery: str | None = None) -> None:
        self.deliveries.append(delivery or f"d-{len(self.topic)}")
        self.topic.append(body)

    def broken(self) -> set[str]:
        """Deliveries that nobody can read, and that Kafka did not lose every time they were written."""
        sent = enumerate(zip(self.deliveries, self.topic, strict=True))
        return {of for at, (of, body) in sent if body == BROKEN and at not in self.lost}

    @rule(most=st.integers(1, 6))
    def it_is_loaded(self, most: int) -> None:
        batch = self.next_batch(most)
        if len(batch.raw):
            self.loader.load(batch)

    @rule(most=st.integers(1, 6))
    def it_is_loaded_with_a_wrong_contract(self, most: int) -> None:
        batch = self.next_batch(most, refuses=True)
        if len(batch.raw):
            self.loader.load(batch)

    @rule(most=st.integers(1, 6), at=st.integers(0, 8), after_commit=st.booleans())
    def the_loader_dies_in_a_load(self, most: int, at: int, after_commit: bool) -> None:
        batch = self.next_batch(most)
        if len(batch.raw):
            dying = DyingAt(self.con, at, after_commit=after_commit)
            self.loader._con = dying  # type: ignore[assignment]
            try:
                self.loader.load(batch)
            except Died:
                dying.bury()
        self.loader = self.new_loader()

    @rule(most=st.integers(1, 6))
    def a_second_loader_is_started(self, most: int) -> None:
        batch, first = self.next_batch(most), self.loader
        if not len(batch.raw):
            return
        self.loader = self.new_loader()
        self.loader.load(self.next_batch(most))
        try:
            first.load(batch)
        except ConcurrentLoaderError:
            return
        raise AssertionError("two loaders have loaded the same records")

    @rule(at=st.none() | st.integers(0, 8), after_commit=st.booleans())
    def quarantine_is_replayed(self, at: int | None, after_commit: bool) -> None:
        self.reload(ReplaySelection("replay"), at, after_commit)

    @rule(at=st.none() | st.integers(0, 8), after_commit=st.booleans())
    def an_event_type_is_rebuilt(self, at: int | None, after_commit: bool) -> None:
        self.reload(ReplaySelection("rebuild", "d.event_type = ?", ["CONVERSATION_QUEUED"]), at, after_commit)

    @rule(at=st.none() | st.integers(0, 60), after_commit=st.booleans())
    def everything_is_rebuilt(self, at: int | None, after_commit: bool) -> None:
        with self.another(at, after_commit) as con, rebuilding(self.home):
            Rebuilder(
                con,
                self.home,
                holder="test",
                organizations={},
                clock=self.clock,
                progress=lambda step, done, total: None,
            ).rebuild()

    @contextmanager
    def another(self, at: int | None, after_commit: bool) -> Iterator[Any]:
        """The connection of another process; it dies where `at` says, or at its first commit."""
        other = open_lake(self.home)
        dying: Any = other if at is None else DyingAt(other, at, after_commit=after_commit)
        try:
            yield dying
        except Died:
            dying.bury()
        finally:
            other.close()

    def reload(self, wanted: ReplaySelection, at: int | None, after_commit: bool = False) -> None:
        """By another process, next to the loader that continues afterwards; it dies where `at` says."""
        with self.another(at, after_commit) as con:
            Replayer(con, WriterLock(self.home), holder="test", organizations={}, clock=self.clock).reload(
                wanted
            )

    @rule()
    def the_lake_is_tidied(self) -> None:
        maintain(self.con, self.home, snapshot_age="INTERVAL 0 SECONDS")

    @invariant()
    def every_record_has_one_outcome_and_every_event_one_row(self) -> None:
        rows = self.con.execute(
            'SELECT "offset", outcome, event_key FROM wh.ledger.deliveries ORDER BY "offset"'
        ).fetchall()
        assert [offset for offset, _, _ in rows] == [
            at for at in range(self.position()) if at not in self.lost
        ]
        assert self.position() <= len(self.topic)
        loaded = sorted(key for _, outcome, key in rows if outcome == "loaded")
        events = self.con.execute("SELECT event_key FROM wh.events.conversation_queued ORDER BY 1").fetchall()
        assert loaded == [key for (key,) in events] == sorted(set(loaded))
        unread = [(self.deliveries[at], outcome) for at, outcome, _ in rows if self.topic[at] == BROKEN]
        kept = [of for of, outcome in unread if outcome == "quarantined"]
        assert sorted(kept) == sorted({of for of, _ in unread})
        assert {outcome for _, outcome in unread} <= {"quarantined", "duplicate"}
        refused = [self.deliveries[at] for at, outcome, _ in rows if outcome == "quarantined"]
        assert len(refused) == len(set(refused))  # of what only a contract refuses too

    @rule()
    def the_audit_finds_what_is_lost_and_nothing_else(self) -> None:
        found = audit(self.con, TOPIC, self.marks)
        assert sum(finding.records for finding in found.findings if finding.accepted) == len(self.lost)
        unaccepted = sum(finding.records for finding in found.findings if not finding.accepted)
        assert unaccepted == max(self.low - self.position(), 0)
        assert found.ok == (self.low <= self.position())
        assert found.totals.waiting == len(self.topic) - max(self.low, self.position())
        if self.lost:  # the topic was restored, and has the last of them again
            back = {0: Watermarks(max(self.lost), len(self.topic))}
            again = audit(self.con, TOPIC, lambda: back).findings
            still = [(finding.problem, finding.records) for finding in again if not finding.accepted]
            assert still == [("accepted as lost, and still on the topic", 1)]

    def one_is_lost_and_two_are_written_twice(self) -> None:
        """What random steps seldom reach, at the end of every run; all before it is loaded."""
        self.arrives(queued(0))
        self.kafka_deletes_the_oldest(len(self.topic))
        for name, body in (("broken", BROKEN), ("refused", queued(3))):
            self.arrives(body, name)
            self.arrives(body, name)
        self.it_is_loaded_with_a_wrong_contract(10_000)
        self.every_record_has_one_outcome_and_every_event_one_row()

    def teardown(self) -> None:
        """At the end everything can be loaded and taken out of quarantine but what is broken."""
        if not hasattr(self, "con"):
            return
        self.loader = self.new_loader()
        self.it_is_loaded(10_000)
        self.the_audit_finds_what_is_lost_and_nothing_else()
        self.one_is_lost_and_two_are_written_twice()
        self.reload(ReplaySelection("replay"), None)
        counts = dict(
            self.con.execute("SELECT outcome, count(*) FROM wh.ledger.deliveries GROUP BY ALL").fetchall()
        )
        kept = [body for at, body in enumerate(self.topic) if at not in self.lost]
        good = [body for body in kept if body != BROKEN]
        distinct = {body.replace(b', "candidateId": "other"', b"") for body in good}
        assert counts.get("loaded", 0) == len(distinct)
        assert counts.get("quarantined", 0) == len(self.broken())
        assert counts.get("duplicate", 0) == len(kept) - len(distinct) - len(self.broken())
        self.the_audit_finds_what_is_lost_and_nothing_else()
        self.con.close()
        self.folder.cleanup()


EXAMPLES = int(os.environ.get("PROTOCOL_EXAMPLES", "4"))
"""`make chaos` asks for more."""

Protocol.TestCase.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=15,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # shrinking would take many lakes
    suppress_health_check=list(HealthCheck),
)
test_any_interleaving = Protocol.TestCase
