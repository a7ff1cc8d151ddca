"""The receiver as a person starts it, before Kafka is there, and next to a Kafka that is killed."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pipelines.errors import TopicMismatch
from pipelines.host.preflight import free_port
from pipelines.ingest.topic_admin import ensure_topic, topic_info
from pipelines.ingest.topic_startup import prepare_topic
from pipelines.runtime.kafka.broker import start_broker
from pipelines.settings import Settings
from receiver.spool.drainer import SLOW_SECONDS
from receiver.spool.spool import spool_totals
from tests.support.running import HIRESTREAM_RECEIVER, Receiver, running, wait_for
from tests.support.settings_for import SECRET, SECRET_KID, SettingsFor
from tests.support.topics import headers, messages

BODY = json.dumps({"event": "E", "data": {"organizationId": "o", "recordId": "r"}}).encode()


@contextmanager
def own_broker(settings: Settings) -> Iterator[None]:
    """A Kafka on the data of this home, killed at the end."""
    embedded = settings.kafka.model_copy(update={"bootstrap_servers": None})
    broker = start_broker(settings.model_copy(update={"kafka": embedded}))
    try:
        yield
    finally:
        broker.child.process.kill()
        broker.stop()


def post(receiver: Receiver, count: int) -> list[str]:
    answers = [receiver.post(BODY) for _ in range(count)]
    assert {answer.status for answer in answers} == {200}
    return [str(json.loads(answer.body)["delivery_id"]) for answer in answers]


def test_it_starts_without_kafka_makes_the_topic_later_and_outlives_a_kill_of_kafka(tmp_path: Path) -> None:
    port = free_port()
    settings = Settings(
        home=tmp_path,
        kafka={
            "bootstrap_servers": f"127.0.0.1:{port}",
            "port": port,
            "controller_port": free_port(),
            "partitions": 3,
        },
        receiver={"port": free_port()},
        spool={"wait_seconds": 0.7},
        sources={"popp": {"provider": "popp", "secrets": f"{SECRET_KID}:{SECRET}"}},
    )
    with running(settings, HIRESTREAM_RECEIVER) as receiver:
        ready = receiver.get("/readyz")
        assert (ready.status, json.loads(ready.body)["spool"]) == (200, "spooling")
        ids = post(receiver, 3)
        with own_broker(settings):
            wait_for(lambda: receiver.metric("hirestream_spool_drained_total") == 3, 40)
            late = SLOW_SECONDS + 20  # a broker that confirms late is left alone for a while
            wait_for(lambda: json.loads(receiver.get("/readyz").body)["kafka"] == "answers", late)
            ids += post(receiver, 2)
        ids += post(receiver, 3)
        assert receiver.metric("hirestream_spool_waiting") >= 3
        with own_broker(settings):
            wait_for(lambda: receiver.metric("hirestream_spool_waiting") == 0, 60)
            assert {*ids} == {headers(found)["delivery_id"] for found in messages(settings.kafka)}
        assert receiver.stop() == 0
    found = spool_totals(settings)
    assert found is not None
    assert found.adds_up
    assert found.waiting == 0


def test_kafka_that_is_there_is_prepared_at_once(settings_for: SettingsFor) -> None:
    settings = settings_for(kafka={"partitions": 2})
    assert prepare_topic(settings) is None
    assert topic_info(settings.kafka) is not None


def test_a_topic_that_does_not_fit_stops_the_start(settings_for: SettingsFor) -> None:
    ensure_topic(settings_for(kafka={"partitions": 1}).kafka)
    with pytest.raises(TopicMismatch, match="1 partitions and 4"):
        prepare_topic(settings_for(kafka={"partitions": 4}))


def test_without_kafka_it_starts_and_is_told_what_to_try_again(settings_for: SettingsFor) -> None:
    nowhere = {"bootstrap_servers": f"127.0.0.1:{free_port()}"}
    prepare = prepare_topic(settings_for(kafka=nowhere))
    assert prepare is not None
    assert "does not serve topic" in (prepare() or "")


def test_a_damaged_spool_is_one_line_and_an_exit_code(settings_for: SettingsFor) -> None:
    settings = settings_for(kafka={"partitions": 1})
    settings.home.mkdir(parents=True, exist_ok=True)
    (settings.home / "spool.sqlite").write_bytes(b"not SQLite" * 1000)
    with pytest.raises(AssertionError) as raised, running(settings, HIRESTREAM_RECEIVER):
        pass
    said = [line for line in str(raised.value).splitlines() if "hirestream:" in line]
    assert len(said) == 1
    assert "spool.sqlite cannot be used" in said[0]
