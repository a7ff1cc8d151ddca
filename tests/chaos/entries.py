"""Test-only ways to start a part of the system: one that dies at a chosen point, one whose clock jumps."""

import datetime as dt
import os
import signal
import sys
from typing import Any, Self
from unittest.mock import patch

import duckdb

from pipelines.cli import run
from pipelines.cli.exit_codes import exit_code_of
from pipelines.lake.connection import open_lake
from pipelines.load.catch_up import catch_up
from pipelines.load.session import LoadPolicy
from pipelines.settings import Settings


class Dying:
    """The loader's connection: SIGKILL to itself before the n-th INSERT of a batch or around its commit."""

    def __init__(self, con: duckdb.DuckDBPyConnection, point: str, batch: int) -> None:
        self._con, self._point, self._batch = con, point, batch
        self._inserts = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._con, name)

    def execute(self, sql: str, *args: Any) -> Any:
        if sql.startswith("INSERT INTO wh."):
            self._die_at(f"insert-{self._inserts}")
            self._inserts += 1
        return self._con.execute(sql, *args)

    def commit(self) -> None:
        if self._inserts:
            self._die_at("before-commit")
        self._con.commit()
        if self._inserts:
            self._die_at("after-commit")
            self._inserts, self._batch = 0, self._batch - 1

    def _die_at(self, point: str) -> None:
        if self._batch == 0 and point == self._point:
            os.kill(os.getpid(), signal.SIGKILL)


class Jumping(dt.datetime):
    """A clock that is set wrong again and again: hours back, days ahead, and right in between."""

    _calls = 0

    @classmethod
    def now(cls, tz: dt.tzinfo | None = None) -> Self:
        """The time, or what a broken clock takes for it."""
        cls._calls += 1
        jump = (0, -7_200, 0, 400_000, -30)[cls._calls // 2 % 5]  # a loader asks once a batch
        return super().now(tz) + dt.timedelta(seconds=jump)


class JumpingModule:
    """The module `datetime` with that clock."""

    datetime = Jumping

    def __getattr__(self, name: str) -> Any:
        return getattr(dt, name)


def main() -> int:
    """`dying POINT BATCH`, `jumping-receiver`, `jumping-loader`, or `drain`: loading without models."""
    what = sys.argv[1]
    if what == "drain":
        choices = LoadPolicy(accept_loss="--accept-loss" in sys.argv)
        return exit_code_of(lambda: catch_up(Settings.read(), "drain", choices, lambda _: None) and None)
    if what == "jumping-receiver":
        patch("receiver.server.datetime", Jumping).start()
        return run(["receiver"])
    if what == "jumping-loader":
        patch("pipelines.load.session.dt", JumpingModule()).start()
    if what == "dying":
        die_at(sys.argv[2], int(sys.argv[3]))
    return run(["stream"])


def die_at(point: str, batch: int) -> None:
    """Whatever loads in this process from now on dies there; batch 0 is the first that it commits."""
    patch("pipelines.load.session.open_lake", lambda at: Dying(open_lake(at), point, batch)).start()


if __name__ == "__main__":
    sys.exit(main())
