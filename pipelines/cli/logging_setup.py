"""Logging of a process to stderr: short lines on a terminal, JSON lines otherwise."""

import json
import logging
import sys
from datetime import UTC, datetime

QUIET = ("librdkafka", "httpx", "httpcore", "urllib3", "alembic", "jgo")


class JsonLines(logging.Formatter):
    """Log formatter that writes one JSON object per record.

    Its keys are `at` (UTC), `level`, `logger`, `message`, and `exception` if the record has one.
    """

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def configure_logging(level: int = logging.INFO) -> None:
    """Log to stderr in this process; libraries in `QUIET` log warnings and errors only."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        logging.Formatter("%(asctime)s %(levelname)s %(message)s", "%H:%M:%S")
        if sys.stderr.isatty()
        else JsonLines()
    )
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
