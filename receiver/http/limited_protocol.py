"""HTTP on one connection, with an end to everything: headers, bodies, idling, unread answers, connections.

uvicorn closes only an idle kept-alive connection. Here each connection has one deadline, and the server
looks at all of them a few times a second, which costs less than a timer for each.
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
"""Bytes on the wire for a byte of body; chunks of one byte take six."""

MAX_QUEUED = 64
"""Requests sent ahead on one connection before their answers."""

MAX_SURPLUS = 64
"""Connections over the limit that get an answer; more are closed without one."""

NEVER = float("inf")
END_SECONDS = 5.0


class Phase(Enum):
    """Phase of a connection: what it waits for."""

    REQUEST = auto()
    HEADERS = auto()
    BODY = auto()
    ANSWER = auto()
    END = auto()


class LimitedHttpProtocol(HttpToolsProtocol):
    """uvicorn's protocol with limits. The limits are class attributes: see `limited_protocol`."""

    limits: ClassVar[ReceiverSettings]
    surplus: ClassVar[set["LimitedHttpProtocol"]]

    phase = Phase.REQUEST
    deadline = NEVER
    stalled_deadline = NEVER
    message_bytes = 0
    messages = 0
    refusal = BROKEN_REQUEST

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Answer and close a connection over the limit; it is not counted as open."""
        full = len(self.connections) >= self.limits.max_connections
        self.lingering = LingeringTransport(transport, self.loop)
        super().connection_made(self.lingering)  # type: ignore[arg-type]
        self._wait(Phase.REQUEST, self.limits.headers_timeout_seconds)
        if full:
            self.connections.discard(self)
            self.surplus.add(self)
            self.refuse(TOO_MANY_CONNECTIONS)
        if len(self.surplus) > MAX_SURPLUS:
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        super().connection_lost(exc)
        self.surplus.discard(self)

    def data_received(self, data: bytes) -> None:
        """Feeds the parser, and counts what belongs to one message."""
        if self.phase is Phase.END:
            return
        before = self.messages
        super().data_received(data)
        if self.messages == before:
            self.message_bytes += len(data)
            self._check_size()

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        super().on_message_begin()
        self.messages += 1
        self.message_bytes = 0
        self._wait(Phase.HEADERS, self.limits.headers_timeout_seconds)

    def on_headers_complete(self) -> None:
        """The body follows, if there is one."""
        # uvicorn queues without end what a client sends ahead of the answers
        if len(self.pipeline) >= MAX_QUEUED:
            raise ValueError("the parser hands this on as its own error, which ends in send_400_response")
        if sum(len(name) + len(value) for name, value in self.headers) > MAX_HEADER_BYTES:
            self.refusal = HEADERS_TOO_LARGE
            raise ValueError("as above")
        self._wait(Phase.BODY, self.limits.body_timeout_seconds)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """All of the request is here."""
        self._wait(Phase.ANSWER, NEVER)
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """The next request may come, unless this was the last answer."""
        self.lingering.flush()
        super().on_response_complete()
        if self.transport.is_closing():
            self._discard()
        elif self.phase is Phase.ANSWER and self.cycle.response_complete:
            self._wait(Phase.REQUEST, self.limits.idle_timeout_seconds)

    def pause_writing(self) -> None:
        """The client does not read what it is sent."""
        super().pause_writing()
        self.stalled_deadline = self.loop.time() + self.limits.idle_timeout_seconds

    def resume_writing(self) -> None:
        """It reads again."""
        super().resume_writing()
        self.stalled_deadline = NEVER

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's own text
        """Remaining input that the parser has not read."""
        self.refuse(self.refusal)

    def on_refused(self, refusal: HttpRejection) -> None:
        """Hears of each refusal that no application saw."""

    def expire(self, now: float) -> None:
        """Ends what took longer than its limit; `now` is the loop's time."""
        overdue = now >= self.deadline
        if now >= self.stalled_deadline or (overdue and self.phase is Phase.END):
            self.transport.abort()
        elif overdue and self.phase is Phase.REQUEST:
            self._discard()
            self.transport.close()
        elif overdue:
            self.refuse(TOO_SLOW)

    def refuse(self, refusal: HttpRejection) -> None:
        """Answers without the application and closes; an earlier request in the works is answered first."""
        self.on_refused(refusal)
        if self._earlier_in_the_works():
            self.cycle.keep_alive = False
            self._discard()
            return
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self.transport.write(refusal.wire())
        self._discard()
        self.transport.close()

    def _earlier_in_the_works(self) -> bool:
        """Return whether what is refused comes after a whole request that has no answer yet."""
        if self.cycle is None or self.cycle.response_complete:
            return False
        return self.phase is Phase.ANSWER or self.cycle.scope is not self.scope

    def _discard(self) -> None:
        """From here on, what comes in is thrown away; the last answer has as long as it may take."""
        self._wait(Phase.END, self.limits.confirm_timeout_seconds + END_SECONDS)
        self.flow.resume_reading()

    def _check_size(self) -> None:
        if self.phase is Phase.HEADERS and self.message_bytes > MAX_HEADER_BYTES:
            self.refuse(HEADERS_TOO_LARGE)
        elif self.message_bytes > MAX_HEADER_BYTES + MAX_FRAMING * self.limits.max_body_bytes:
            self.refuse(TOO_LARGE)

    def _wait(self, phase: Phase, seconds: float) -> None:
        self.phase = phase
        self.deadline = self.loop.time() + seconds


def limited_protocol(
    settings: ReceiverSettings, on_rejection: Callable[[HttpRejection], None]
) -> type[LimitedHttpProtocol]:
    """Protocol class with these limits; calls `on_rejection` for a rejection before the application."""

    class Limited(LimitedHttpProtocol):
        limits = settings
        surplus: ClassVar[set[LimitedHttpProtocol]] = set()

        def on_refused(self, refusal: HttpRejection) -> None:
            on_rejection(refusal)

    return Limited
