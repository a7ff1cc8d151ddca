"""`hirestream stream`: the long-lived loader. Commits micro-batches, builds touched models, tells Dagster.

Three threads, so that each kind of work overlaps the others: one reads and decodes the next batch while the
main one commits this one, and one builds models, publishes and reports what has changed since.
"""

import gc
import logging
import queue
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Self

from pipelines.flatten.batch import DecodedBatch, decode_batch
from pipelines.ingest.reader import TopicReader
from pipelines.ingest.topic import TopicInfo, topic_info, watermarks
from pipelines.operate.followup import FollowUp
from pipelines.settings import Settings
from pipelines.warehouse.load import Loaded, Loader
from pipelines.warehouse.loading import Choices, open_loader

log = logging.getLogger(__name__)

HOLDER = "hirestream stream"


def run_stream(
    settings: Settings, choices: Choices, *, until_caught_up: bool, stop: threading.Event | None = None
) -> None:
    """Load until told to stop, or until all that is on the topic now is loaded and modelled.

    Raises `LeaseHeld`, `TopicMismatch`, `TooManyRejects` or `Unavailable`; the position is kept in any case.
    """
    stop = stop or threading.Event()
    gc.set_threshold(100_000, 20, 100)  # a batch makes a million short-lived values and hardly a cycle
    with _stopping_on_signals(stop), open_loader(settings, HOLDER, choices) as (reader, loader):
        follow_up = FollowUp(settings)
        follow_up.start()
        try:
            with _Ahead(settings, reader, stop) as ahead:
                for batch in _batches(settings, ahead, loader, stop, until_caught_up):
                    done = loader.load(batch)
                    follow_up.tell(done)
                    _say(done)
        finally:
            follow_up.finish(build=until_caught_up)


def _batches(
    settings: Settings, ahead: "_Ahead", loader: Loader, stop: threading.Event, until_caught_up: bool
) -> Iterator[DecodedBatch]:
    """Decoded batches until told to stop, or until nothing is left."""
    topic = topic_info(settings.kafka)
    while not stop.is_set():
        batch = ahead.take()
        if batch is not None:
            yield batch
        elif until_caught_up and topic and caught_up(settings, topic, loader):
            return


def _say(done: Loaded) -> None:
    text = "batch %d: %d loaded, %d duplicate, %d quarantined"
    log.info(text, done.batch_id, done.loaded, done.duplicate, done.quarantined)


def caught_up(settings: Settings, topic: TopicInfo, loader: Loader) -> bool:
    """Whether everything that is on the topic now is in the lake. Raises `Unavailable`."""
    here = loader.next_offsets
    return all(here.get(p, w.low) >= w.high for p, w in watermarks(settings.kafka, topic).items())


class _Ahead:
    """Reads and decodes one batch ahead of the commits, in a thread of its own."""

    def __init__(self, settings: Settings, reader: TopicReader, stop: threading.Event) -> None:
        self._load = settings.load
        self._reader = reader
        self._stop = stop
        self._found: queue.Queue[DecodedBatch | BaseException] = queue.Queue(maxsize=1)
        self._thread = threading.Thread(target=self._run, name="read-ahead")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def take(self) -> DecodedBatch | None:
        """The next batch, None when nothing arrived for a while. Raises what reading raised."""
        try:
            found = self._found.get(timeout=2 * self._load.linger_seconds + 0.5)
        except queue.Empty:
            return None
        if isinstance(found, BaseException):
            raise found
        return found

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                raw = self._reader.read(self._load.max_batch_records, self._load.linger_seconds)
                found: DecodedBatch | BaseException | None = decode_batch(raw) if len(raw) else None
            except BaseException as error:  # noqa: BLE001 - raised again in the thread that loads
                found = error
            if found is not None:
                self._hand_over(found)
            if isinstance(found, BaseException):
                return

    def _hand_over(self, found: DecodedBatch | BaseException) -> None:
        while not self._stop.is_set():
            try:
                self._found.put(found, timeout=0.2)
            except queue.Full:
                continue
            return


@contextmanager
def _stopping_on_signals(stop: threading.Event) -> Iterator[None]:
    """SIGTERM and Ctrl-C end the loop after the commit that runs. Only where signals can be received."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def set_stop(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    before = {number: signal.signal(number, set_stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
