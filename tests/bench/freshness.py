"""From webhook to queryable row at a steady rate: `... PORT RATE SECONDS`, next to `hirestream stream`."""

import asyncio
import json
import sys
import threading
import time
from itertools import islice
from pathlib import Path

import aiohttp

from pipelines.lake.connection import open_lake
from pipelines.settings import Settings
from pipelines.simulate.simulation import bodies
from tests.support.running import signature

POLL_SECONDS = 0.1
GRACE_SECONDS = 20


class Watcher(threading.Thread):
    """Asks the lake again and again which deliveries can be seen, as a reader process would."""

    def __init__(self, warehouse: Path) -> None:
        super().__init__(daemon=True)
        self._warehouse = warehouse
        self.seen: dict[str, float] = {}
        self.ending = False

    def run(self) -> None:
        """Look until told to end."""
        con, newest = open_lake(self._warehouse, read_only=True), 0
        while not self.ending:
            rows = con.execute(
                "SELECT delivery_id, batch_id FROM wh.ledger.deliveries WHERE batch_id > ?", [newest]
            ).fetchall()
            now = time.perf_counter()
            for delivery_id, batch_id in rows:
                self.seen[delivery_id] = now
                newest = max(newest, batch_id)
            time.sleep(POLL_SECONDS)


async def send(port: int, rate: int, seconds: int) -> tuple[dict[str, float], list[float]]:
    """When each delivery was begun, by delivery id, and how long each answer took."""
    begun: dict[str, float] = {}
    answers: list[float] = []
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=64)) as session:

        async def one(body: bytes) -> None:
            started = time.perf_counter()
            headers = {"x-signature": signature(body)}
            url = f"http://127.0.0.1:{port}/webhooks/popp"
            async with session.post(url, data=body, headers=headers) as answer:
                found = await answer.json()
            answers.append(time.perf_counter() - started)
            begun[found["delivery_id"]] = started

        start = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for number, body in enumerate(islice(bodies(3, rate * seconds), rate * seconds)):
                await asyncio.sleep(max(start + number / rate - time.perf_counter(), 0))
                group.create_task(one(body))
    return begun, answers


def measure(port: int, rate: int, seconds: int) -> dict[str, float]:
    """Percentiles in seconds of webhook to row, and of webhook to answer as the baseline."""
    watcher = Watcher(Settings.read().warehouse)
    watcher.start()
    time.sleep(1)
    begun, answers = asyncio.run(send(port, rate, seconds))
    end = time.monotonic() + GRACE_SECONDS
    while time.monotonic() < end and not begun.keys() <= watcher.seen.keys():
        time.sleep(0.1)
    watcher.ending = True
    waits = sorted(watcher.seen[delivery_id] - at for delivery_id, at in begun.items())
    answers.sort()
    return {
        "deliveries": len(waits),
        "row_p50": waits[len(waits) // 2],
        "row_p95": waits[len(waits) * 95 // 100],
        "answer_p50": answers[len(answers) // 2],
        "answer_p95": answers[len(answers) * 95 // 100],
    }


if __name__ == "__main__":
    print(json.dumps(measure(*(int(argument) for argument in sys.argv[1:4]))))
