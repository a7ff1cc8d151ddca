"""Receiver process: one event loop. SIGTERM or Ctrl-C ends it after the requests in progress are answered."""

import asyncio
import logging
import math
import resource
import socket
from datetime import UTC, datetime
from typing import Any

import uuid_utils
import uvicorn

from receiver.app import create_app
from receiver.failover import wait_seconds
from receiver.http.limited_protocol import LimitedHttpProtocol, limited_protocol
from receiver.json_logging import log_to_stderr
from receiver.kafka.publisher import KafkaPublisher, Publisher
from receiver.metrics import NO_SOURCE, Metrics
from receiver.rejections import HttpRejection
from receiver.settings import CoreSettings, SettingsError
from receiver.signal_handlers import signals_handled
from receiver.sources import sources
from receiver.spool.drainer import Prepare

ENVELOPE_BYTES = 16 * 1024
"""Maximum bytes that the key and headers add to a body on the topic."""

OTHER_FILES = 256
"""Number of files and sockets reserved for Kafka, logs and connections that are being refused."""

GRACE_SECONDS = 2

logger = logging.getLogger(__name__)


class ServerError(Exception):
    """Raised when the port or the open-file limit prevents serving. The message names the remedy."""


class BoundedServer(uvicorn.Server):
    """uvicorn server that also closes connections past their deadline."""

    async def on_tick(self, counter: int) -> bool:
        """Expire overdue connections; uvicorn calls this ten times a second."""
        now = asyncio.get_running_loop().time()
        for connection in tuple(self.server_state.connections):
            if isinstance(connection, LimitedHttpProtocol):
                connection.expire(now)
        return await super().on_tick(counter)


def serve(settings: CoreSettings, prepare: Prepare | None = None) -> None:
    """Accept deliveries until SIGTERM or SIGINT, then finish those in progress and return.

    With `prepare`, deliveries go to the spool until `prepare`, which is retried, finds the topic usable.
    Without it, the caller must have checked the topic. Raises `SettingsError` when `settings` could not
    verify or publish any delivery, `ServerError` when the port or enough open files are unavailable.
    """
    check(settings)
    serve_into(KafkaPublisher(settings.kafka, wait_seconds(settings)), settings, prepare)


def serve_into(publisher: Publisher, settings: CoreSettings, prepare: Prepare | None = None) -> None:
    """Run `serve` with an existing publisher, which is closed at the end; `settings` are not checked."""
    log_to_stderr()
    limits = settings.receiver
    _raise_open_files_limit(limits.max_connections + OTHER_FILES)
    listener = _listen(limits.host, limits.port)
    app = create_app(settings, publisher, clock=lambda: datetime.now(UTC), new_id=_uuid7, prepare=prepare)
    metrics: Metrics = app.state.metrics
    metrics.unreported.set_function(lambda: publisher.in_flight)
    server = BoundedServer(_uvicorn_config(settings, app, metrics))
    metrics.connections.set_function(lambda: len(server.server_state.connections))
    logger.info("listening on %s port %d", limits.host, limits.port)

    def stop(*_: object) -> None:
        server.should_exit = True

    with signals_handled(stop):  # uvicorn raises a caught signal again at its end; so the exit code is 0
        server.run(sockets=[listener])
    logger.info("stopped")


def check(settings: CoreSettings) -> None:
    """Check sources and message sizes. Raises `SettingsError` for a setting that would refuse deliveries."""
    sources(settings)
    if settings.receiver.max_body_bytes + ENVELOPE_BYTES > settings.kafka.max_message_bytes:
        raise SettingsError(
            "HIRESTREAM_RECEIVER__MAX_BODY_BYTES does not fit into HIRESTREAM_KAFKA__MAX_MESSAGE_BYTES with "
            f"{ENVELOPE_BYTES} bytes of headers; lower the first or raise the second"
        )


def _uvicorn_config(settings: CoreSettings, app: Any, metrics: Metrics) -> uvicorn.Config:
    def on_refused(refusal: HttpRejection) -> None:
        metrics.deliveries(NO_SOURCE, refusal.code).inc()
        logger.info("refused: %s", refusal.code, extra={"source": NO_SOURCE})

    limits = settings.receiver
    return uvicorn.Config(
        app,
        loop="uvloop",
        http=limited_protocol(limits, on_refused),
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=math.ceil(limits.idle_timeout_seconds) + 1,
        timeout_graceful_shutdown=math.ceil(limits.confirm_timeout_seconds) + GRACE_SECONDS,
    )


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise ServerError(
            f"cannot listen on {host} port {port}: {error.strerror}; stop what listens there, "
            "or set HIRESTREAM_RECEIVER__PORT or __HOST"
        ) from error


def _raise_open_files_limit(needed: int) -> None:
    """Raise the soft limit of open files to `needed`: Kafka's sockets would fail at the limit too.

    Raises `ServerError` when the hard limit is lower.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < needed:
        if hard != resource.RLIM_INFINITY and hard < needed:
            raise ServerError(
                f"only {hard} open files are allowed and {needed} are needed; raise it with ulimit -Hn, "
                "or lower HIRESTREAM_RECEIVER__MAX_CONNECTIONS"
            )
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))


def _uuid7() -> str:
    return str(uuid_utils.uuid7())
