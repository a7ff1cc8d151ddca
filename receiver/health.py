"""Health of Kafka and spool, from the circuit breaker's state where it has one."""

from dataclasses import dataclass
from typing import Literal

from receiver.kafka.circuit_breaker import CircuitBreaker
from receiver.kafka.publisher import Publisher
from receiver.spool.spool import Spool, Trouble
from receiver.spool.sqlite_queue import QueueStats

State = Literal["idle", "spooling", "draining"] | Trouble


@dataclass(frozen=True, slots=True)
class HealthReport:
    """Return whether deliveries can be kept, and where; `reason` is why Kafka does not confirm."""

    ready: bool
    reason: str | None
    spool: str

    def document(self) -> dict[str, str]:
        """The JSON answer."""
        if not self.ready:
            return {"status": "not ready", "reason": self.reason or "", "spool": self.spool}
        return {"status": "ready", "kafka": self.reason or "answers", "spool": self.spool}


class Health:
    """Asks Kafka only while nothing is known against it: a frozen one takes its time to say nothing."""

    def __init__(self, publisher: Publisher, spool: Spool | None, circuit: CircuitBreaker) -> None:
        self._publisher = publisher
        self._spool = spool
        self._circuit = circuit

    async def look(self) -> HealthReport:
        """Ready while one of the two can take deliveries."""
        reason = self._circuit.reason or await self._publisher.ready()
        spool = self._spool
        takes = spool is not None and spool.takes and spool.trouble is None
        return HealthReport(reason is None or takes, reason, self._state() or "off")

    async def spool(self) -> tuple[State | None, QueueStats | None]:
        """State and numbers of the spool, None without one."""
        return self._state(), None if self._spool is None else await self._spool.stats()

    def _state(self) -> State | None:
        """Full or failing before anything else: then Kafka alone stands between a sender and a 503."""
        if self._spool is None:
            return None
        if self._spool.trouble is not None:
            return self._spool.trouble
        if self._circuit.reason is not None:
            return "spooling"
        return "draining" if self._spool.waiting else "idle"
