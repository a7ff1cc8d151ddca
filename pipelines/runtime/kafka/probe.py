"""Return whether a broker works: metadata, a topic, and a message that it confirmed."""

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

_unheard = logging.getLogger("hirestream.broker.probe")
_unheard.addHandler(logging.NullHandler())
_unheard.propagate = False  # librdkafka says a line for each refused connection


def answers(bootstrap_servers: str, timeout_seconds: float = 2) -> bool:
    """Return whether the broker confirms a message on a topic of its own within `timeout_seconds` a step."""
    config: Config = {"bootstrap.servers": bootstrap_servers, "socket.connection.setup.timeout.ms": 1000}
    try:
        _create(AdminClient(config, logger=_unheard), timeout_seconds)
        return _confirmed(config, timeout_seconds)
    except (KafkaException, FutureTimeout, SystemError):  # the last from closing a producer that still waits
        return False


def _create(admin: AdminClient, timeout_seconds: float) -> None:
    if PROBE_TOPIC in admin.list_topics(timeout=timeout_seconds).topics:
        return
    topic = NewTopic(PROBE_TOPIC, 1, 1, config={"retention.ms": HOUR_MS, "segment.ms": HOUR_MS})
    created: Future[Any] = admin.create_topics([topic], operation_timeout=timeout_seconds)[PROBE_TOPIC]
    created.result(timeout_seconds + 1)


def _confirmed(config: Config, timeout_seconds: float) -> bool:
    problems: list[object] = []
    timeout_ms = int(timeout_seconds * 1000)
    own: Config = {**config, "enable.idempotence": True, "message.timeout.ms": timeout_ms}
    # closed here: what goes wrong in closing has nobody to be told when it is left to the garbage collector
    with Producer(own, logger=_unheard) as producer:
        producer.produce(PROBE_TOPIC, b"", on_delivery=lambda problem, _: problems.append(problem))
        return producer.flush(timeout_seconds + 1) == 0 and problems == [None]
