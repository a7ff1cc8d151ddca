"""The receiver as a process, seen from a raw socket, with the real broker behind it."""

import json
import os
import signal
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator

import pytest

from pipelines.host.preflight import free_port
from pipelines.runtime.kafka.broker import RunningBroker
from pipelines.settings import Settings
from receiver.server import ServerError, serve
from tests.support.running import Receiver, closed, frozen, post, read_answer, running
from tests.support.settings_for import SECRET_KID, SettingsFor
from tests.support.topics import create_topic, headers, messages

BODY = json.dumps({"event": "E", "data": {"organizationId": "o", "recordId": "r"}}).encode()
LIMITS_CONNECTIONS = 8
LIMITS = {
    "max_body_bytes": 100_000,
    "max_connections": LIMITS_CONNECTIONS,
    "headers_timeout_seconds": 0.6,
    "body_timeout_seconds": 0.6,
    "idle_timeout_seconds": 1.2,
    "confirm_timeout_seconds": 2,
}
NO_SPOOL = {"enabled": False}

GET = b"GET /healthz HTTP/1.1\r\nhost: test\r\n\r\n"
HEAD = b"POST /webhooks/popp HTTP/1.1\r\nhost: test\r\n"

ENDED = r"(?i)pipe|reset"

Limited = Callable[[], Settings]


@pytest.fixture
def limited(settings_for: SettingsFor) -> Limited:
    """Settings with short limits and a topic that exists."""

    def build() -> Settings:
        settings = settings_for(receiver=LIMITS)
        create_topic(settings.kafka)
        return settings

    return build


@pytest.fixture(scope="module")
def receiver(kafka: RunningBroker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Receiver]:
    """One for the tests that leave it as it was."""
    settings = Settings(
        home=tmp_path_factory.mktemp("receiver"),
        kafka={"bootstrap_servers": kafka.bootstrap_servers, "topic": f"test.{uuid.uuid4().hex}"},
        receiver={"port": free_port(), **LIMITS},
        sources={"popp": {"provider": "popp", "secrets": f"{SECRET_KID}:test-secret"}},
    )
    create_topic(settings.kafka)
    with running(settings) as started:
        yield started


def drip(connection: socket.socket, pieces: list[bytes], pause_seconds: float) -> None:
    for piece in pieces:
        connection.sendall(piece)
        time.sleep(pause_seconds)


def test_a_signed_delivery_is_on_the_topic_when_it_is_answered(limited: Limited) -> None:
    settings = limited()
    with running(settings) as receiver:
        answer = receiver.post(BODY, content_type="application/json")
        found = messages(settings.kafka)
    assert answer.status == 200
    assert [one.value() for one in found] == [BODY]
    named = headers(found[0])
    assert named.pop("received_at")
    assert named == {
        "delivery_id": json.loads(answer.body)["delivery_id"],
        "source": "popp",
        "provider": "popp",
        "event_type": "E",
        "key_id": SECRET_KID,
        "content_type": "application/json",
        "envelope_version": "1",
    }
    assert uuid.UUID(named["delivery_id"]).version == 7


@pytest.mark.parametrize(
    "body", [b"", b"{", b"null", b"\xff\x00", b'{"event": 1}', b'{"event":"NEVER_SEEN"}']
)
def test_what_is_signed_is_accepted_whatever_it_holds(receiver: Receiver, body: bytes) -> None:
    assert receiver.post(body).status == 200


@pytest.mark.parametrize("signature", ["", "0" * 64, "é", "sha256=", "\t", "," * 5000])
def test_a_bad_signature_is_401(receiver: Receiver, signature: str) -> None:
    answer = receiver.post(BODY, x_signature=signature)
    assert (answer.status, answer.code) == (401, "not_authentic")


@pytest.mark.parametrize("source", ["other", "POPP", "%00", "..", "popp%2f", "é"])
def test_an_unknown_source_is_404(receiver: Receiver, source: str) -> None:
    answer = receiver.post(BODY, source=source)
    assert answer.status in {400, 404}
    assert answer.status == 404 or not source.isascii()


def test_another_path_is_404_and_another_method_405(receiver: Receiver) -> None:
    assert receiver.get("/nothing").code == "unknown_path"
    assert receiver.get("/docs").status == 404
    answer = receiver.get("/webhooks/popp")
    assert (answer.status, answer.code, answer.headers["allow"]) == (405, "method_not_allowed", "POST")


def test_too_much_is_refused_by_its_announced_length_without_reading_it(receiver: Receiver) -> None:
    answer = receiver.exchange(HEAD + b"content-length: 100001\r\n\r\n")
    assert (answer.status, answer.code, answer.headers["connection"]) == (413, "too_large", "close")


def test_too_much_is_refused_while_it_comes_in_chunks(receiver: Receiver) -> None:
    chunk = b"2710\r\n" + b"x" * 10_000 + b"\r\n"
    answer = receiver.exchange(HEAD + b"transfer-encoding: chunked\r\n\r\n" + chunk * 11)
    assert (answer.status, answer.code) == (413, "too_large")


def test_a_sender_that_goes_on_sending_still_reads_its_413(receiver: Receiver) -> None:
    with receiver.connect() as connection:
        connection.sendall(HEAD + b"content-length: 3000000\r\n\r\n")
        for _ in range(30):
            connection.sendall(b"x" * 100_000)
            time.sleep(0.005)
        assert read_answer(connection).status == 413


def test_the_largest_body_is_taken(receiver: Receiver) -> None:
    assert receiver.post(b"x" * 100_000).status == 200
    assert receiver.post(b"x" * 100_001).status == 413


@pytest.mark.parametrize("start", [b"GET /healthz HTTP/1.1\r\nhost: t", HEAD + b"content-le", b"P"])
def test_slow_headers_are_ended(receiver: Receiver, start: bytes) -> None:
    with receiver.connect() as connection:
        started = time.monotonic()
        connection.sendall(start)
        answer = read_answer(connection)
        assert (answer.status, answer.code) == (408, "too_slow")
        assert closed(connection)
        assert 0.5 < time.monotonic() - started < 2


def test_headers_that_drip_are_ended(receiver: Receiver) -> None:
    with receiver.connect() as connection:
        started = time.monotonic()
        with pytest.raises(OSError, match=ENDED):
            drip(connection, [bytes([byte]) for byte in HEAD * 2], 0.05)
        assert time.monotonic() - started < 4


@pytest.mark.parametrize(
    "start", [b"content-length: 10\r\n\r\n12345", b"transfer-encoding: chunked\r\n\r\n5\r\n12345\r\n"]
)
def test_a_slow_body_is_ended(receiver: Receiver, start: bytes) -> None:
    with receiver.connect() as connection:
        started = time.monotonic()
        connection.sendall(HEAD + start)
        answer = read_answer(connection)
        assert (answer.status, answer.code) == (408, "too_slow")
        assert closed(connection)
        assert 0.5 < time.monotonic() - started < 2


@pytest.mark.parametrize("sent", [b"", GET, b"\r\n"])
def test_an_idle_connection_is_ended(receiver: Receiver, sent: bytes) -> None:
    with receiver.connect() as connection:
        started = time.monotonic()
        connection.sendall(sent)
        if sent == GET:
            assert read_answer(connection).status == 200
        assert closed(connection)
        assert 0.5 < time.monotonic() - started < 3


def test_line_ends_do_not_keep_an_idle_connection_open(receiver: Receiver) -> None:
    with receiver.connect() as connection:
        connection.sendall(GET)
        read_answer(connection)
        with pytest.raises(OSError, match=ENDED):
            drip(connection, [b"\r\n"] * 60, 0.1)


def test_a_client_that_does_not_read_is_cut_off(receiver: Receiver) -> None:
    with receiver.connect() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(10)
        with pytest.raises(OSError, match=ENDED):
            drip(connection, [b"GET /openapi.json HTTP/1.1\r\nhost: test\r\n\r\n" * 10] * 2000, 0.01)
    assert receiver.get("/healthz").status == 200
    assert receiver.metric("hirestream_open_connections") == 1


def test_a_client_that_sends_ahead_without_end_is_cut_off(receiver: Receiver) -> None:
    with receiver.connect() as connection, pytest.raises(OSError, match=ENDED):
        drip(connection, [GET * 1000] * 1000, 0.01)
    assert receiver.get("/healthz").status == 200


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x00\x01\x02\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # the start of TLS
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET http://[ HTTP/1.1\r\nhost: t\r\n\r\n",
        "GET /é HTTP/1.1\r\nhost: t\r\n\r\n".encode(),
        b"CONNECT a:1 HTTP/1.1\r\nhost: t\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nhost: t\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        HEAD + b"content-length: -1\r\n\r\n",
        HEAD + b"content-length: 1\r\ncontent-length: 2\r\n\r\n",
        HEAD + b"content-length: " + b"9" * 5000 + b"\r\n\r\n",
        HEAD + b"content-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        HEAD + b"transfer-encoding: chunked\r\n\r\nzz\r\n\r\n",
        HEAD + b"a b: c\r\n\r\n",
        HEAD + b"x: " + b"y" * 70_000 + b"\r\n\r\n",
        HEAD + b"".join(b"x%d: y\r\n" % number for number in range(20_000)) + b"\r\n",
        HEAD + b"upgrade: websocket\r\nconnection: upgrade\r\ncontent-length: 0\r\n\r\n",
    ],
)
def test_no_garbage_is_a_500(receiver: Receiver, garbage: bytes) -> None:
    answer = receiver.exchange(garbage)
    assert 400 <= answer.status < 500, answer
    assert answer.code


def test_headers_without_end_are_refused(receiver: Receiver) -> None:
    with receiver.connect() as connection:
        connection.sendall(HEAD + b"x: ")
        for _ in range(30):
            connection.sendall(b"y" * 10_000)
            time.sleep(0.002)
        assert read_answer(connection).code == "headers_too_large"


def test_trailers_without_end_are_refused(receiver: Receiver) -> None:
    with receiver.connect() as connection:
        connection.sendall(HEAD + b"transfer-encoding: chunked\r\n\r\n0\r\nx: ")
        for _ in range(100):
            connection.sendall(b"y" * 10_000)
        assert read_answer(connection).code == "too_large"


def test_requests_in_a_row_are_answered_in_their_order(receiver: Receiver) -> None:
    with receiver.connect() as connection:
        connection.sendall(post(BODY) + GET + post(BODY, x_signature="0") + b"garbage\r\n\r\n")
        assert b"delivery_id" in read_answer(connection).body
        assert b"alive" in read_answer(connection).body
        assert read_answer(connection).status == 401
        assert closed(connection)


def test_a_sender_that_leaves_in_the_middle_is_counted(receiver: Receiver) -> None:
    series = 'hirestream_deliveries_total{outcome="disconnected",source="popp"}'
    before = receiver.metric(series)
    with receiver.connect() as connection:
        connection.sendall(HEAD + b"content-length: 10\r\n\r\n123")
        time.sleep(0.1)
    time.sleep(0.2)
    assert receiver.metric(series) == before + 1


def test_the_connection_over_the_cap_is_told_to_come_again(receiver: Receiver) -> None:
    held = [receiver.connect() for _ in range(LIMITS_CONNECTIONS)]
    time.sleep(0.2)
    answer = receiver.post(BODY)
    assert (answer.status, answer.code) == (503, "too_many_connections")
    assert int(answer.headers["retry-after"]) > 0
    for connection in held:
        connection.close()
    time.sleep(0.2)
    assert receiver.post(BODY).status == 200


def test_metrics_count_by_source_and_outcome(receiver: Receiver) -> None:
    accepted = 'hirestream_deliveries_total{outcome="accepted",source="popp"}'
    unknown = 'hirestream_deliveries_total{outcome="unknown_source",source="-"}'
    before = receiver.metric(accepted), receiver.metric(unknown)
    receiver.post(BODY)
    receiver.post(BODY, source="a-name-that-somebody-made-up")
    assert (receiver.metric(accepted), receiver.metric(unknown)) == (before[0] + 1, before[1] + 1)
    verified = f'hirestream_last_verified_timestamp_seconds{{key_id="{SECRET_KID}",source="popp"}}'
    assert abs(receiver.metric(verified) - time.time()) < 60
    assert "made-up" not in receiver.get("/metrics").body.decode()


def test_openapi_shows_the_webhook_with_distinct_examples(receiver: Receiver) -> None:
    document = json.loads(receiver.get("/openapi.json").body)
    operation = document["paths"]["/webhooks/{source}"]["post"]
    assert set(operation["responses"]) == {"200", "401", "404", "405", "408", "413", "503"}
    assert operation["parameters"][0]["schema"]["enum"] == ["popp"]
    examples = operation["requestBody"]["content"]["application/json"]["examples"].values()
    assert len({json.dumps(example["value"]) for example in examples}) == len(examples) >= 3
    for example in examples:
        assert receiver.post(json.dumps(example["value"]).encode()).status == 200
    assert {"/healthz", "/readyz", "/metrics"} <= set(document["paths"])


def test_the_log_is_json_and_says_nothing_of_bodies_or_signatures(receiver: Receiver) -> None:
    receiver.post(b"somebody@example.test", x_signature="a-signature-of-theirs")
    lines = receiver.log.read_text().splitlines()
    assert all(json.loads(line)["message"] for line in lines)
    assert not any("example.test" in line or "of-theirs" in line for line in lines)


def test_kafka_that_falls_silent_is_503_in_time_and_recovers(
    kafka: RunningBroker, settings_for: SettingsFor
) -> None:
    settings = settings_for(receiver=LIMITS, spool=NO_SPOOL)
    create_topic(settings.kafka)
    with running(settings) as receiver:
        assert (receiver.post(BODY).status, receiver.get("/readyz").status) == (200, 200)
        with frozen(kafka.pid):
            started = time.monotonic()
            answer = receiver.post(BODY)
            took = time.monotonic() - started
            ready, alive = receiver.get("/readyz"), receiver.get("/healthz")
        assert (answer.status, answer.code) == (503, "not_confirmed")
        assert int(answer.headers["retry-after"]) > 0
        assert took < LIMITS["confirm_timeout_seconds"] + 1
        assert (ready.status, alive.status) == (503, 200)
        assert "Kafka" in json.loads(ready.body)["reason"]
        deadline = time.monotonic() + 20
        while receiver.post(BODY).status != 200:
            assert time.monotonic() < deadline


def test_without_kafka_deliveries_are_503_and_it_stops_cleanly(settings_for: SettingsFor) -> None:
    nowhere = {"bootstrap_servers": f"127.0.0.1:{free_port()}"}
    limits = LIMITS | {"confirm_timeout_seconds": 0.5}
    with running(settings_for(kafka=nowhere, receiver=limits, spool=NO_SPOOL)) as receiver:
        answer = receiver.post(BODY)
        assert (answer.status, answer.code) == (503, "not_confirmed")
        assert receiver.get("/readyz").status == 503
        assert receiver.stop() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_finishes_what_is_in_flight_and_exits_0(
    kafka: RunningBroker, limited: Limited, number: signal.Signals
) -> None:
    settings = limited()
    with running(settings) as receiver:
        receiver.post(BODY)
        with receiver.connect() as connection:
            os.kill(kafka.pid, signal.SIGSTOP)
            try:
                connection.sendall(post(BODY))
                time.sleep(0.2)
                receiver.process.send_signal(number)
                time.sleep(0.3)
            finally:
                os.kill(kafka.pid, signal.SIGCONT)
            assert read_answer(connection).status == 200
        assert receiver.process.wait(20) == 0
    assert len(messages(settings.kafka)) == 2


def test_a_port_in_use_is_one_line_with_the_remedy(settings_for: SettingsFor) -> None:
    settings = settings_for()
    with socket.create_server(("127.0.0.1", settings.receiver.port)):
        raised: list[ServerError] = []

        def start() -> None:
            try:
                serve(settings)
            except ServerError as error:
                raised.append(error)

        thread = threading.Thread(target=start)
        thread.start()
        thread.join(20)
    assert "HIRESTREAM_RECEIVER__PORT" in str(raised[0])
    assert "\n" not in str(raised[0])
