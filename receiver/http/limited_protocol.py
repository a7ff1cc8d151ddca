"""uvicorn HTTP protocol with time-outs and size limits, and a limit on open connections.

uvicorn itself closes only idle kept-alive connections. Here each connection has one deadline, which the
server checks ten times a second, because that costs less than a timer for each connection.
"""

import asyncio
from collections.abc import Callable
from enum import Enum, auto
from typing import ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from receiver.http.lingering_transport import LingeringTransport
from receiver.rejections import (
    BROKEN_REQUEST,
    HEADERS_TOO_LARGE,
    TOO_LARGE,
    TOO_MANY_CONNECTIONS,
    TOO_SLOW,
    HttpRejection,
)
from receiver.settings import ReceiverSettings

MAX_HEADER_BYTES = 64 * 1024
MAX_FRAMING = 8
"""Maximum bytes on the wire for a byte of body; chunks of one byte take six."""

MAX_QUEUED = 64
"""Maximum requests on one connection that are sent before earlier ones are answered."""

MAX_SURPLUS = 64
"""Maximum connections over `max_connections` that get an answer; more are aborted without one."""

NEVER = float("inf")
END_SECONDS = 5.0


class Phase(Enum):
    """Phase of a connection, named after what it waits for; END discards further input before closing."""

    REQUEST = auto()
    HEADERS = auto()
    BODY = auto()
    ANSWER = auto()
    END = auto()


class LimitedHttpProtocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol with limits, which `limited_protocol` sets as class attributes."""

    limits: ClassVar[ReceiverSettings]
    surplus: ClassVar[set["LimitedHttpProtocol"]]

    phase = Phase.REQUEST
    deadline = NEVER
    stalled_deadline = NEVER
    message_bytes = 0
    messages = 0
    refusal = BROKEN_REQUEST

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the deadline. A connection over the limit is answered 503 and closed, and not counted."""
        full = len(self.connections) >= self.limits.max_connections
        self.lingering = LingeringTransport(transport, self.loop)
        super().connection_made(self.lingering)  # type: ignore[arg-type]
        self._enter_phase(Phase.REQUEST, self.limits.headers_timeout_seconds)
        if full:
            self.connections.discard(self)
            self.surplus.add(self)
            self.refuse(TOO_MANY_CONNECTIONS)
        if len(self.surplus) > MAX_SURPLUS:
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Release the connection's place among those over the limit."""
        super().connection_lost(exc)
        self.surplus.discard(self)

    def data_received(self, data: bytes) -> None:
        """Pass the data to the parser and check the size of the current request."""
        if self.phase is Phase.END:
            return
        before = self.messages
        super().data_received(data)
        if self.messages == before:
            self.message_bytes += len(data)
            self._check_size()

    def on_message_begin(self) -> None:
        """Start the deadline of the headers at the first byte of a request."""
        super().on_message_begin()
        self.messages += 1
        self.message_bytes = 0
        self._enter_phase(Phase.HEADERS, self.limits.headers_timeout_seconds)

    def on_headers_complete(self) -> None:
        """Check the headers and start the deadline of the body."""
        # uvicorn queues pipelined requests without limit
        if len(self.pipeline) >= MAX_QUEUED:
            raise ValueError("the parser hands this on as its own error, which ends in send_400_response")
        if sum(len(name) + len(value) for name, value in self.headers) > MAX_HEADER_BYTES:
            self.refusal = HEADERS_TOO_LARGE
            raise ValueError("as above")
        self._enter_phase(Phase.BODY, self.limits.body_timeout_seconds)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Wait without a deadline for the answer to the complete request."""
        self._enter_phase(Phase.ANSWER, NEVER)
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Wait for the next request, or discard further input when the connection is closing."""
        self.lingering.flush()
        super().on_response_complete()
        if self.transport.is_closing():
            self._discard_input()
        elif self.phase is Phase.ANSWER and self.cycle.response_complete:
            self._enter_phase(Phase.REQUEST, self.limits.idle_timeout_seconds)

    def pause_writing(self) -> None:
        """Start a deadline for a client that does not read its answer."""
        super().pause_writing()
        self.stalled_deadline = self.loop.time() + self.limits.idle_timeout_seconds

    def resume_writing(self) -> None:
        """Clear the deadline when the client reads again."""
        super().resume_writing()
        self.stalled_deadline = NEVER

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's own text
        """Refuse a request that the parser rejects, with `refusal` instead of uvicorn's text."""
        self.refuse(self.refusal)

    def on_refused(self, refusal: HttpRejection) -> None:
        """Handle a rejection that was answered before the application; subclasses override it."""

    def expire(self, now: float) -> None:
        """Close or refuse a connection past its deadline; `now` is the event loop's time in seconds."""
        overdue = now >= self.deadline
        if now >= self.stalled_deadline or (overdue and self.phase is Phase.END):
            self.transport.abort()
        elif overdue and self.phase is Phase.REQUEST:
            self._discard_input()
            self.transport.close()
        elif overdue:
            self.refuse(TOO_SLOW)

    def refuse(self, refusal: HttpRejection) -> None:
        """Send `refusal` and close. When an earlier request is unanswered, only that answer is sent first."""
        self.on_refused(refusal)
        if self._has_unanswered_request():
            self.cycle.keep_alive = False
            self._discard_input()
            return
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self.transport.write(refusal.wire())
        self._discard_input()
        self.transport.close()

    def _has_unanswered_request(self) -> bool:
        """Return whether a complete earlier request on this connection has no answer yet."""
        if self.cycle is None or self.cycle.response_complete:
            return False
        return self.phase is Phase.ANSWER or self.cycle.scope is not self.scope

    def _discard_input(self) -> None:
        """Discard all further input; the deadline leaves time for the last answer."""
        self._enter_phase(Phase.END, self.limits.confirm_timeout_seconds + END_SECONDS)
        self.flow.resume_reading()

    def _check_size(self) -> None:
        if self.phase is Phase.HEADERS and self.message_bytes > MAX_HEADER_BYTES:
            self.refuse(HEADERS_TOO_LARGE)
        elif self.message_bytes > MAX_HEADER_BYTES + MAX_FRAMING * self.limits.max_body_bytes:
            self.refuse(TOO_LARGE)

    def _enter_phase(self, phase: Phase, seconds: float) -> None:
        self.phase = phase
        self.deadline = self.loop.time() + seconds


def limited_protocol(
    settings: ReceiverSettings, on_rejection: Callable[[HttpRejection], None]
) -> type[LimitedHttpProtocol]:
    """Return a protocol class with these limits; it calls `on_rejection` for each of its rejections."""

    class Limited(LimitedHttpProtocol):
        limits = settings
        surplus: ClassVar[set[LimitedHttpProtocol]] = set()

        def on_refused(self, refusal: HttpRejection) -> None:
            on_rejection(refusal)

    return Limited
