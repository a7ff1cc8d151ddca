"""A lake of its own for each test."""

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

from pipelines.load.loader import Loader
from pipelines.load.reject_limit import RejectLimit
from tests.support.lakes import empty_lake
from tests.support.rows import LOADED_AT

MakeLoader = Callable[..., Loader]


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    con = empty_lake(tmp_path / "warehouse")
    yield con
    con.close()


@pytest.fixture
def make_loader(lake: duckdb.DuckDBPyConnection) -> MakeLoader:
    """A loader on the lake as it is now; each commit is a second later than the one before."""

    def make(
        rejects: RejectLimit | None = None, organizations: dict[str, frozenset[str]] | None = None
    ) -> Loader:
        ticks = iter(LOADED_AT + dt.timedelta(seconds=n) for n in range(10_000))
        return Loader(
            lake,
            {},
            holder="test",
            organizations=organizations or {},
            rejects=rejects,
            clock=lambda: next(ticks),
        )

    return make
