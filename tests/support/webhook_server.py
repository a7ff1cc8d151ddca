"""A small real HTTP server that verifies signatures and answers as it is told to."""

import asyncio
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from aiohttp import web

from receiver.signatures import parse_scheme, verify

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


def always(status: int) -> Answer:
    """The same status for every delivery."""
    return lambda times: (status, {})
