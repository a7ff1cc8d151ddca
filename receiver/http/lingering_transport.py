"""A transport that sends an answer in one piece, and whose close lets the client read it."""

import asyncio

LINGER_SECONDS = 1.0


class LingeringTransport:
    """Closing while unread bytes arrive makes the kernel reset the connection, and the answer is lost.

    So `close` ends our side, lets the protocol throw away what still comes for a second, then closes.
    uvicorn writes the head of an answer and its body apart, a system call and a packet each: the head is
    held until the next write, `flush` or `close`.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._closing = False
        self._head = b""
        self.get_extra_info = transport.get_extra_info
        self.pause_reading = transport.pause_reading
        self.resume_reading = transport.resume_reading
        self.abort = transport.abort

    def write(self, data: bytes) -> None:
        """Sends, as long as there is a connection; an answer to nobody is no error."""
        if self.is_closing():
            return
        if data.startswith(b"HTTP/1.1 ") and not data.startswith(b"HTTP/1.1 1"):
            self.flush()
            self._head = data
        else:
            self._transport.write(self._head + data)
            self._head = b""

    def flush(self) -> None:
        """Sends a head that no body followed."""
        if self._head:
            self._transport.write(self._head)
            self._head = b""

    def is_closing(self) -> bool:
        """Return whether the connection has ended, or is about to."""
        return self._closing or self._transport.is_closing()

    def close(self) -> None:
        """Ends our side now and the connection soon. Again is harmless."""
        if not self.is_closing():
            self.flush()
            self._closing = True
            self._transport.write_eof()
            self._loop.call_later(LINGER_SECONDS, self._transport.abort)
