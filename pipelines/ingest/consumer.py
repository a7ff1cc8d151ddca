"""Reads the topic from where the lake says, and never from where a consumer group says."""

import logging
import time
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Self

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Message, TopicPartition

from pipelines.errors import TopicMismatch, Unavailable
from pipelines.ingest.raw_batch import RawBatch
from pipelines.ingest.topic_admin import TopicInfo, Watermarks, topic_info
from receiver.settings import KafkaSettings

log = logging.getLogger(__name__)

TOPIC_CHECK_SECONDS = 10.0
"""Interval of topic checks while nothing arrives."""
LOOK_TIMEOUT_SECONDS = 3.0

CHUNK_RECORDS = 10_000
"""Messages of the client library in memory at once; as rows of a batch they are a fraction of the size."""
_GROUP = "hirestream-loader"


class TopicReader:
    """Every partition of one topic, assigned by hand. Not safe for use from two threads at once."""

    def __init__(self, kafka: KafkaSettings, topic: TopicInfo, next_offsets: Mapping[int, int]) -> None:
        """Continue at `next_offsets`; a partition that is not in it is read from its beginning."""
        self._kafka = kafka
        self._topic = topic
        self._consumer = Consumer(_config(kafka), logger=logging.getLogger("librdkafka"))
        partitions = range(topic.partitions)
        self._consumer.assign(
            [TopicPartition(topic.topic, p, next_offsets.get(p, OFFSET_BEGINNING)) for p in partitions]
        )
        _say_new(set(partitions) - set(next_offsets))
        self._looked_at = time.monotonic()
        self._unproven: RawBatch | None = None

    def read(self, max_records: int, linger_seconds: float) -> RawBatch:
        """Read the records that arrive within the time, from a backlog at most the given number. May be
        empty.

        Partitions that were added are read from then on. Raises `TopicMismatch` when the broker no longer has
        the next offset or the topic was recreated, `Unavailable` on a broken connection that does not
        heal by itself.
        """
        batch = self._unproven or self._fetch(max_records, linger_seconds)
        if not len(batch) and time.monotonic() - self._looked_at < TOPIC_CHECK_SECONDS:
            return batch
        self._unproven = None if self._is_same_topic() else batch
        return RawBatch(topic=self._topic.topic, topic_id=self._topic.topic_id) if self._unproven else batch

    def _fetch(self, max_records: int, linger_seconds: float) -> RawBatch:
        batch = RawBatch(topic=self._topic.topic, topic_id=self._topic.topic_id)
        deadline = time.monotonic() + linger_seconds
        while len(batch) < max_records:
            asked = min(CHUNK_RECORDS, max_records - len(batch))
            messages = self.consume(asked, max(deadline - time.monotonic(), 0.0))
            batch.extend([message for message in messages if not _is_error(message)])
            if len(messages) < asked:
                break
        batch.ends.update(self._ends(set(batch.partitions)))
        return batch

    def _ends(self, partitions: set[int]) -> Iterator[tuple[int, int]]:
        """The ends that the last answers of the broker named; asks for nothing."""
        for partition in partitions:
            marks = self._consumer.get_watermark_offsets(
                TopicPartition(self._topic.topic, partition), cached=True
            )
            if marks is not None and marks[1] >= 0:
                yield partition, marks[1]

    def _is_same_topic(self) -> bool:
        """Asked after every batch, as messages of another topic would follow silently; False while Kafka is
        away, and the batch waits until it is known."""
        try:
            found = topic_info(self._kafka, timeout_seconds=LOOK_TIMEOUT_SECONDS)
        except Unavailable as error:
            log.warning("waiting for Kafka: %s", error)
            return False
        self._looked_at = time.monotonic()
        if found is None or found.topic_id != self._topic.topic_id:
            raise TopicMismatch(
                f"topic {self._topic.topic} was deleted or recreated while it was read; nothing of it was "
                "loaded since. Start `hirestream stream` again: it says what is lost and how to continue"
            )
        added = range(self._topic.partitions, found.partitions)
        if added:
            self._consumer.incremental_assign(
                [TopicPartition(self._topic.topic, p, OFFSET_BEGINNING) for p in added]
            )
            _say_new(set(added))
            self._topic = found
        return True

    def consume(self, max_records: int, timeout_seconds: float) -> list[Message]:
        """Messages as the client library has them. Raises `Unavailable`."""
        try:
            return self._consumer.consume(max_records, timeout_seconds)
        except KafkaException as error:
            raise Unavailable(
                f"Kafka cannot be read: {error.args[0].str()}; see `hirestream doctor`"
            ) from error

    def close(self) -> None:
        """Leave the broker."""
        self._consumer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _say_new(partitions: set[int]) -> None:
    if partitions:
        log.info("partitions %s are read from their beginning", sorted(partitions))


def check_positions(next_offsets: Mapping[int, int], found: Mapping[int, Watermarks]) -> None:
    """Return whether the load can continue everywhere; a partition never loaded continues at 0.

    Raises `TopicMismatch` naming what is lost.
    """
    for partition, next_offset in sorted((dict.fromkeys(found, 0) | dict(next_offsets)).items()):
        if partition not in found:
            raise TopicMismatch(
                f"partition {partition} was loaded up to offset {next_offset} and is gone from the topic; "
                "point hirestream at the topic it has loaded from, or use a new HIRESTREAM_HOME"
            )
        low, high = found[partition].low, found[partition].high
        if next_offset < low:
            raise TopicMismatch(
                f"partition {partition}: offsets {next_offset} to {low - 1} ({low - next_offset} records) "
                "were deleted by retention before they were loaded; `hirestream stream --accept-loss` goes "
                "on after them, and the audit counts them as lost"
            )
        if next_offset > high:
            raise TopicMismatch(
                f"partition {partition} was loaded up to offset {next_offset} but ends at {high}; the topic "
                "was truncated or restored. Point hirestream at the topic it has loaded from; else see "
                "docs/operations.md#a-truncated-topic"
            )


def _is_error(message: Message) -> bool:
    error = message.error()
    if error is None:
        return False
    if error.code() in {KafkaError.OFFSET_OUT_OF_RANGE, KafkaError._AUTO_OFFSET_RESET}:
        raise TopicMismatch(
            f"partition {message.partition()} no longer has the offset to continue at ({error.str()}); "
            "start `hirestream stream` again: it says what is lost and how to continue"
        )
    if error.fatal():
        raise Unavailable(f"Kafka cannot be read: {error.str()}; see `hirestream doctor`")
    log.warning("reading from Kafka is held up: %s", error.name())
    return True


def _config(kafka: KafkaSettings) -> dict[str, str | int | float | bool]:
    return {
        **kafka.client_config(),
        "group.id": _GROUP,
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "auto.offset.reset": "error",
        "queued.max.messages.kbytes": 32_768,
        "queued.min.messages": 100_000,
        "fetch.message.max.bytes": kafka.max_message_bytes,
        "fetch.wait.max.ms": 100,
    }
