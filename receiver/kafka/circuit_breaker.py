"""Return whether Kafka is taken to confirm: one fact that deliveries and drain share."""

import asyncio
import logging

logger = logging.getLogger(__name__)


class CircuitBreaker:
    """Open from the first delivery that Kafka did not confirm until it confirms in time again.

    While it is open no delivery waits for Kafka. `reason` says why, None while it is closed.
    """

    def __init__(self, reason: str | None = None) -> None:
        self.reason = reason
        self.opened = asyncio.Event()
        if reason is not None:
            self.opened.set()

    def open(self, reason: str) -> None:
        """Kafka did not confirm. Again is harmless: only the change is logged."""
        if self.reason is None:
            logger.error("Kafka does not confirm: %s; deliveries go to the spool", reason)
        self.reason = reason
        self.opened.set()

    def close(self) -> None:
        """Kafka confirms. Again is harmless."""
        if self.reason is not None:
            logger.info("Kafka confirms again")
        self.reason = None
        self.opened.clear()
