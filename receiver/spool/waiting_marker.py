"""A file next to the spool that says that something waits in it, so that it shows when the spool is gone.

It holds how many deliveries had ever come into the spool by then: a spool that counts fewer is another one.
Several receivers may use one home for a moment, so nothing here rests on what one of them remembers.
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

    def put(self, counted: QueueStats) -> None:
        """Something waits, in a spool of these numbers. On the disk when this returns."""
        atomic_write(self.path, f"{counted.appended}\n".encode())

    def remove(self, count: Callable[[], QueueStats]) -> None:
        """Nothing waits any more, unless something came in behind this."""
        self.path.unlink(missing_ok=True)
        if (counted := count()).waiting:
            self.put(counted)

    def appended(self) -> int:
        """Lifetime count of appended deliveries; 0 where nothing waits."""
        try:
            return int(self.path.read_bytes())
        except FileNotFoundError:
            return 0
        except ValueError as error:  # not what `put` wrote
            raise OSError(f"{self.path} holds no number") from error

    def keep_as_lost(self, now: datetime) -> None:
        """Record the loss of the waiting deliveries, which stays visible whatever the next spool holds."""
        moment = format_instant(now).replace(":", "")
        self.path.replace(self.path.with_name(f"{LOST}-{moment}"))
        fsync_folder(self.path.parent)
