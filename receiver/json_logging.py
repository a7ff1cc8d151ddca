"""Logs as JSON lines without data: no bodies, no header values, of an exception only its type.

The same line at most once in ten seconds, with the number of those left out, so that a flood of requests
is no flood of log.
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
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """`record` without its traceback, whose text may hold data."""
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
    """Lets a kind of line through once in a while. A kind is the logger, the level and the template."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._monotonic = monotonic
        self._seen: dict[tuple[object, ...], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether `record` is written; it is told how many like it were not."""
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
        """librdkafka formats its lines itself, so there the text is not a template."""
        text = "" if record.name.endswith("librdkafka") else (record.msg, str(record.args))
        return record.name, record.levelno, text


def log_to_stderr() -> None:
    """Sends everything the receiver says to stderr in this form."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter())
    handler.addFilter(Sparse())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.getLogger("uvicorn").setLevel(logging.ERROR)
    logging.getLogger("asyncio").setLevel(logging.ERROR)
