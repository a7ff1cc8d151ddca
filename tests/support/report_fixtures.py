"""Fixtures of a lake that a simulation went through, built once for reports and notebook together."""

from collections.abc import Iterator

import duckdb
import pytest

from pipelines.serving.lake_reader import open_for_reading
from pipelines.settings import Settings
from pipelines.simulate.simulation import Simulation
from tests.support.report_lakes import Table, shapes_of, simulated_lake


@pytest.fixture(scope="session")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, Simulation]:
    """The settings of the lake and what was simulated."""
    return simulated_lake(tmp_path_factory.getbasetemp() / "reported")


@pytest.fixture
def lake(simulated: tuple[Settings, Simulation]) -> Iterator[duckdb.DuckDBPyConnection]:
    """The simulated lake, read-only."""
    con = open_for_reading(simulated[0])
    yield con
    con.close()


@pytest.fixture(scope="session")
def shapes(simulated: tuple[Settings, Simulation]) -> tuple[Table, ...]:
    """The shapes of what a report reads."""
    con = open_for_reading(simulated[0])
    try:
        return shapes_of(con)
    finally:
        con.close()
