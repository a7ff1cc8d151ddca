"""Reading and decoding in a thread of their own, so that they overlap the commits."""

import gc
import queue
import sys
import threading
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Self

from pipelines.decode.decoded_batch import DecodedBatch
from pipelines.ingest.consumer import TopicReader
from pipelines.ingest.raw_batch import RawBatch
from pipelines.load.loader import Loader, LoadResult
from pipelines.settings import LoadSettings

SWITCH_SECONDS = 0.0005


def tune_interpreter() -> None:
    """Set this process up for loading: its two threads hand over soon, and no collector runs in vain.

    A thread that comes back from DuckDB waits a switch interval for the other one, a hundred times a commit.
    A batch makes a million short-lived values and hardly a cycle.
    """
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.set_threshold(100_000, 20, 100)


def commits(
    load: LoadSettings,
    reader: TopicReader,
    loader: Loader,
    *,
    stop: threading.Event,
    finished: Callable[[], bool],
) -> Iterator[LoadResult]:
    """Load batch after batch until `stop` is set, or until nothing arrives and `finished` says so.

    Raises what reading and loading raise; what was committed before stays.
    """
    with ReadAhead(load, reader, loader.decode, stop) as ahead:
        while not stop.is_set():
            batch = ahead.take()
            if batch is not None:
                yield loader.load(batch)
            elif finished():
                return


class ReadAhead:
    """Decoded batches, one ahead of the commits. Use it as a context: leaving ends the thread."""

    def __init__(
        self,
        load: LoadSettings,
        reader: TopicReader,
        decode: Callable[[RawBatch], DecodedBatch],
        stop: threading.Event,
    ) -> None:
        self._load = load
        self._reader = reader
        self._decode = decode
        self._stop = stop
        self._left = threading.Event()
        self._found: queue.Queue[DecodedBatch | BaseException] = queue.Queue(maxsize=1)
        self._thread = threading.Thread(target=self._run, name="read-ahead")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._left.set()
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
        while not self._ending():
            try:
                raw = self._reader.read(self._load.max_batch_records, self._load.linger_seconds)
                found: DecodedBatch | BaseException | None = self._decode(raw) if len(raw) else None
            except BaseException as error:  # noqa: BLE001 - raised again in the thread that loads
                found = error
            if found is not None:
                self._hand_over(found)
            if isinstance(found, BaseException):
                return

    def _hand_over(self, found: DecodedBatch | BaseException) -> None:
        while not self._ending():
            try:
                self._found.put(found, timeout=0.2)
            except queue.Full:
                continue
            return

    def _ending(self) -> bool:
        return self._stop.is_set() or self._left.is_set()
