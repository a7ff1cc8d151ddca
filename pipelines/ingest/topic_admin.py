"""The topic: made with explicit properties, and checked at every start."""

import logging
import time
from collections.abc import Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NoReturn

from confluent_kafka import KafkaError, KafkaException, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._config import ConfigResource
from confluent_kafka.admin._listoffsets import OffsetSpec
from confluent_kafka.admin._topic import TopicDescription
from confluent_kafka.cimpl import NewTopic

from pipelines.errors import TopicMismatch, Unavailable
from receiver.settings import KafkaSettings

DAY_MS = 24 * 60 * 60 * 1000
TIMEOUT_SECONDS = 8.0
POLL_SECONDS = 0.05
# What a broker answers for a moment after a topic was made, or while a partition changes its leader.
PASSING = frozenset(
    {
        KafkaError.LEADER_NOT_AVAILABLE,
        KafkaError.NOT_LEADER_FOR_PARTITION,
        KafkaError.UNKNOWN_TOPIC_OR_PART,
    }
)

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TopicInfo:
    """Topic metadata of the cluster. The id changes when a topic is recreated."""

    topic: str
    topic_id: str
    partitions: int


@dataclass(frozen=True, slots=True)
class Watermarks:
    """The offsets of one partition: the first kept, and the one that the next message will get."""

    low: int
    high: int


def ensure_topic(kafka: KafkaSettings, *, timeout_seconds: float = TIMEOUT_SECONDS) -> TopicInfo:
    """Create the topic when it is missing, then check it against the settings.

    Raises `TopicMismatch` when it has fewer partitions or takes smaller messages than configured, and
    `Unavailable` when the cluster does not answer in about `timeout_seconds` or refuses.
    """
    admin = _admin(kafka, timeout_seconds)
    try:
        found = _describe(admin, kafka.topic, timeout_seconds)
        if found is None:
            _create(admin, kafka, timeout_seconds)
            found = _describe_created(admin, kafka.topic, timeout_seconds)
        _check(kafka, found, _config(admin, kafka.topic, timeout_seconds))
    except (KafkaException, FutureTimeout) as error:
        _unavailable(kafka, error)
    return _info(found)


def topic_info(kafka: KafkaSettings, *, timeout_seconds: float = TIMEOUT_SECONDS) -> TopicInfo | None:
    """The topic as it is, None when there is none. Raises `Unavailable` like `ensure_topic`."""
    try:
        found = _describe(_admin(kafka, timeout_seconds), kafka.topic, timeout_seconds)
    except (KafkaException, FutureTimeout) as error:
        _unavailable(kafka, error)
    return None if found is None else _info(found)


def longest_kept(kafka: KafkaSettings, *, timeout_seconds: float = TIMEOUT_SECONDS) -> timedelta | None:
    """Longest time that the topic keeps a record: its retention, plus the time that a segment is open.

    None where it keeps them forever. Raises `Unavailable` like `ensure_topic`.
    """
    try:
        config = _config(_admin(kafka, timeout_seconds), kafka.topic, timeout_seconds)
    except (KafkaException, FutureTimeout) as error:
        _unavailable(kafka, error)
    retention, segment = int(config["retention.ms"]), int(config["segment.ms"])
    return None if retention < 0 else timedelta(milliseconds=retention + segment)


def watermarks(
    kafka: KafkaSettings, info: TopicInfo, *, timeout_seconds: float = TIMEOUT_SECONDS
) -> Mapping[int, Watermarks]:
    """Low and high watermark by partition, in two requests.

    A partition between two leaders is asked again. Raises `Unavailable` when that lasts longer than
    `timeout_seconds`, and like `ensure_topic`.
    """
    admin = _admin(kafka, timeout_seconds)
    deadline = time.monotonic() + timeout_seconds
    specs: Any = OffsetSpec  # its methods have no types
    while True:
        try:
            low = _offsets(admin, info, specs.earliest(), timeout_seconds)
            high = _offsets(admin, info, specs.latest(), timeout_seconds)
        except (KafkaException, FutureTimeout) as error:
            if not _passes(error) or time.monotonic() >= deadline:
                _unavailable(kafka, error)
            time.sleep(POLL_SECONDS)
        else:
            return {number: Watermarks(low[number], high[number]) for number in sorted(low)}


def _admin(kafka: KafkaSettings, timeout_seconds: float) -> AdminClient:
    config: dict[str, str | int | float | bool] = {
        "socket.connection.setup.timeout.ms": int(timeout_seconds * 1000),
        **kafka.client_config(),
    }
    return AdminClient(config, logger=logging.getLogger("librdkafka"))


def _describe(admin: AdminClient, topic: str, timeout_seconds: float) -> TopicDescription | None:
    answer = admin.describe_topics(TopicCollection([topic]), request_timeout=timeout_seconds)[topic]
    try:
        found: TopicDescription = _wait(answer, timeout_seconds)
    except KafkaException as error:
        if error.args[0].code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
            return None
        raise
    return found


def _describe_created(admin: AdminClient, topic: str, timeout_seconds: float) -> TopicDescription:
    """A broker learns of a new topic a moment after the controller made it."""
    deadline = time.monotonic() + timeout_seconds
    while (found := _describe(admin, topic, timeout_seconds)) is None:
        if time.monotonic() >= deadline:
            raise Unavailable(f"topic {topic} was created and the brokers do not know it yet; start again")
        time.sleep(POLL_SECONDS)
    return found


def _create(admin: AdminClient, kafka: KafkaSettings, timeout_seconds: float) -> None:
    wanted = NewTopic(
        kafka.topic,
        num_partitions=kafka.partitions,
        replication_factor=kafka.replication_factor,
        config={
            "retention.ms": str(kafka.retention_days * DAY_MS),
            "max.message.bytes": str(kafka.max_message_bytes),
            "min.insync.replicas": str(kafka.min_insync_replicas),
            "cleanup.policy": "delete",
        },
    )
    answers = admin.create_topics(
        [wanted], operation_timeout=timeout_seconds, request_timeout=timeout_seconds
    )
    try:
        _wait(answers[kafka.topic], timeout_seconds)
    except KafkaException as error:
        if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:  # another process was faster
            raise
    else:
        logger.info("topic %s created with %d partitions", kafka.topic, kafka.partitions)


def _config(admin: AdminClient, topic: str, timeout_seconds: float) -> Mapping[str, str]:
    resource = ConfigResource(ConfigResource.Type.TOPIC, topic)
    answer = admin.describe_configs([resource], request_timeout=timeout_seconds)[resource]
    return {name: entry.value for name, entry in _wait(answer, timeout_seconds).items()}


def _check(kafka: KafkaSettings, found: TopicDescription, config: Mapping[str, str]) -> None:
    if "compact" in config["cleanup.policy"]:
        raise TopicMismatch(
            f"topic {kafka.topic} is compacted, so Kafka would delete all but the newest deliveries of each "
            "entity, loaded or not; set its cleanup.policy to delete"
        )
    partitions = len(found.partitions)
    if partitions < kafka.partitions:
        raise TopicMismatch(
            f"topic {kafka.topic} has {partitions} partitions and {kafka.partitions} are configured; "
            f"add partitions to it, or set HIRESTREAM_KAFKA__PARTITIONS={partitions}"
        )
    if (largest := int(config["max.message.bytes"])) < kafka.max_message_bytes:
        raise TopicMismatch(
            f"topic {kafka.topic} takes messages of {largest} bytes and {kafka.max_message_bytes} are "
            f"configured; raise its max.message.bytes, or set HIRESTREAM_KAFKA__MAX_MESSAGE_BYTES={largest}"
        )
    if -1 < int(config["retention.ms"]) < kafka.retention_days * DAY_MS:
        logger.warning("topic %s keeps messages for less than the configured days", kafka.topic)
    if int(config["min.insync.replicas"]) < kafka.min_insync_replicas:
        logger.warning("topic %s confirms with fewer replicas than configured", kafka.topic)
    if kafka.bootstrap_servers and min(len(part.replicas) for part in found.partitions) == 1:
        logger.warning("topic %s has one replica: losing that broker's disk loses events", kafka.topic)


def _offsets(admin: AdminClient, info: TopicInfo, spec: OffsetSpec, timeout_seconds: float) -> dict[int, int]:
    wanted = {TopicPartition(info.topic, number): spec for number in range(info.partitions)}
    answers = admin.list_offsets(wanted, request_timeout=timeout_seconds)
    return {
        partition.partition: int(_wait(answer, timeout_seconds).offset)
        for partition, answer in answers.items()
    }


def _info(found: TopicDescription) -> TopicInfo:
    return TopicInfo(found.name, str(found.topic_id), len(found.partitions))


def _wait(answer: "Future[Any]", timeout_seconds: float) -> Any:
    return answer.result(timeout_seconds + 1)


def _passes(error: KafkaException | FutureTimeout) -> bool:
    return isinstance(error, KafkaException) and error.args[0].code() in PASSING


def _unavailable(kafka: KafkaSettings, error: KafkaException | FutureTimeout) -> NoReturn:
    where = kafka.client_config()["bootstrap.servers"]
    problem = error.args[0].str() if isinstance(error, KafkaException) else "no answer in time"
    raise Unavailable(
        f"Kafka at {where} does not serve topic {kafka.topic} ({problem}); start it, or correct "
        "HIRESTREAM_KAFKA__BOOTSTRAP_SERVERS and HIRESTREAM_KAFKA__CONFIG__*"
    ) from error
