"""A provider that sends under trouble: again until it is answered 200, and it keeps those answers."""

import asyncio
import hashlib
import hmac
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import aiohttp

from tests.support.settings_for import SECRET

ATTEMPT_SECONDS = 8.0
PAUSE_SECONDS = 0.2
CONCURRENCY = 32


@dataclass(frozen=True, slots=True)
class Traffic:
    """What to send: bodies, how many a second, and which share of them is sent a second time."""

    bodies: Iterator[bytes]
    per_second: float
    twice: float = 0.05


class Client:
    """Sends from a thread of its own until `finish`."""

    def __init__(self, port: int, traffic: Traffic) -> None:
        self.url = f"http://127.0.0.1:{port}/webhooks/popp"
        self.traffic = traffic
        self.requests = 0
        self.statuses: Counter[int] = Counter()
        self.cut_off = 0
        """Requests whose connection was ended without an answer; refused connections are none."""
        self.acknowledged: dict[str, bytes] = {}
        """Body by delivery id, for every answer 200."""
        self.slowest_seconds = 0.0
        self._dice = random.Random(7)
        self._secret = SECRET.encode()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), name="client")

    def sign_with(self, secret: str) -> None:
        """Sign with this secret from now on."""
        self._secret = secret.encode()

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def finish(self) -> None:
        """Send nothing new, wait until everything begun was answered 200. Again is harmless."""
        self._ending.set()
        self._thread.join()

    async def _run(self) -> None:
        connector = aiohttp.TCPConnector(limit=CONCURRENCY)
        timeout = aiohttp.ClientTimeout(total=ATTEMPT_SECONDS)
        async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
            began, number = time.monotonic(), 0
            async with asyncio.TaskGroup() as group:
                for body in self.traffic.bodies:
                    if self._ending.is_set():
                        break
                    copies = 2 if self._dice.random() < self.traffic.twice else 1
                    for _ in range(copies):
                        group.create_task(self._until_taken(session, body))
                    number += copies
                    due = began + number / self.traffic.per_second
                    await asyncio.sleep(max(0.0, due - time.monotonic()))

    async def _until_taken(self, session: aiohttp.ClientSession, body: bytes) -> None:
        while not await self._attempt(session, body):
            await asyncio.sleep(PAUSE_SECONDS)

    def _headers(self, body: bytes) -> dict[str, str]:
        return {"x-signature": hmac.new(self._secret, body, hashlib.sha256).hexdigest()}

    async def _attempt(self, session: aiohttp.ClientSession, body: bytes) -> bool:
        self.requests += 1
        begun = time.monotonic()
        try:
            async with session.post(self.url, data=body, headers=self._headers(body)) as answer:
                document = await answer.json()
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            self.statuses[0] += 1
            self.cut_off += not isinstance(error, aiohttp.ClientConnectorError | TimeoutError)
            return False
        self.statuses[answer.status] += 1
        if answer.status == 200:
            self.acknowledged[document["delivery_id"]] = body
            self.slowest_seconds = max(self.slowest_seconds, time.monotonic() - begun)
        return answer.status == 200
