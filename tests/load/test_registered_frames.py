"""A name stands for the rows that were held last, and for those of nobody else."""

import duckdb
import polars as pl
import pytest

from pipelines.load.registered_frames import FrameRegistry


def rows(con: duckdb.DuckDBPyConnection, frames: FrameRegistry) -> list[dict[str, object]]:
    return con.execute(f"SELECT * FROM {frames.source_of('t')}").pl().to_dicts()


@pytest.fixture
def con() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()


def test_the_rows_held_last_are_read(con: duckdb.DuckDBPyConnection) -> None:
    frames = FrameRegistry(con)
    for values in ([1, 2], [], [3]):
        frames.hold({"t": pl.DataFrame({"a": values}, schema={"a": pl.Int64})})
        assert rows(con, frames) == [{"a": value} for value in values]
    frames.release()
    assert rows(con, frames) == []


def test_two_on_one_connection_do_not_take_each_others_names(con: duckdb.DuckDBPyConnection) -> None:
    one, other = FrameRegistry(con), FrameRegistry(con)
    one.hold({"t": pl.DataFrame({"a": [1]})})
    other.hold({"t": pl.DataFrame({"a": [2]})})
    assert (rows(con, one), rows(con, other)) == ([{"a": 1}], [{"a": 2}])


@pytest.mark.parametrize(
    "changed",
    [pl.DataFrame({"b": [1], "a": [2]}), pl.DataFrame({"a": ["1"], "b": [2]}), pl.DataFrame({"c": [1]})],
)
def test_other_columns_are_never_mixed_up(con: duckdb.DuckDBPyConnection, changed: pl.DataFrame) -> None:
    frames = FrameRegistry(con)
    frames.hold({"t": pl.DataFrame({"a": [1], "b": [2]})})
    frames.hold({"t": changed})
    assert rows(con, frames) == changed.to_dicts()


def test_a_name_outlives_a_transaction_that_is_taken_back(con: duckdb.DuckDBPyConnection) -> None:
    frames = FrameRegistry(con)
    frames.hold({"t": pl.DataFrame({"a": [1]})})
    con.begin()
    assert rows(con, frames) == [{"a": 1}]
    con.rollback()
    assert rows(con, frames) == [{"a": 1}]
