"""A transport whose close lets the client read the answer, even while it is still sending."""

import asyncio

LINGER_SECONDS = 1.0


class Lingering:
    """Closing while unread bytes arrive makes the kernel reset the connection, and the answer is lost.

    So `close` ends our side, lets the protocol throw away what still comes for a second, then closes.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._closing = False
        self.get_extra_info = transport.get_extra_info
        self.pause_reading = transport.pause_reading
        self.resume_reading = transport.resume_reading
        self.abort = transport.abort

    def write(self, data: bytes) -> None:
        """Sends, as long as there is a connection; an answer to nobody is no error."""
        if not self.is_closing():
            self._transport.write(data)

    def is_closing(self) -> bool:
        """Whether the connection has ended, or is about to."""
        return self._closing or self._transport.is_closing()

    def close(self) -> None:
        """Ends our side now and the connection soon. Again is harmless."""
        if not self.is_closing():
            self._closing = True
            self._transport.write_eof()
            self._loop.call_later(LINGER_SECONDS, self._transport.abort)
