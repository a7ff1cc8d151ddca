"""`... PORT CONNECTIONS SECONDS`: signed deliveries as fast as they go; prints the statuses there were."""

import asyncio
import sys
import time
from itertools import count

import aiohttp

from tests.support.events import queued
from tests.support.running import signature


async def flood(port: int, connections: int, seconds: float) -> set[int]:
    """The statuses of all answers; 0 stands for a connection that was refused or cut."""
    seen: set[int] = set()
    end, numbers = time.monotonic() + seconds, count()
    url = f"http://127.0.0.1:{port}/webhooks/popp"

    async def one(session: aiohttp.ClientSession) -> None:
        while time.monotonic() < end:
            body = queued(f"flood-{connections}-{port}-{id(end)}-{next(numbers)}")
            try:
                async with session.post(url, data=body, headers={"x-signature": signature(body)}) as answer:
                    await answer.read()
                    seen.add(answer.status)
            except (aiohttp.ClientError, TimeoutError):
                seen.add(0)

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=connections)) as session:
        await asyncio.gather(*(one(session) for _ in range(connections)))
    return seen


if __name__ == "__main__":
    port, connections, seconds = (int(argument) for argument in sys.argv[1:4])
    sys.stdout.write(" ".join(map(str, sorted(asyncio.run(flood(port, connections, seconds))))))
