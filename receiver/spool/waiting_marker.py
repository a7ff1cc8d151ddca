"""A marker next to the spool while it is not empty, so that a deleted or replaced spool is detected.

It stores the spool's lifetime append count; a spool with a lower count is a different file. Several receivers
may use one home for a moment, so nothing here depends on the memory of one of them.
"""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from receiver.atomic_files import atomic_write, fsync_folder
from receiver.envelope import format_instant
from receiver.spool.sqlite_queue import QueueStats

FILE_NAME = "spool.waiting"
LOST = "spool.lost"


class WaitingMarker:
    """The marker of one home folder. Everything here blocks, and raises `OSError`."""

    def __init__(self, home: Path) -> None:
        self.path = home / FILE_NAME

    @property
    def is_there(self) -> bool:
        """Return whether something waits."""
        return self.path.exists()

    def write(self, stats: QueueStats) -> None:
        """Write the marker for a spool with these totals; fsynced when this returns."""
        atomic_write(self.path, f"{stats.appended}\n".encode())

    def remove(self, count: Callable[[], QueueStats]) -> None:
        """Remove the marker, unless a delivery was appended meanwhile."""
        self.path.unlink(missing_ok=True)
        if (stats := count()).waiting:
            self.write(stats)

    def read_appended(self) -> int:
        """Lifetime count of appended deliveries; 0 where nothing waits."""
        try:
            return int(self.path.read_bytes())
        except FileNotFoundError:
            return 0
        except ValueError as error:  # not what `write` wrote
            raise OSError(f"{self.path} holds no number") from error

    def keep_as_lost(self, now: datetime) -> None:
        """Record the loss of the waiting deliveries, which stays visible whatever the next spool holds."""
        moment = format_instant(now).replace(":", "")
        self.path.replace(self.path.with_name(f"{LOST}-{moment}"))
        fsync_folder(self.path.parent)
