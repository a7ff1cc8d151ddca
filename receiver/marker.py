"""A file beside the spool that says that something waits in it, so that it shows when the spool is gone.

It holds how many deliveries had ever come into the spool by then: a spool that counts fewer is another one.
"""

from datetime import datetime
from pathlib import Path

from receiver.envelope import format_instant
from receiver.whole import replace_whole, settle_names

FILE_NAME = "spool.waiting"
LOST = "spool.lost"


class Marker:
    """The marker of one home folder. Everything here blocks, and raises `OSError`."""

    def __init__(self, home: Path) -> None:
        self._path = home / FILE_NAME

    def put(self, appended: int) -> None:
        """Something waits, in a spool into which so many ever came. On the disk when this returns."""
        replace_whole(self._path, f"{appended}\n".encode())

    def remove(self) -> None:
        """Nothing waits any more."""
        self._path.unlink(missing_ok=True)

    def is_missed_by(self, appended: int) -> bool:
        """Whether a spool into which so many ever came is not the one in which something waited."""
        try:
            return appended < int(self._path.read_bytes())
        except FileNotFoundError:
            return False
        except ValueError:  # not what `put` wrote
            return True

    def keep_as_lost(self, now: datetime) -> None:
        """What waited is lost, which shows from now on whatever comes into the next spool."""
        moment = format_instant(now).replace(":", "")
        self._path.replace(self._path.with_name(f"{LOST}-{moment}"))
        settle_names(self._path.parent)


def lost_spools(home: Path, appended: int) -> list[Path]:
    """A file for each spool that was deleted or replaced while something waited in it.

    `appended` is how many ever came into the spool of now, 0 without one.
    """
    now = [home / FILE_NAME] if Marker(home).is_missed_by(appended) else []
    return [*sorted(home.glob(f"{LOST}-*")), *now]
