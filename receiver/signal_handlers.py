"""Handlers of signals for the time of a block."""

import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

Handler = Callable[[int, Any], Any] | signal.Handlers

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def signals_handled(handler: Handler, signals: Sequence[signal.Signals] = STOP_SIGNALS) -> Iterator[None]:
    """Inside, `signals` go to `handler`. Only the main thread can do so; in another one nothing changes."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, handler) for number in signals}
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)
