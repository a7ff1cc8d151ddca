"""`hirestream stream`: the long-running loader. Commits micro-batches, builds models, reports to Dagster.

Three threads work in parallel. One reads and decodes the next batch, the main thread commits the current
batch, and one builds models, publishes, and reports the changes to Dagster.
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
    """Load records until `stop` is set or, with `until_caught_up`, until the present end of the topic.

    Raises `LeaseHeld`, `TopicMismatch`, `TooManyRejects` or `Unavailable`; the loaded offsets stay committed.
    Raises `UsageError` when the models do not match the contracts.
    """
    check_generated()
    stop = stop or threading.Event()
    tune_interpreter()
    # SIGTERM and Ctrl-C end the loop after the current commit
    with signals_handled(lambda *_: stop.set()), open_loader(settings, HOLDER, choices) as (reader, loader):
        follow_up = PostCommit(settings)
        follow_up.start()
        try:
            finished = partial(caught_up, settings, loader) if until_caught_up else _never
            for done in commits(settings.load, reader, loader, stop=stop, finished=finished):
                follow_up.add_batch(done)
                _log_batch(done)
        finally:
            follow_up.finish(build=until_caught_up)


def _log_batch(done: LoadResult) -> None:
    text = "batch %d: %d loaded, %d duplicate, %d quarantined"
    log.info(text, done.batch_id, done.loaded, done.duplicate, done.quarantined)


def caught_up(settings: Settings, loader: Loader) -> bool:
    """Return whether the lake has loaded everything that is on the topic now. Raises `Unavailable`."""
    topic = topic_info(settings.kafka)
    marks_by_partition = watermarks(settings.kafka, topic) if topic else {}
    return all(loader.next_offsets.get(p, marks.low) >= marks.high for p, marks in marks_by_partition.items())


def _never() -> bool:
    return False
