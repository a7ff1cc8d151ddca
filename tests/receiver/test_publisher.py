"""The way to the topic: one behaviour for every publisher, and what is Kafka's own."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest
from confluent_kafka import KafkaError

from pipelines.host.preflight import free_port
from pipelines.runtime.kafka.broker import RunningBroker
from receiver.kafka.publisher import KafkaPublisher, NotConfirmed, Publisher, producer_config
from receiver.settings import KafkaSettings, SettingsError
from tests.support.envelopes import envelope
from tests.support.publishers import NullPublisher
from tests.support.running import frozen
from tests.support.settings_for import SettingsFor
from tests.support.topics import create_topic, headers, messages

CONFIRM_SECONDS = 1.0

Make = Callable[[], Publisher]


@pytest.fixture
def kafka_settings(settings_for: SettingsFor) -> KafkaSettings:
    kafka = settings_for().kafka
    create_topic(kafka)
    return kafka


@pytest.fixture(params=["null", "kafka"])
def make(request: pytest.FixtureRequest) -> Make:
    if request.param == "null":
        return NullPublisher
    kafka: KafkaSettings = request.getfixturevalue("kafka_settings")
    return lambda: KafkaPublisher(kafka, 10)


@asynccontextmanager
async def opened(make: Callable[[], KafkaPublisher]) -> AsyncIterator[KafkaPublisher]:
    publisher = make()
    try:
        yield publisher
    finally:
        await publisher.close()


def run(steps: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(steps, 60))


def test_many_at_once_are_confirmed(make: Make) -> None:
    async def steps() -> None:
        publisher = make()
        await asyncio.gather(*(publisher.publish(envelope(number)) for number in range(500)))
        await publisher.close()

    run(steps())


def test_it_is_ready(make: Make) -> None:
    async def steps() -> None:
        publisher = make()
        assert await asyncio.gather(publisher.ready(), publisher.ready()) == [None, None]  # type: ignore[comparison-overlap]
        await publisher.close()

    run(steps())


def test_closed_it_confirms_nothing(make: Make) -> None:
    async def steps() -> None:
        publisher = make()
        await publisher.publish(envelope())
        await publisher.close()
        await publisher.close()
        with pytest.raises(NotConfirmed):
            await publisher.publish(envelope())

    run(steps())


def test_what_was_confirmed_is_on_the_topic_as_it_was(kafka_settings: KafkaSettings) -> None:
    sent = [
        envelope(0, body=b"\xff\x00", event_type="E", key_id="k1", content_type="application/json"),
        envelope(1, body=b""),
    ]

    async def steps() -> None:
        async with opened(lambda: KafkaPublisher(kafka_settings, 10)) as publisher:
            for one in sent:
                await publisher.publish(one)
            assert publisher.in_flight == 0

    run(steps())
    found = messages(kafka_settings)
    assert [(one.key(), one.value() or b"") for one in found] == [(one.key, one.body) for one in sent]
    assert headers(found[0]) == {
        "delivery_id": "id-0",
        "source": "popp",
        "provider": "popp",
        "received_at": "2026-11-21T12:00:00.000000Z",
        "event_type": "E",
        "key_id": "k1",
        "content_type": "application/json",
        "envelope_version": "1",
    }
    assert "event_type" not in headers(found[1])


def test_a_silent_broker_is_not_confirmed_in_time_and_recovers(
    kafka: RunningBroker, kafka_settings: KafkaSettings
) -> None:
    async def steps() -> None:
        async with opened(lambda: KafkaPublisher(kafka_settings, CONFIRM_SECONDS)) as publisher:
            await _confirmed_soon(publisher)
            with frozen(kafka.pid):
                started = time.monotonic()
                tries = (publisher.publish(envelope(number)) for number in range(1, 50))
                outcomes = await asyncio.gather(*tries, return_exceptions=True)
                took = time.monotonic() - started
                reason = await publisher.ready()
            assert {type(outcome) for outcome in outcomes} == {NotConfirmed}
            assert CONFIRM_SECONDS * 0.9 <= took < CONFIRM_SECONDS + 0.5
            assert reason is not None
            assert "Kafka does not answer" in reason
            await _confirmed_soon(publisher)
            assert publisher.in_flight == 0

    run(steps())


def test_memory_is_bounded_while_there_is_no_broker() -> None:
    kafka = KafkaSettings(
        bootstrap_servers=f"127.0.0.1:{free_port()}",
        config={"queue.buffering.max.messages": "10"},
    )

    async def steps() -> None:
        async with opened(lambda: KafkaPublisher(kafka, CONFIRM_SECONDS)) as publisher:
            tries = (publisher.publish(envelope(number)) for number in range(100))
            outcomes = await asyncio.gather(*tries, return_exceptions=True)
            assert {type(outcome) for outcome in outcomes} == {NotConfirmed}
            assert sum("full" in str(outcome) for outcome in outcomes) == 90
            assert publisher.in_flight <= 10
            await asyncio.sleep(CONFIRM_SECONDS + 1.5)
            assert publisher.in_flight == 0

    run(steps())


def test_a_topic_that_is_not_there_is_named(settings_for: SettingsFor) -> None:
    kafka = settings_for().kafka

    async def steps() -> None:
        async with opened(lambda: KafkaPublisher(kafka, CONFIRM_SECONDS)) as publisher:
            assert kafka.topic in (await publisher.ready() or "")
            with pytest.raises(NotConfirmed):
                await publisher.publish(envelope())

    run(steps())


def test_after_a_fatal_error_a_new_producer_takes_over(
    kafka_settings: KafkaSettings, caplog: pytest.LogCaptureFixture
) -> None:
    async def steps() -> None:
        async with opened(lambda: KafkaPublisher(kafka_settings, CONFIRM_SECONDS)) as publisher:
            await _confirmed_soon(publisher)
            lost = asyncio.create_task(publisher.publish(envelope(1)))
            await asyncio.sleep(0)
            publisher.on_error(KafkaError(KafkaError._FATAL, "made for the test", fatal=True))
            outcome = (await asyncio.gather(lost, return_exceptions=True))[0]
            assert outcome is None or isinstance(outcome, NotConfirmed)
            await _confirmed_soon(publisher)

    run(steps())
    assert "replaced after a fatal error" in caplog.text


def test_a_setting_that_librdkafka_does_not_know_stops_the_start() -> None:
    with pytest.raises(SettingsError, match=r"HIRESTREAM_KAFKA__CONFIG.*no\.such"):
        KafkaPublisher(KafkaSettings(config={"no.such": "1"}), 1)


def test_the_user_can_tune_but_not_break_the_promise() -> None:
    mine = {"acks": "0", "enable.idempotence": "false", "linger.ms": "20", "security.protocol": "ssl"}
    config = producer_config(KafkaSettings(config=mine), 5)
    assert (config["acks"], config["enable.idempotence"]) == ("all", True)
    assert (config["linger.ms"], config["security.protocol"]) == ("20", "ssl")


async def _confirmed_soon(publisher: KafkaPublisher) -> None:
    """Within 20 seconds: a new topic needs a moment, and a fenced broker some to come back."""
    for number in range(100, 200):
        try:
            await publisher.publish(envelope(number))
            return
        except NotConfirmed:
            await asyncio.sleep(0.2)
    raise AssertionError("never confirmed")
