"""Health of Kafka and the spool, for `/readyz` and the metrics."""

from dataclasses import dataclass
from typing import Literal

from receiver.kafka.circuit_breaker import CircuitBreaker
from receiver.kafka.publisher import Publisher
from receiver.spool.spool import Spool, Trouble
from receiver.spool.sqlite_queue import QueueStats

State = Literal["idle", "spooling", "draining"] | Trouble


@dataclass(frozen=True, slots=True)
class HealthReport:
    """Readiness of the receiver. `reason` is why Kafka does not confirm, None when it does."""

    ready: bool
    reason: str | None
    spool: str

    def document(self) -> dict[str, str]:
        """Return the JSON body of `/readyz`."""
        if not self.ready:
            return {"status": "not ready", "reason": self.reason or "", "spool": self.spool}
        return {"status": "ready", "kafka": self.reason or "answers", "spool": self.spool}


class Health:
    """Health check. It asks Kafka only while the circuit is closed: a frozen broker costs a full time-out."""

    def __init__(self, publisher: Publisher, spool: Spool | None, circuit: CircuitBreaker) -> None:
        self._publisher = publisher
        self._spool = spool
        self._circuit = circuit

    async def look(self) -> HealthReport:
        """Report the receiver as ready when Kafka or the spool can take deliveries."""
        reason = self._circuit.reason or await self._publisher.ready()
        spool = self._spool
        takes = spool is not None and spool.takes and spool.trouble is None
        return HealthReport(reason is None or takes, reason, self._spool_state() or "off")

    async def spool(self) -> tuple[State | None, QueueStats | None]:
        """Return `(state, totals)` of the spool: both None without one, totals None when unreadable."""
        return self._spool_state(), None if self._spool is None else await self._spool.stats()

    def _spool_state(self) -> State | None:
        """Return the spool's state. Its own trouble comes first: only Kafka can take deliveries then."""
        if self._spool is None:
            return None
        if self._spool.trouble is not None:
            return self._spool.trouble
        if self._circuit.reason is not None:
            return "spooling"
        return "draining" if self._spool.waiting else "idle"
