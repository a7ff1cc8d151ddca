"""Probe of a Kafka broker: reads metadata, creates a topic and waits for a confirmed message."""

import logging
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from typing import Any

from confluent_kafka import KafkaException, Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

PROBE_TOPIC = "hirestream.probe"
HOUR_MS = "3600000"

Config = dict[str, str | int | float | bool]

_silent_log = logging.getLogger("hirestream.broker.probe")
_silent_log.addHandler(logging.NullHandler())
_silent_log.propagate = False  # librdkafka logs a line for each refused connection


def confirms_message(bootstrap_servers: str, timeout_seconds: float = 2) -> bool:
    """Return whether the broker confirms a message on the probe topic. `timeout_seconds` limits each step."""
    config: Config = {"bootstrap.servers": bootstrap_servers, "socket.connection.setup.timeout.ms": 1000}
    try:
        _create_topic(AdminClient(config, logger=_silent_log), timeout_seconds)
        return _send_probe(config, timeout_seconds)
    except (KafkaException, FutureTimeout, SystemError):  # SystemError: closing a producer that still waits
        return False


def _create_topic(admin: AdminClient, timeout_seconds: float) -> None:
    if PROBE_TOPIC in admin.list_topics(timeout=timeout_seconds).topics:
        return
    topic = NewTopic(PROBE_TOPIC, 1, 1, config={"retention.ms": HOUR_MS, "segment.ms": HOUR_MS})
    created: Future[Any] = admin.create_topics([topic], operation_timeout=timeout_seconds)[PROBE_TOPIC]
    created.result(timeout_seconds + 1)


def _send_probe(config: Config, timeout_seconds: float) -> bool:
    problems: list[object] = []
    timeout_ms = int(timeout_seconds * 1000)
    producer_config: Config = {**config, "enable.idempotence": True, "message.timeout.ms": timeout_ms}
    # closed here: an error in closing would be lost if the garbage collector closed the producer
    with Producer(producer_config, logger=_silent_log) as producer:
        producer.produce(PROBE_TOPIC, b"", on_delivery=lambda problem, _: problems.append(problem))
        return producer.flush(timeout_seconds + 1) == 0 and problems == [None]
