"""`hirestream stream`: the long-lived loader. Commits micro-batches, builds touched models, tells Dagster.

Three threads, so that each kind of work overlaps the others: one reads and decodes the next batch while the
main one commits this one, and one builds models, publishes and reports what has changed since.
"""

import logging
import threading
from functools import partial

from pipelines.ingest.topic_admin import topic_info, watermarks
from pipelines.load.loader import Loader, LoadResult
from pipelines.load.read_ahead import commits, tune_interpreter
from pipelines.load.session import LoadPolicy, open_loader
from pipelines.runtime.stream.post_commit import PostCommit
from pipelines.settings import Settings
from pipelines.transform.generated_sources import check_generated
from receiver.signal_handlers import signals_handled

log = logging.getLogger(__name__)

HOLDER = "hirestream stream"


def run_stream(
    settings: Settings, choices: LoadPolicy, *, until_caught_up: bool, stop: threading.Event | None = None
) -> None:
    """Load until told to stop, or until all that is on the topic now is loaded and modelled.

    Raises `LeaseHeld`, `TopicMismatch`, `TooManyRejects` or `Unavailable`; the position is kept in any case.
    Raises `UsageError` where the models do not know the contracts.
    """
    check_generated()
    stop = stop or threading.Event()
    tune_interpreter()
    # SIGTERM and Ctrl-C end the loop after the commit that runs
    with signals_handled(lambda *_: stop.set()), open_loader(settings, HOLDER, choices) as (reader, loader):
        follow_up = PostCommit(settings)
        follow_up.start()
        try:
            finished = partial(caught_up, settings, loader) if until_caught_up else _never
            for done in commits(settings.load, reader, loader, stop=stop, finished=finished):
                follow_up.tell(done)
                _say(done)
        finally:
            follow_up.finish(build=until_caught_up)


def _say(done: LoadResult) -> None:
    text = "batch %d: %d loaded, %d duplicate, %d quarantined"
    log.info(text, done.batch_id, done.loaded, done.duplicate, done.quarantined)


def caught_up(settings: Settings, loader: Loader) -> bool:
    """Return whether everything that is on the topic now is in the lake. Raises `Unavailable`."""
    topic = topic_info(settings.kafka)
    found = watermarks(settings.kafka, topic) if topic else {}
    return all(loader.next_offsets.get(p, marks.low) >= marks.high for p, marks in found.items())


def _never() -> bool:
    return False
