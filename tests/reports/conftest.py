"""A lake that a simulation went through, built once for reports and notebook together."""

from collections.abc import Iterator

import duckdb
import pytest

from pipelines.settings import Settings
from pipelines.simulate.journeys import Simulation
from pipelines.warehouse.readers import open_for_reading
from tests.reports.lakes import hand_made_marts, simulated_lake


@pytest.fixture(scope="session")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, Simulation]:
    return simulated_lake(tmp_path_factory.getbasetemp() / "reported")


@pytest.fixture
def lake(simulated: tuple[Settings, Simulation]) -> Iterator[duckdb.DuckDBPyConnection]:
    """The simulated lake, read-only."""
    con = open_for_reading(simulated[0])
    yield con
    con.close()


@pytest.fixture
def marts() -> Iterator[duckdb.DuckDBPyConnection]:
    """Marts without rows, to be filled by hand."""
    con = hand_made_marts()
    yield con
    con.close()
