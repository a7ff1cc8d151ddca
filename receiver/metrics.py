"""Prometheus metrics of the receiver, in a separate registry. Labels are configured names and fixed codes."""

from collections.abc import Iterable, Iterator
from functools import cache

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from receiver.spool.sqlite_queue import QueueStats, SourceTotal

NO_SOURCE = "-"
"""Value of the label `source` for a request that names no configured source."""

BUCKETS_SECONDS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30)


SPOOL_STATES = ("idle", "spooling", "draining", "full", "too_old", "failing")


class SpoolSeries(Collector):
    """Collector of the spool's state and totals. Totals are in its file: a restart does not reset them."""

    def __init__(self) -> None:
        self.state: str | None = None
        self.counted: QueueStats | None = None

    def collect(self) -> Iterator[Metric]:
        """Yield the spool's metrics: none without a spool, only its state when the file cannot be read."""
        if self.state is not None:
            states = GaugeMetricFamily("hirestream_spool_state", "1 for the state it is in", labels=["state"])
            for state in SPOOL_STATES:
                states.add_metric([state], float(state == self.state))
            yield states
        if (found := self.counted) is not None:
            oldest = found.oldest_at.timestamp() if found.oldest_at else 0.0
            for name, text, value in (
                ("waiting", "Deliveries in the spool", found.waiting),
                ("bytes", "Bytes of deliveries in the spool", found.size_bytes),
                ("oldest_timestamp_seconds", "When the oldest in the spool came; 0 when it is empty", oldest),
            ):
                yield GaugeMetricFamily(f"hirestream_spool_{name}", text, value)
            yield CounterMetricFamily(
                "hirestream_spool_appended", "Deliveries that ever went into the spool", found.appended
            )
            yield CounterMetricFamily(
                "hirestream_spool_drained", "Deliveries of the spool that Kafka confirmed", found.deleted
            )

    def describe(self) -> Iterator[Metric]:
        """Yield no metric at registration, because the metrics depend on the settings."""
        yield from ()


class Metrics:
    """Metrics of one receiver process."""

    def __init__(self, keys: Iterable[tuple[str, str]]) -> None:
        """Create the metrics; `keys` are `(source, key_id)` of every live secret, whose series start at 0."""
        self.registry = CollectorRegistry()
        deliveries = Counter(
            "hirestream_deliveries",
            "Requests to /webhooks and what became of them",
            ("source", "outcome"),
            registry=self.registry,
        )
        verified = Gauge(
            "hirestream_last_verified_timestamp_seconds",
            "When a secret last verified a delivery; 0 since the start: a secret that can be retired",
            ("source", "key_id"),
            registry=self.registry,
        )
        self.latency = Histogram(
            "hirestream_delivery_seconds",
            "From the start of the request to the confirm of the broker or the fsync of the spool",
            buckets=BUCKETS_SECONDS,
            registry=self.registry,
        )
        self.in_flight = self._gauge("hirestream_deliveries_in_flight", "Requests that wait for an answer")
        self.unreported = self._gauge("hirestream_kafka_unreported", "Messages Kafka has not answered for")
        self.connections = self._gauge("hirestream_open_connections", "Open HTTP connections")
        unverified = Counter(
            "hirestream_hold",
            "Unverified deliveries of sources that store them: held (stored), full, busy or failed",
            ("source", "outcome"),
            registry=self.registry,
        )
        released = Counter(
            "hirestream_released",
            "Stored unverified deliveries that verified later and were published",
            ("source",),
            registry=self.registry,
        )
        held = ("source",)
        self._held = self._gauge("hirestream_held_deliveries", "Unverified deliveries stored now", held)
        self._held_bytes = self._gauge(
            "hirestream_held_bytes", "Bytes of unverified deliveries stored now", held
        )
        self._held_oldest = self._gauge(
            "hirestream_held_oldest_timestamp_seconds",
            "Time of receipt of the oldest stored unverified delivery",
            held,
        )
        self.spool = SpoolSeries()
        self.registry.register(self.spool)
        self.hold = cache(unverified.labels)
        self.released = cache(released.labels)
        self.deliveries = cache(deliveries.labels)
        self.verified = cache(verified.labels)
        for source, key_id in keys:
            self.verified(source, key_id)
            self.deliveries(source, "accepted")
            self.deliveries(source, "spooled")

    def show_held(self, totals: Iterable[SourceTotal]) -> None:
        """Set the gauges of stored unverified deliveries; a source without any has no series."""
        for gauge in (self._held, self._held_bytes, self._held_oldest):
            gauge.clear()
        for total in totals:
            self._held.labels(total.source).set(total.items)
            self._held_bytes.labels(total.source).set(total.size_bytes)
            self._held_oldest.labels(total.source).set(total.oldest_at.timestamp())

    def text(self) -> bytes:
        """Return all metrics in the Prometheus text format."""
        return generate_latest(self.registry)

    def _gauge(self, name: str, text: str, labels: tuple[str, ...] = ()) -> Gauge:
        return Gauge(name, text, labels, registry=self.registry)
