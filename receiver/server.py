"""The receiver as a process: one event loop, ended by SIGTERM or Ctrl-C once every answer is given."""

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
"""Most that key and headers add to a body on the topic."""

OTHER_FILES = 256
"""Files and sockets that are not connections of senders: Kafka's, logs, the connections being refused."""

GRACE_SECONDS = 2

logger = logging.getLogger(__name__)


class ServerError(Exception):
    """The process cannot serve here: a port or a limit of the machine. One line with the remedy."""


class BoundedServer(uvicorn.Server):
    """uvicorn's server, which also ends overdue connections."""

    async def on_tick(self, counter: int) -> bool:
        """Ten times a second."""
        now = asyncio.get_running_loop().time()
        for connection in tuple(self.server_state.connections):
            if isinstance(connection, LimitedHttpProtocol):
                connection.expire(now)
        return await super().on_tick(counter)


def serve(settings: CoreSettings, prepare: Prepare | None = None) -> None:
    """Take deliveries until SIGTERM or SIGINT, then finish those under way and return.

    With `prepare` nothing is produced until it has made sure of the topic: what comes is spooled, and it is
    tried again and again next to that. Without, the topic is the caller's to check before.
    Raises `SettingsError` when nothing could be verified or confirmed with `settings`, `ServerError` when
    the port or the open files needed are unavailable.
    """
    check(settings)
    serve_into(KafkaPublisher(settings.kafka, wait_seconds(settings)), settings, prepare)


def serve_into(publisher: Publisher, settings: CoreSettings, prepare: Prepare | None = None) -> None:
    """`serve` with a publisher that is there already; it is closed at the end."""
    log_to_stderr()
    limits = settings.receiver
    _allow_files(limits.max_connections + OTHER_FILES)
    listener = _listen(limits.host, limits.port)
    app = create_app(settings, publisher, clock=lambda: datetime.now(UTC), new_id=_uuid7, prepare=prepare)
    metrics: Metrics = app.state.metrics
    metrics.unreported.set_function(lambda: publisher.in_flight)
    server = BoundedServer(_config(settings, app, metrics))
    metrics.connections.set_function(lambda: len(server.server_state.connections))
    logger.info("listening on %s port %d", limits.host, limits.port)

    def stop(*_: object) -> None:
        server.should_exit = True

    with signals_handled(stop):  # uvicorn raises a caught signal once more at its end; so the exit is 0
        server.run(sockets=[listener])
    logger.info("stopped")


def check(settings: CoreSettings) -> None:
    """Raises `SettingsError` for what would refuse deliveries later on."""
    sources(settings)
    if settings.receiver.max_body_bytes + ENVELOPE_BYTES > settings.kafka.max_message_bytes:
        raise SettingsError(
            "HIRESTREAM_RECEIVER__MAX_BODY_BYTES does not fit into HIRESTREAM_KAFKA__MAX_MESSAGE_BYTES with "
            f"{ENVELOPE_BYTES} bytes of headers; lower the first or raise the second"
        )


def _config(settings: CoreSettings, app: Any, metrics: Metrics) -> uvicorn.Config:
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


def _allow_files(needed: int) -> None:
    """Raise the soft limit of open files: reaching it would stop Kafka's sockets too."""
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
