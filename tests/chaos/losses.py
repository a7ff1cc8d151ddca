"""Kafka itself loses records: they are never skipped silently, and the audit counts exactly these.

Each of these ends what the client sends, destroys records that were answered 200 and not loaded, and returns
how many.
"""

import time

from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient

from pipelines.ingest.topic_admin import Watermarks, ensure_topic, topic_info, watermarks
from tests.chaos.world import World, wait_for


def retention_overtakes(world: World) -> int:
    """Records are deleted before they are loaded."""
    waiting = _backlog(world)
    admin, topic = _admin(world), world.settings.kafka.topic
    for answer in admin.delete_records(
        [TopicPartition(topic, partition, marks.high) for partition, marks in _marks(world).items()]
    ).values():
        answer.result(10)
    _refused(world, "deleted by retention before they were loaded")
    return waiting


def topic_recreated(world: World) -> int:
    """The topic is deleted and recreated under the same name."""
    waiting = _backlog(world)
    admin, topic = _admin(world), world.settings.kafka.topic
    admin.delete_topics([topic])[topic].result(10)
    wait_for(lambda: topic_info(world.settings.kafka) is None, 20, "the end of the topic")
    ensure_topic(world.settings.kafka)
    _refused(world, "was recreated")
    return waiting


def _backlog(world: World) -> int:
    """Let records pile up that are not loaded; how many there are."""
    wait_for(lambda: "batch 2:" in world.loader.words(), 180, "the second batch")
    world.loader.stop()
    time.sleep(4)
    world.client.finish()
    return sum(marks.high for marks in _marks(world).values()) - world.loaded()


def _refused(world: World, words: str) -> None:
    """The loader stops before anything and says why; with the operator's consent it continues."""
    stopped = world.run("-m", "pipelines.cli", "stream", "--until-caught-up")
    assert stopped.returncode == 3, stopped.stderr[-2_000:]
    assert words in stopped.stderr, stopped.stderr[-2_000:]
    audited = world.run("-m", "pipelines.cli", "audit")
    assert audited.returncode == 1, "the audit says ok before anybody has accepted the loss"
    went_on = world.run("-m", "tests.chaos.entries", "drain", "--accept-loss")
    assert went_on.returncode == 0, went_on.stderr[-2_000:]


def _marks(world: World) -> dict[int, Watermarks]:
    topic = topic_info(world.settings.kafka)
    assert topic is not None
    return dict(watermarks(world.settings.kafka, topic))


def _admin(world: World) -> AdminClient:
    return AdminClient({"bootstrap.servers": world.broker.bootstrap_servers})
