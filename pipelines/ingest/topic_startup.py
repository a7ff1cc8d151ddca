"""The topic before the receiver starts, and while it runs where Kafka was not there at its start."""

from collections.abc import Callable

from pipelines.errors import HirestreamError, TopicMismatch, Unavailable
from pipelines.ingest.topic_admin import ensure_topic
from pipelines.settings import Settings

TIMEOUT_SECONDS = 3.0
"""Time-out of one readiness check of Kafka while the spool can take deliveries."""


def prepare_topic(settings: Settings) -> Callable[[], str | None] | None:
    """Make sure of the topic. None when that is done, else what has to be called until it returns None.

    It returns why the topic cannot be used yet. A topic that does not fit the settings stops the start, with
    somebody there to read why; found unfit later it is only not used, and deliveries go to the spool.
    Raises `TopicMismatch`, and without the spool `Unavailable`.
    """
    if not settings.spool.enabled:
        ensure_topic(settings.kafka)
        return None
    try:
        ensure_topic(settings.kafka, timeout_seconds=TIMEOUT_SECONDS)
    except TopicMismatch:
        raise
    except Unavailable:
        return lambda: _problem(settings)
    return None


def _problem(settings: Settings) -> str | None:
    try:
        ensure_topic(settings.kafka, timeout_seconds=TIMEOUT_SECONDS)
    except HirestreamError as error:
        return str(error)
    return None
