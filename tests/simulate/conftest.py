"""One simulation that several tests look at."""

from datetime import date

import pytest

from pipelines.simulate.simulation import Simulation, simulate
from tests.support.simulated_deliveries import UNTIL


@pytest.fixture(scope="session")
def simulation() -> Simulation:
    """Three thousand journeys with everything in them."""
    return simulate(7, 3000, UNTIL, "America/New_York", legacy_day=date(2026, 11, 21))
