"""Reject limit: too many rejects of one source mean a broken contract, not broken records."""

from collections import deque
from collections.abc import Iterable

from pipelines.errors import HirestreamError

WINDOW = 1000
NO_SOURCE = "(no source)"


class TooManyRejects(HirestreamError):
    """The load stands still before a batch; nothing of it was written."""

    def __init__(self, source: str, rejects: int, of: int) -> None:
        super().__init__(
            f"{rejects} of the last {of} records of source {source} cannot be decoded; nothing of this batch "
            "was loaded and the position is kept. Mend the contract or the source, or continue with "
            "`hirestream stream --accept-rejects`, which puts them into quarantine"
        )
        self.source = source


class RejectLimit:
    """The last records of each source and whether they were rejects: those of earlier loaders too."""

    def __init__(self, share: float, minimum: int) -> None:
        self._share = share
        self._minimum = minimum
        self._recent: dict[str, deque[bool]] = {}

    def check(self, records: Iterable[tuple[str | None, bool]]) -> dict[str, deque[bool]]:
        """The windows after these (source, rejected) records, in order. Raises `TooManyRejects`."""
        windows = {source: deque(window, WINDOW) for source, window in self._recent.items()}
        counts = {source: sum(window) for source, window in windows.items()}
        for source, rejected in records:
            name = source or NO_SOURCE
            window = windows.setdefault(name, deque(maxlen=WINDOW))
            dropped = window[0] if len(window) == WINDOW else False
            window.append(rejected)
            counts[name] = counts.get(name, 0) + rejected - dropped
            if rejected and counts[name] >= self._minimum and counts[name] > self._share * len(window):
                raise TooManyRejects(name, counts[name], len(window))
        return windows

    def keep(self, windows: dict[str, deque[bool]]) -> None:
        """Take over the windows of what was committed."""
        self._recent = windows
