"""Load on one receiver: `python -m tests.support.http_load PORT CONNECTIONS SECONDS` prints rate and latency.

Each connection sends the next delivery when the last one is answered. The deliveries are signed before the
clock starts, so that the generator costs as little as it can.
"""

import asyncio
import json
import sys
import time
from dataclasses import dataclass, field

import uvloop

from tests.support.running import post

DISTINCT = 1000
WARM_SECONDS = 3  # a busy event loop accepts one connection a turn, so the last ones come in late
PADDING = "x" * 420


@dataclass(slots=True)
class Tally:
    """What came back."""

    statuses: dict[bytes, int] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)


class Sender(asyncio.Protocol):
    """One connection."""

    def __init__(self, requests: list[bytes], tally: Tally) -> None:
        self.requests, self.tally, self.next = requests, tally, 0
        self.answer = b""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Sends the first."""
        self.transport = transport
        self._send()

    def data_received(self, data: bytes) -> None:
        """Every answer is a JSON object, so it is whole when it ends like one."""
        self.answer += data
        if self.answer.endswith(b"}"):
            status, self.answer = self.answer[9:12], b""
            self.tally.seconds.append(time.perf_counter() - self.sent)
            self.tally.statuses[status] = self.tally.statuses.get(status, 0) + 1
            self._send()

    def _send(self) -> None:
        self.next = (self.next + 1) % len(self.requests)
        self.sent = time.perf_counter()
        self.transport.write(self.requests[self.next])


async def load(port: int, connections: int, seconds: float) -> dict[str, object]:
    """Rate per second, p50 and p99 in milliseconds, answers by status."""
    bodies = (
        {
            "event": "LOAD",
            "eventId": f"e{n}",
            "eventTimestamp": "2026-11-21T12:00:00.000Z",
            "data": {"recordId": f"r{n}", "organizationId": "load", "padding": PADDING},
        }
        for n in range(DISTINCT)
    )
    requests = [post(json.dumps(body).encode()) for body in bodies]
    loop, warm, tally = asyncio.get_running_loop(), Tally(), Tally()
    senders = [Sender(requests[n % DISTINCT :] + requests[: n % DISTINCT], warm) for n in range(connections)]
    for sender in senders:
        await loop.create_connection(lambda sender=sender: sender, "127.0.0.1", port)  # type: ignore[misc]
    await asyncio.sleep(WARM_SECONDS)
    for sender in senders:
        sender.tally = tally
    started = time.perf_counter()
    await asyncio.sleep(seconds)
    took = time.perf_counter() - started
    for sender in senders:
        sender.transport.abort()
    ordered = sorted(tally.seconds)
    return {
        "per_second": round(len(ordered) / took),
        "p50_ms": round(ordered[len(ordered) // 2] * 1000, 1),
        "p99_ms": round(ordered[len(ordered) * 99 // 100] * 1000, 1),
        "statuses": {status.decode(): count for status, count in tally.statuses.items()},
    }


if __name__ == "__main__":
    print(json.dumps(uvloop.run(load(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])))))
