"""Sending, against a small real HTTP server that verifies signatures and answers 503 when it is told to."""

import asyncio
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import web

from pipelines.errors import Unavailable
from pipelines.simulate.delivery.faults import Delivery
from pipelines.simulate.delivery.http_sender import Sign, send_all, signer, wait_seconds
from pipelines.simulate.files import send_file
from receiver.signatures import parse_scheme, verify
from tests.simulate.conftest import UNTIL

SCHEME, SECRET = parse_scheme("hmac-sha256:x-signature"), b"it is a secret"
SCHEMES = {
    "orufy": (parse_scheme("token:x-orufy-token"), b"another"),
    "jobboard": (parse_scheme("standard-webhooks"), b"whsec_c2VjcmV0"),
}
Answer = Callable[[int], tuple[int, dict[str, str]]]
"""Status and headers, by how often this body was seen before."""


@dataclass
class Server:
    """Keeps what it got, in the order in which it came."""

    answer: Answer
    bodies: list[bytes] = field(default_factory=list)
    paths: set[str] = field(default_factory=set)
    message_ids: list[str | None] = field(default_factory=list)
    seen: Counter[bytes] = field(default_factory=Counter)
    in_flight: int = 0
    most_in_flight: int = 0

    async def handle(self, request: web.Request) -> web.Response:
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        body = await request.read()
        await asyncio.sleep(0.001)
        self.in_flight -= 1
        self.paths.add(request.path)
        scheme, secret = SCHEMES.get(request.match_info["source"], (SCHEME, SECRET))
        if not verify(scheme, {"k": secret}, request.raw_headers, body, datetime.now(UTC)):
            return web.json_response({}, status=401)
        status, headers = self.answer(self.seen[body])
        self.seen[body] += 1
        self.message_ids.append(request.headers.get("webhook-id"))
        if status == 200:
            self.bodies.append(body)
        return web.json_response({"delivery_id": f"id-{len(self.bodies)}"}, status=status, headers=headers)


@contextmanager
def serving(answer: Answer) -> Iterator[tuple[Server, str]]:
    """A server on a free port in a thread of its own, and its address."""
    server, loop = Server(answer), asyncio.new_event_loop()
    app = web.Application()
    app.router.add_post("/webhooks/{source}", server.handle)
    runner = web.AppRunner(app)
    loop.run_until_complete(runner.setup())
    site = web.TCPSite(runner, "127.0.0.1", 0)
    loop.run_until_complete(site.start())
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield server, f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@pytest.fixture
def sign() -> Sign:
    return signer(SCHEME, SECRET, new_id=lambda: "message-1", now=lambda: UNTIL)


def deliveries(count: int) -> list[Delivery]:
    return [
        Delivery(f'{{"event":"E","number":{number},"name":"Zoë"}}'.encode(), "E") for number in range(count)
    ]


def always(status: int) -> Answer:
    return lambda times: (status, {})


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
