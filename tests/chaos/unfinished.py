"""`... PORT CONNECTIONS SECONDS`: requests of nearly a megabyte of which the end never comes."""

import asyncio
import contextlib
import sys

BODY = b"{" + b" " * 899_999
HEADERS = b"POST /webhooks/popp HTTP/1.1\r\nhost: x\r\nx-signature: 00\r\ncontent-length: 900001\r\n\r\n"


async def unfinished(port: int, connections: int, seconds: float) -> None:
    """Send them all at once and hold them; a connection that is refused is opened again."""

    async def one() -> None:
        while True:
            with contextlib.suppress(OSError):
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(HEADERS + BODY)
                await reader.read()
                writer.close()
            await asyncio.sleep(0.2)

    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(asyncio.gather(*(one() for _ in range(connections))), seconds)


if __name__ == "__main__":
    asyncio.run(unfinished(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])))
