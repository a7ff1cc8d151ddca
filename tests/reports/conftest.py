"""A lake that a simulation went through, built once for reports and notebook together."""

from collections.abc import Iterator

import duckdb
import pytest

from pipelines.reports.load_report import read_report
from pipelines.reports.report_data import ReportData
from pipelines.serving.lake_reader import open_for_reading
from pipelines.settings import Settings
from pipelines.simulate.simulation import Simulation
from tests.support.browser import CHROMIUM
from tests.support.report_fixtures import lake, shapes, simulated
from tests.support.report_lakes import AS_OF, Table, hand_made_marts

__all__ = ["lake", "shapes", "simulated"]

collect_ignore = [] if CHROMIUM else ["test_browser.py"]
"""A machine without a browser has nothing to open the page with."""


@pytest.fixture(scope="session")
def data(simulated: tuple[Settings, Simulation]) -> ReportData:
    """The report on the simulated lake."""
    con = open_for_reading(simulated[0])
    try:
        return read_report(con, AS_OF, "UTC")
    finally:
        con.close()


@pytest.fixture
def marts(shapes: tuple[Table, ...]) -> Iterator[duckdb.DuckDBPyConnection]:
    """Marts without rows, to be filled by hand."""
    con = hand_made_marts(shapes)
    yield con
    con.close()
