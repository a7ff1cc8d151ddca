"""Transport that sends an answer in one packet, and closes so that the client can still read it."""

import asyncio

LINGER_SECONDS = 1.0


class LingeringTransport:
    """asyncio transport with a delayed close and with the head and body of an answer in one write.

    Closing a socket while unread bytes arrive makes the kernel reset the connection, and the answer is lost.
    So `close` sends EOF, lets the protocol discard input for a second, then aborts the connection. uvicorn
    writes the head of an answer and its body separately, a system call and a packet each; so the head is
    buffered until the next write, `flush` or `close`.
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
        """Send data, or buffer it when it is the head of an answer. A closing connection drops it."""
        if self.is_closing():
            return
        if data.startswith(b"HTTP/1.1 ") and not data.startswith(b"HTTP/1.1 1"):
            self.flush()
            self._head = data
        else:
            self._transport.write(self._head + data)
            self._head = b""

    def flush(self) -> None:
        """Send a buffered head without waiting for a body."""
        if self._head:
            self._transport.write(self._head)
            self._head = b""

    def is_closing(self) -> bool:
        """Return whether the connection is closed or closing."""
        return self._closing or self._transport.is_closing()

    def close(self) -> None:
        """Send EOF now and abort the connection after `LINGER_SECONDS`. Can be called again."""
        if not self.is_closing():
            self.flush()
            self._closing = True
            self._transport.write_eof()
            self._loop.call_later(LINGER_SECONDS, self._transport.abort)
