"""Sending, against a small real HTTP server that verifies signatures and answers 503 when it is told to."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipelines.errors import Unavailable
from pipelines.simulate.delivery.faults import Delivery
from pipelines.simulate.delivery.http_sender import Sign, send_all, signer, wait_seconds
from pipelines.simulate.files import send_file
from tests.support.simulated_deliveries import UNTIL
from tests.support.webhook_server import SCHEME, SCHEMES, SECRET, Answer, always, serving


@pytest.fixture
def sign() -> Sign:
    return signer(SCHEME, SECRET, new_id=lambda: "message-1", now=lambda: UNTIL)


def deliveries(count: int) -> list[Delivery]:
    return [
        Delivery(f'{{"event":"E","number":{number},"name":"Zoë"}}'.encode(), "E") for number in range(count)
    ]


def test_every_delivery_is_posted_once_signed_and_nearly_in_order(sign: Sign) -> None:
    progress: list[int] = []
    with serving(always(200)) as (server, url):
        report = send_all(deliveries(300), url, {"popp": sign}, 8, on_progress=progress.append)
    assert (report.sent, report.answered_200, report.other, report.retries) == (300, 300, {}, 0)
    assert len(set(report.delivery_ids)) == 300
    assert sorted(server.bodies) == sorted(delivery.body for delivery in deliveries(300))
    places = {delivery.body: place for place, delivery in enumerate(deliveries(300))}
    assert max(abs(places[body] - at) for at, body in enumerate(server.bodies)) <= 16
    assert server.paths == {"/webhooks/popp"}
    assert 1 < server.most_in_flight <= 8
    assert progress == list(range(1, 301))
    assert report.seconds > 0


def test_a_503_is_tried_again_after_the_time_it_names(sign: Sign) -> None:
    busy_twice: Answer = lambda times: (503, {"Retry-After": "0.1"}) if times < 2 else (200, {})  # noqa: E731
    with serving(busy_twice) as (server, url):
        report = send_all(deliveries(20), f"{url}/", {"popp": sign}, 10)
    assert (report.answered_200, report.other, report.retries) == (20, {}, 40)
    assert len(server.bodies) == 20
    assert report.seconds >= 0.4


@pytest.mark.parametrize(
    ("header", "seconds"),
    [(None, 1), ("2", 2), ("0", 0.05), ("3600", 5), ("Fri, 31 Dec 1999 23:59:59 GMT", 1), ("nan", 0.05)],
)
def test_the_wait_is_bounded_whatever_the_header_says(header: str | None, seconds: float) -> None:
    assert wait_seconds(header) == seconds


def test_a_receiver_that_stays_busy_is_given_up_and_counted(sign: Sign) -> None:
    with serving(lambda times: (503, {"Retry-After": "0"})) as (server, url):
        report = send_all(deliveries(2), url, {"popp": sign}, 2)
    assert (report.sent, report.answered_200, report.other) == (2, 0, {503: 2})
    assert set(server.seen.values()) == {8}


def test_each_delivery_goes_to_its_own_source_in_its_own_scheme(sign: Sign) -> None:
    signs = {
        name: signer(*scheme, lambda: "m", lambda: datetime.now(UTC)) for name, scheme in SCHEMES.items()
    }
    mixed = [
        Delivery(b'{"n":1}', "A"),
        Delivery(b'{"n":2}', "B", source="orufy", provider="orufy"),
        Delivery(b'{"n":3}', "C", source="jobboard", provider="standard_webhooks", message_id="msg_3"),
        Delivery(b'{"n":3}', "C", source="jobboard", provider="standard_webhooks", message_id="msg_3"),
    ]
    with serving(always(200)) as (server, url):
        report = send_all(mixed, url, {"popp": sign, **signs}, 1)
    assert (report.answered_200, report.other) == (4, {})
    assert server.paths == {"/webhooks/popp", "/webhooks/orufy", "/webhooks/jobboard"}
    assert server.message_ids == [None, None, "msg_3", "msg_3"]


def test_other_answers_are_final(sign: Sign) -> None:
    with serving(always(200)) as (server, url):
        report = send_all(deliveries(3), url, {"popp": lambda delivery: {"x-signature": "00"}}, 2)
    assert report.other == {401: 3}
    assert server.bodies == []


def test_nobody_there_is_unavailable(sign: Sign, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.simulate.delivery.http_sender.MAX_ATTEMPTS", 2)
    with serving(always(200)) as (_, url):
        pass
    with pytest.raises(Unavailable, match="start the receiver"):
        send_all(deliveries(5), url, {"popp": sign}, 3)


def test_a_file_is_posted_byte_for_byte(sign: Sign, tmp_path: Path) -> None:
    path = tmp_path / "body"
    path.write_bytes(b'{ "a" : \xff\r\n }')
    with serving(always(200)) as (server, url):
        report = send_file(path, url, "popp", sign)
    assert server.bodies == [path.read_bytes()]
    assert report.delivery_ids == ["id-1"]
