"""Kafka away, frozen or killed: what is answered 200 is on the disk, and on the topic once Kafka is back."""

import json
import resource
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._config import AlterConfigOpType, ConfigEntry, ConfigResource
from hypothesis import given
from hypothesis import strategies as st

from pipelines.admin.audit.command import audit_spool, run_audit
from pipelines.decode.decoded_batch import decode_batch
from pipelines.diagnostics.status import read_status
from pipelines.host.preflight import free_port
from pipelines.lake.connection import open_lake
from pipelines.load.session import LoadPolicy, open_loader
from pipelines.runtime.kafka.broker import RunningBroker
from pipelines.settings import Settings
from receiver.envelope import DeliveryEnvelope
from receiver.settings import CoreSettings, SettingsError
from receiver.spool.dead_letters import list_waiting
from receiver.spool.envelope_codec import to_envelope, to_item
from receiver.spool.spool import SpoolTotals, open_spool, spool_path, spool_totals
from receiver.spool.sqlite_queue import QueueItem, QueueLimits, SqliteQueue
from tests.support.running import (
    COMMAND,
    HIRESTREAM_RECEIVER,
    Answer,
    Receiver,
    frozen,
    post,
    read_answer,
    running,
    wait_for,
)
from tests.support.settings_for import SettingsFor
from tests.support.topics import PARTITIONS, create_topic, headers, messages

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
WAIT_SECONDS = 0.7
FAILING_SECONDS = 5.0
"""Several turns of the drain, also of one that looks for Kafka in vain each time."""

QUICK_SECONDS = 0.5
WIDE = QueueLimits(10**9, 10**6)
READY = "/readyz"


def body(number: int, padding: int = 0) -> bytes:
    data = {"organizationId": "o", "recordId": f"r{number % 5}"}
    document = {
        "event": "NEVER_SEEN",
        "eventId": f"e{number}",
        "eventTimestamp": "2026-11-21T12:00:00.000Z",
        "data": data | ({"padding": "x" * padding} if padding else {}),
    }
    return json.dumps(document).encode()


def spooling(settings_for: SettingsFor, *, topic: bool = True, **sections: Any) -> Settings:
    """Settings with a short wait for Kafka, and a topic that exists."""
    sections["spool"] = {"wait_seconds": WAIT_SECONDS, **sections.get("spool", {})}
    sections["kafka"] = {"partitions": PARTITIONS, **sections.get("kafka", {})}
    settings = settings_for(**sections)
    if topic:
        create_topic(settings.kafka)
    return settings


def nowhere(settings_for: SettingsFor, **sections: Any) -> Settings:
    """The same without any Kafka."""
    kafka = {"bootstrap_servers": f"127.0.0.1:{free_port()}"}
    return spooling(settings_for, topic=False, kafka=kafka, **sections)


def delivery_id(answer: Answer) -> str:
    assert answer.status == 200, answer
    return str(json.loads(answer.body)["delivery_id"])


def totals(settings: CoreSettings) -> SpoolTotals:
    found = spool_totals(settings)
    assert found is not None
    assert found.adds_up
    return found


def spooled_ids(settings: CoreSettings) -> list[str]:
    queue = SqliteQueue(spool_path(settings))
    try:
        return [placed.item.delivery_id for placed in queue.oldest(0, 99_999)]
    finally:
        queue.close()


def topic_ids(settings: CoreSettings) -> list[str]:
    return [headers(found)["delivery_id"] for found in messages(settings.kafka)]


def warmed(receiver: Receiver) -> str:
    """The id of a first delivery, confirmed: Kafka is known to work."""
    answer = receiver.post(body(0))
    wait_for(lambda: receiver.metric("hirestream_spool_waiting") == 0)
    wait_for(lambda: says(receiver)["kafka"] == "answers")
    return delivery_id(answer)


def says(receiver: Receiver) -> dict[str, str]:
    found: dict[str, str] = json.loads(receiver.get(READY).body)
    return found


def test_a_frozen_kafka_costs_one_wait_and_loses_nothing(
    kafka: RunningBroker, settings_for: SettingsFor
) -> None:
    settings = spooling(settings_for)
    with running(settings) as receiver:
        ids = [warmed(receiver)]
        with frozen(kafka.pid):
            started = time.monotonic()
            with ThreadPoolExecutor(8) as senders:  # under way when nothing is known yet
                ids += map(delivery_id, senders.map(lambda number: receiver.post(body(number)), range(1, 9)))
            assert WAIT_SECONDS * 0.9 < time.monotonic() - started < WAIT_SECONDS + 1.5
            started = time.monotonic()
            ids += [delivery_id(receiver.post(body(number))) for number in range(9, 29)]
            assert time.monotonic() - started < 20 * QUICK_SECONDS
            ready = receiver.get(READY)
            assert (ready.status, json.loads(ready.body)["spool"]) == (200, "spooling")
            assert "answer" in json.loads(ready.body)["kafka"]
            assert receiver.metric("hirestream_spool_waiting") == 28
            assert receiver.metric('hirestream_spool_state{state="spooling"}') == 1
            assert receiver.metric('hirestream_deliveries_total{outcome="spooled",source="popp"}') == 28
            assert spooled_ids(settings)[8:] == ids[9:]
            before = time.time()
        wait_for(lambda: receiver.metric("hirestream_spool_waiting") == 0, 40)
        wait_for(lambda: says(receiver) == {"status": "ready", "kafka": "answers", "spool": "idle"}, 40)
        assert receiver.metric("hirestream_spool_drained_total") == 28
        ids.append(delivery_id(receiver.post(body(29))))
        log = [json.loads(line)["message"] for line in receiver.log.read_text().splitlines()]
        assert sum("deliveries go to the spool" in line for line in log) == 1
        assert receiver.stop() == 0
    found = messages(settings.kafka)
    received = {headers(one)["delivery_id"]: headers(one)["received_at"] for one in found}
    assert sorted(received) == sorted(ids)
    assert all(datetime.fromisoformat(received[one]).timestamp() < before for one in ids[:-1])
    check_loaded(settings, Counter(headers(one)["delivery_id"] for one in found))


def check_loaded(settings: Settings, copies: Counter[str]) -> None:
    """Each delivery once; what stands twice on the topic is the same delivery, and said to be."""
    load(settings)
    found = run_audit(settings)
    assert (found.findings, found.totals.loaded) == ((), len(copies))
    assert found.spool is not None
    assert (found.spool.taken, found.spool.drained, found.spool.waiting) == (28, 28, 0)
    twice = sum(copies.values()) - len(copies)
    assert twice >= 1  # some of the first eight were on the wire
    with open_lake(settings.warehouse, read_only=True) as lake:
        reasons = lake.execute(
            "SELECT reason, count(*) FROM wh.ledger.deliveries WHERE outcome = 'duplicate' GROUP BY reason"
        ).fetchall()
    assert reasons == [("same_delivery", twice)]


def test_a_killed_receiver_keeps_what_it_answered(kafka: RunningBroker, settings_for: SettingsFor) -> None:
    settings = spooling(settings_for)
    answered: list[str] = []
    with running(settings) as receiver:
        answered.append(warmed(receiver))
        with frozen(kafka.pid):
            senders = [threading.Thread(target=flood, args=(receiver, answered)) for _ in range(4)]
            for sender in senders:
                sender.start()
            wait_for(lambda: len(answered) > 60)
            receiver.process.kill()
            for sender in senders:
                sender.join(20)
            left = spooled_ids(settings)
            assert set(answered[1:]) <= {*left}
            assert totals(settings).waiting == len(left)
    with running(settings) as receiver:
        wait_for(lambda: receiver.metric("hirestream_spool_waiting") == 0, 40)
        assert receiver.stop() == 0
    assert {*answered} <= {*topic_ids(settings)}
    assert totals(settings).deleted == len(left)


def load(settings: Settings) -> None:
    """All that is on the topic, with the real loader."""
    with open_loader(settings, "test", LoadPolicy()) as (reader, loader):
        while len(batch := reader.read(1_000, 1.0)):
            loader.load(decode_batch(batch))


def flood(receiver: Receiver, answered: list[str]) -> None:
    """Deliveries one after the other until nobody answers."""
    number = 0
    try:
        with receiver.connect() as connection:
            while True:
                number += 1
                connection.sendall(post(body(number)))
                answered.append(delivery_id(read_answer(connection)))
    except (OSError, EOFError):
        return


def test_a_kill_while_it_drains_leaves_what_was_not_confirmed(settings_for: SettingsFor) -> None:
    settings = spooling(settings_for)
    sent = [envelope(number, body=b"x" * 2_000) for number in range(6_000)]
    spool(settings, *sent)
    waiting = len(sent)
    for _ in range(2):
        with running(settings) as receiver:
            wait_for(lambda before=waiting: spool_waiting(settings) < before)  # type: ignore[misc]
            receiver.process.kill()
            receiver.process.wait()
        waiting = totals(settings).waiting
    with running(settings) as receiver:
        wait_for(lambda: receiver.metric("hirestream_spool_waiting") == 0)
    copies = Counter(topic_ids(settings))
    assert {*copies} == {one.delivery_id for one in sent}
    assert max(copies.values()) <= 3
    found = totals(settings)
    assert (found.appended, found.deleted) == (len(sent), len(sent))


def spool_waiting(settings: CoreSettings) -> int:
    return totals(settings).waiting


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_spools_what_is_in_flight(
    kafka: RunningBroker, settings_for: SettingsFor, number: signal.Signals
) -> None:
    settings = spooling(settings_for)
    with running(settings) as receiver:
        first = warmed(receiver)
        with frozen(kafka.pid), receiver.connect() as connection:
            connection.sendall(post(body(1)))
            time.sleep(0.2)
            receiver.process.send_signal(number)
            second = delivery_id(read_answer(connection))
            assert receiver.process.wait(10) == 0
    assert spooled_ids(settings) == [second]
    assert first in topic_ids(settings)


def test_full_is_503_and_what_is_there_stays(settings_for: SettingsFor) -> None:
    settings = nowhere(settings_for, spool={"max_bytes": 5_000})
    with running(settings) as receiver:
        answers = [receiver.post(body(number, padding=1_000)) for number in range(8)]
        assert [answer.status for answer in answers] == [200] * 3 + [503] * 5
        assert {(answer.code, answer.headers["retry-after"]) for answer in answers[3:]} == {
            ("spool_full", "30")
        }
        assert receiver.metric('hirestream_deliveries_total{outcome="spool_full",source="popp"}') == 5
        assert receiver.metric('hirestream_spool_state{state="full"}') == 1
        ready = receiver.get(READY)
        assert (ready.status, json.loads(ready.body)["spool"]) == (503, "full")
        assert receiver.log.read_text().count("the spool takes no more: full") == 1
        assert receiver.stop() == 0
    assert spooled_ids(settings) == [delivery_id(answer) for answer in answers[:3]]


def test_while_the_oldest_is_too_old_nothing_is_added(settings_for: SettingsFor) -> None:
    settings = nowhere(settings_for, spool={"max_age_seconds": 1})
    with running(settings) as receiver:
        kept = delivery_id(receiver.post(body(1)))
        time.sleep(1.1)
        answer = receiver.post(body(2))
        assert (answer.status, answer.code) == (503, "spool_too_old")
        assert says(receiver)["spool"] == "too_old"
    assert spooled_ids(settings) == [kept]


def test_a_file_deleted_under_it_takes_nothing_more_and_what_it_had_is_drained(
    kafka: RunningBroker, settings_for: SettingsFor
) -> None:
    settings = spooling(settings_for)
    with running(settings) as receiver:
        with frozen(kafka.pid):
            kept = [delivery_id(receiver.post(body(number))) for number in range(3)]
            for file in settings.home.glob("spool.sqlite*"):
                file.unlink()
            answer = receiver.post(body(3))
            assert (answer.status, answer.code) == (503, "spool_failing")
            assert "deleted or replaced" in receiver.log.read_text()
        wait_for(lambda: receiver.post(body(4)).status == 200, 40)
        wait_for(lambda: {*kept} <= {*topic_ids(settings)})


def test_a_spool_deleted_while_nothing_runs_is_told_for_good(
    kafka: RunningBroker, settings_for: SettingsFor
) -> None:
    settings = spooling(settings_for)
    aside = settings.home / "aside"
    with running(settings) as receiver, frozen(kafka.pid):
        delivery_id(receiver.post(body(1)))
    assert audit_spool(settings)[1] == ()
    aside.mkdir()
    for file in settings.home.glob("spool.sqlite*"):
        file.rename(aside / file.name)
    spool, (finding,) = audit_spool(settings)
    assert (spool, finding.where) == (None, str(settings.home / "spool.waiting"))
    assert any("see `hirestream audit`" in problem for problem in read_status(settings).problems)
    for file in aside.iterdir():  # put back, all is as it was
        file.rename(settings.home / file.name)
    assert audit_spool(settings)[1] == ()
    for file in settings.home.glob("spool.sqlite*"):
        file.unlink()
    with running(settings) as receiver, frozen(kafka.pid):
        assert "replaced while deliveries waited in it" in receiver.log.read_text()
        for number in range(2, 5):
            delivery_id(receiver.post(body(number)))
    (finding,) = audit_spool(settings)[1]
    assert Path(finding.where).name.startswith("spool.lost-")
    Path(finding.where).unlink()
    with running(settings) as receiver:
        wait_for(lambda: receiver.metric("hirestream_spool_waiting") == 0, 40)
        assert receiver.stop() == 0
    assert not [*settings.home.glob("spool.waiting*"), *settings.home.glob("spool.lost*")]


@pytest.mark.parametrize("command", [COMMAND, HIRESTREAM_RECEIVER], ids=["receiver", "hirestream receiver"])
def test_a_disk_that_takes_nothing_is_503_until_it_does(
    settings_for: SettingsFor, command: Sequence[str]
) -> None:
    settings = nowhere(settings_for)
    with running(settings, command) as receiver:
        kept = [delivery_id(receiver.post(body(1)))]
        limit_file_size(receiver, 100_000)
        answers = [receiver.post(body(number, padding=200_000)) for number in range(2, 5)]
        assert {(answer.status, answer.code) for answer in answers} == {(503, "spool_failing")}
        until = time.monotonic() + FAILING_SECONDS
        while time.monotonic() < until:
            assert (receiver.get(READY).status, says(receiver)["spool"]) == (503, "failing")
            time.sleep(0.05)
        assert receiver.log.read_text().count("the spool takes") == 1
        limit_file_size(receiver, resource.RLIM_INFINITY)
        wait_for(lambda: receiver.get(READY).status == 200)  # no delivery has to come before
        kept.append(delivery_id(receiver.post(body(5, padding=200_000))))
        log = receiver.log.read_text()
        assert log.count("the spool takes no more: failing") == 1
        assert log.count("the spool takes deliveries again") == 1
    assert spooled_ids(settings) == kept
    assert totals(settings).appended == 2


def limit_file_size(receiver: Receiver, most: int) -> None:
    """From now on no file of that process can grow beyond it, as on a full disk."""
    resource.prlimit(receiver.process.pid, resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))


def test_switched_off_it_takes_nothing_and_what_is_left_is_drained(settings_for: SettingsFor) -> None:
    settings = nowhere(settings_for)
    spool(settings, *(envelope(number) for number in range(3)))
    off: dict[str, Any] = {"enabled": False}
    without = settings_for(
        kafka={"bootstrap_servers": settings.kafka.bootstrap_servers},
        receiver={"confirm_timeout_seconds": 0.5},
        spool=off,
    )
    with running(without) as receiver:
        answer = receiver.post(body(1))
        assert (answer.status, answer.code) == (503, "not_confirmed")
        assert receiver.get(READY).status == 503
        assert receiver.metric("hirestream_spool_waiting") == 3
    back = settings_for(spool=off)
    create_topic(back.kafka)
    with running(back) as receiver:
        wait_for(lambda: receiver.metric("hirestream_spool_waiting") == 0)
        assert receiver.post(body(2)).status == 200
    assert sorted(topic_ids(back))[-3:] == ["id-0", "id-1", "id-2"]


def test_one_that_kafka_never_takes_does_not_hold_up_the_others(settings_for: SettingsFor) -> None:
    settings = spooling(settings_for)
    huge = envelope(0, body=b"x" * (settings.kafka.max_message_bytes + 1))
    spool(settings, huge, *(envelope(number) for number in range(1, 6)))
    with running(settings) as receiver:
        wait_for(lambda: receiver.metric("hirestream_spool_waiting") == 1)
        answer = receiver.post(body(1))
        assert delivery_id(answer)
        assert receiver.metric('hirestream_deliveries_total{outcome="accepted",source="popp"}') == 1
    assert spooled_ids(settings) == ["id-0"]
    assert {f"id-{number}" for number in range(1, 6)} <= {*topic_ids(settings)}


def test_what_the_topic_no_longer_takes_is_told_and_nothing_else_waits(settings_for: SettingsFor) -> None:
    settings = spooling(settings_for)
    limit_messages(settings, 50_000)
    sent = [envelope(number, body=b"x" * (100_000 if number in {0, 150} else 900)) for number in range(300)]
    spool(settings, *sent)
    with running(settings) as receiver:
        wait_for(lambda: receiver.metric("hirestream_spool_waiting") == 2)
        assert receiver.post(body(1)).status == 200
        wait_for(lambda: min(one.attempts for one in list_waiting(spool_path(settings), 9)) > 1)
    told = [(one.position, one.delivery_id, one.error) for one in list_waiting(spool_path(settings), 9)]
    assert told == [(1, "id-0", "MSG_SIZE_TOO_LARGE"), (151, "id-150", "MSG_SIZE_TOO_LARGE")]
    copies = Counter(one for one in topic_ids(settings) if one.startswith("id-"))
    assert copies == {one.delivery_id: 1 for one in sent if len(one.body) == 900}
    assert totals(settings).refused == 2


def limit_messages(settings: CoreSettings, most_bytes: int) -> None:
    """The topic takes nothing larger from now on."""
    entry = ConfigEntry("max.message.bytes", str(most_bytes), incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ConfigResource.Type.TOPIC, settings.kafka.topic, incremental_configs=[entry])
    admin = AdminClient({**settings.kafka.client_config()})
    for done in admin.incremental_alter_configs([resource]).values():
        done.result(30)


def test_what_kafka_never_takes_does_not_keep_the_circuit_open(
    kafka: RunningBroker, settings_for: SettingsFor
) -> None:
    settings = spooling(settings_for, spool={"max_age_seconds": 60})
    hour_ago = datetime.now(UTC) - timedelta(hours=1)
    spool(settings, envelope(0, body=b"x" * (settings.kafka.max_message_bytes + 1), received_at=hour_ago))
    with running(settings) as receiver:
        assert receiver.post(body(1)).status == 200
        with frozen(kafka.pid):
            answer = receiver.post(body(2))
            assert (answer.status, answer.code) == (503, "spool_too_old")
        wait_for(lambda: receiver.post(body(3)).status == 200, 30)
        wait_for(lambda: says(receiver)["kafka"] == "answers")
    assert spooled_ids(settings) == ["id-0"]


def test_what_is_drained_stands_in_its_order_and_as_it_was(settings_for: SettingsFor) -> None:
    settings = spooling(settings_for)
    sent = [envelope(number, message_id=f"m{number}", event_type="E") for number in range(700)]
    spool(settings, *sent)
    with running(settings) as receiver:
        wait_for(lambda: receiver.metric("hirestream_spool_waiting") == 0)
    found = messages(settings.kafka)
    assert [headers(one)["delivery_id"] for one in found] == [one.delivery_id for one in sent]
    assert headers(found[7]) == {name: value.decode() for name, value in plain_headers(sent[7])}
    assert (found[7].key(), found[7].value()) == (sent[7].key, sent[7].body)


def test_a_damaged_spool_stops_the_start_in_one_line(tmp_path: Path) -> None:
    settings = CoreSettings(home=tmp_path)
    spool_path(settings).write_bytes(b"not SQLite" * 1000)
    before = spool_path(settings).read_bytes()
    with pytest.raises(SettingsError, match=r"spool\.sqlite cannot be used.*answered 200.*away") as raised:
        open_spool(settings)
    assert "\n" not in str(raised.value)
    assert spool_path(settings).read_bytes() == before


def test_a_signed_message_id_is_on_the_topic_and_makes_one_event(settings_for: SettingsFor) -> None:
    secret = "whsec_c2VjcmV0LXNlY3JldC1zZWNyZXQ="
    settings = spooling(
        settings_for, sources={"std": {"provider": "standard_webhooks", "secrets": f"k1:{secret}"}}
    )
    sent = b'{"type":"thing.made","timestamp":"2026-11-21T12:00:00Z","data":{"id":"t1"}}'
    with running(settings) as receiver:
        for message_id in ("msg_1", "msg_1", "msg_2"):
            assert receiver.exchange(standard_post(secret, message_id, sent)).status == 200
        wait_for(lambda: receiver.metric("hirestream_spool_waiting") == 0)
    assert sorted(headers(one)["message_id"] for one in messages(settings.kafka)) == [
        "msg_1",
        "msg_1",
        "msg_2",
    ]
    load(settings)
    found = run_audit(settings).totals
    assert (found.loaded, found.duplicate) == (2, 1)


def standard_post(secret: str, message_id: str, sent: bytes) -> bytes:
    """Signed by the reference implementation of Standard Webhooks."""
    from standardwebhooks.webhooks import Webhook  # noqa: PLC0415 - one test's own

    at = datetime.now(UTC)
    made = {
        "webhook_id": message_id,
        "webhook_timestamp": str(int(at.timestamp())),
        "webhook_signature": Webhook(secret).sign(message_id, at, sent.decode()),
    }
    return post(sent, source="std", **made)


def envelope(number: int, **changes: Any) -> DeliveryEnvelope:
    values: dict[str, Any] = {
        "delivery_id": f"id-{number}",
        "source": "popp",
        "provider": "popp",
        "received_at": NOW + timedelta(seconds=number),
        "key": b"popp|o|r",
        "body": body(number),
    }
    return DeliveryEnvelope(**values | changes)


def plain_headers(sent: DeliveryEnvelope) -> Iterator[tuple[str, bytes]]:
    for name, value in sent.headers():
        assert isinstance(value, bytes)
        yield name, value


def spool(settings: CoreSettings, *envelopes: DeliveryEnvelope) -> None:
    """As an earlier receiver has left them."""
    settings.home.mkdir(parents=True, exist_ok=True)
    queue = SqliteQueue(spool_path(settings))
    assert all(queue.append([to_item(one) for one in envelopes], WIDE))
    queue.close()


TEXT = st.text(st.characters(codec="utf-8"), max_size=20)


@given(
    st.builds(
        DeliveryEnvelope,
        delivery_id=TEXT,
        source=TEXT,
        provider=TEXT,
        received_at=st.datetimes(timezones=st.just(UTC)),
        key=st.binary(max_size=20),
        body=st.binary(max_size=50),
        event_type=st.none() | TEXT,
        key_id=st.none() | TEXT,
        content_type=st.none() | TEXT,
        message_id=st.none() | TEXT,
    )
)
def test_an_envelope_comes_back_as_it_was(sent: DeliveryEnvelope) -> None:
    assert to_envelope(to_item(sent)) == sent


def test_an_item_that_is_no_envelope_is_an_error() -> None:
    with pytest.raises(ValueError, match="Expecting"):
        to_envelope(QueueItem("id", "popp", NOW, b"", b"no JSON"))
