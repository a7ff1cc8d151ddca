"""Logs as JSON lines without personal data: no bodies, no header values, only the type of an exception.

The same line is written at most once in ten seconds, with the number of lines left out, so that a flood of
requests does not flood the log.
"""

import json
import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

EVERY_SECONDS = 10.0
MAX_KINDS = 1000


class JsonFormatter(logging.Formatter):
    """Formatter that writes each log record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as JSON, without its traceback because the text may contain personal data."""
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info and record.exc_info[0]:
            line["exception"] = record.exc_info[0].__name__
        named = {name: vars(record)[name] for name in ("source", "left_out") if name in vars(record)}
        return json.dumps(line | named)


class Sparse(logging.Filter):
    """Log filter that passes records of equal logger, level, template and arguments once in ten seconds."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._monotonic = monotonic
        self._seen: dict[tuple[object, ...], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether to write `record`. Sets `record.left_out` to the number of equal ones left out."""
        kind = self._kind(record)
        now = self._monotonic()
        last, left_out = self._seen.get(kind, (float("-inf"), 0))
        if now - last < EVERY_SECONDS:
            self._seen[kind] = (last, left_out + 1)
            return False
        if len(self._seen) >= MAX_KINDS:
            self._seen.clear()
        self._seen[kind] = (now, 0)
        if left_out:
            record.left_out = left_out
        return True

    @staticmethod
    def _kind(record: logging.LogRecord) -> tuple[object, ...]:
        """Return the key of equal records, without text for librdkafka, which formats its lines itself."""
        text = "" if record.name.endswith("librdkafka") else (record.msg, str(record.args))
        return record.name, record.levelno, text


def log_to_stderr() -> None:
    """Configure logging: JSON lines on stderr, with repeated lines left out."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter())
    handler.addFilter(Sparse())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.getLogger("uvicorn").setLevel(logging.ERROR)
    logging.getLogger("asyncio").setLevel(logging.ERROR)
