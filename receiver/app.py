"""FastAPI application of the receiver: routes and error handlers. An unexpected error is answered 503."""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.routing import Route

from receiver.failover import Failover, wait_seconds
from receiver.health import Health
from receiver.http.openapi import DESCRIPTION, with_webhooks
from receiver.http.webhook_endpoint import Clock, NewId, WebhookEndpoint
from receiver.kafka.circuit_breaker import CircuitBreaker
from receiver.kafka.publisher import KafkaPublisher, Publisher
from receiver.metrics import Metrics
from receiver.rejections import METHOD_NOT_ALLOWED, UNAVAILABLE, UNKNOWN_PATH, HttpRejection
from receiver.settings import CoreSettings
from receiver.sources import VerifiedSource, sources
from receiver.spool.drainer import Drainer, Prepare
from receiver.spool.spool import Spool, open_spool
from receiver.unverified.release import release_until_done
from receiver.unverified.store import UnverifiedStore, open_unverified_store

UNPREPARED = "the topic has not been checked yet"

logger = logging.getLogger(__name__)


def create_app(
    settings: CoreSettings,
    publisher: Publisher,
    clock: Clock,
    new_id: NewId,
    prepare: Prepare | None = None,
) -> FastAPI:
    """Create the receiver's application; it closes `publisher` on shutdown.

    `app.state.metrics` holds its `Metrics`. With `prepare`, deliveries go to the spool until `prepare`
    finds the topic usable. Raises `SettingsError` when no source is configured, when a source has no usable
    secret, and when the spool or the store of unverified deliveries cannot be opened.
    """
    known = sources(settings)
    hold = open_unverified_store(settings)
    spool = open_spool(settings)
    circuit = CircuitBreaker(None if prepare is None else UNPREPARED)
    health = Health(publisher, spool, circuit)
    metrics = Metrics((source.name, key_id) for source in known.values() for key_id in source.secrets)
    deliveries = WebhookEndpoint(
        known=known,
        max_body_bytes=settings.receiver.max_body_bytes,
        failover=Failover(publisher, spool, circuit),
        clock=clock,
        new_id=new_id,
        metrics=metrics,
        hold=hold,
    )

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with (
            _drain_in_background(settings, spool, circuit, publisher, prepare),
            _release_in_background(hold, known, publisher, metrics),
        ):
            yield
        await publisher.close()

    app = FastAPI(
        title="hirestream receiver",
        description=DESCRIPTION,
        version="1",
        routes=[Route("/webhooks/{source}", deliveries, methods=["POST"])],
        docs_url=None,  # both pages load their scripts from a third-party server
        redoc_url=None,
        redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False},  # else OTEL_* would send out requests
        lifespan=lifespan,
    )
    app.state.metrics = metrics
    _add_pages(app, health, metrics, hold)
    _add_error_handlers(app)
    _add_webhooks_to_openapi(app, settings)
    return app


@asynccontextmanager
async def _release_in_background(
    hold: UnverifiedStore | None, known: Mapping[str, VerifiedSource], publisher: Publisher, metrics: Metrics
) -> AsyncIterator[None]:
    """Release stored unverified deliveries in a background task during the block; then close their store."""
    if hold is None:
        yield
        return

    def on_released(source: str, count: int) -> None:
        metrics.released(source).inc(count)
        logger.info("released %d unverified deliveries", count, extra={"source": source})

    releasing = asyncio.create_task(release_until_done(hold.queue, known, publisher, on_released))
    yield
    releasing.cancel()
    await asyncio.wait([releasing])
    await hold.close()


@asynccontextmanager
async def _drain_in_background(
    settings: CoreSettings,
    spool: Spool | None,
    circuit: CircuitBreaker,
    publisher: Publisher,
    prepare: Prepare | None,
) -> AsyncIterator[None]:
    """Drain the spool in a background task during the block; then close the spool."""
    if spool is None:
        yield
        return
    timeout_seconds = settings.receiver.confirm_timeout_seconds
    drain = Drainer(
        spool=spool,
        circuit=circuit,
        front=publisher,
        make_publisher=lambda: KafkaPublisher(settings.kafka, timeout_seconds),
        in_time_seconds=wait_seconds(settings),
        prepare=prepare,
    )
    drain.start()
    yield
    await drain.stop(timeout_seconds)
    await spool.close()


def _add_pages(app: FastAPI, health: Health, metrics: Metrics, hold: UnverifiedStore | None) -> None:
    @app.get("/healthz", summary="The process is alive")
    async def healthz() -> dict[str, str]:
        return {"status": "alive"}

    @app.get("/readyz", summary="Deliveries can be kept", responses={503: {"description": "Why not"}})
    async def readyz() -> JSONResponse:
        found = await health.look()
        if found.ready:
            return JSONResponse(found.document())
        return JSONResponse(found.document(), 503, {"retry-after": "1"})

    @app.get("/metrics", summary="Metrics for Prometheus", response_class=Response)
    async def prometheus() -> Response:
        if hold is not None:
            metrics.show_held(await hold.totals())
        metrics.spool.state, metrics.spool.counted = await health.spool()
        return Response(metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")


def _add_error_handlers(app: FastAPI) -> None:
    @app.exception_handler(HTTPException)
    async def unroutable(_request: Request, error: HTTPException) -> Response:
        refusal = METHOD_NOT_ALLOWED if error.status_code == 405 else UNKNOWN_PATH
        return _response(refusal, dict(error.headers or {}))

    @app.exception_handler(Exception)
    async def failed(_request: Request, error: Exception) -> Response:
        logger.error("request failed: %s", type(error).__name__)
        return _response(UNAVAILABLE, {})


def _response(refusal: HttpRejection, headers: dict[str, str]) -> Response:
    named = {name.decode(): value.decode() for name, value in refusal.headers()}
    return Response(refusal.body(), refusal.status, headers | named)


def _add_webhooks_to_openapi(app: FastAPI, settings: CoreSettings) -> None:
    base_openapi = app.openapi

    def openapi() -> dict[str, Any]:
        return with_webhooks(base_openapi(), settings)

    app.openapi = openapi  # type: ignore[method-assign]
