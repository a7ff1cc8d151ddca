"""One simulation that several tests look at."""

from datetime import UTC, date, datetime

import pytest

from pipelines.simulate.simulation import Simulation, simulate

UNTIL = datetime(2026, 11, 21, 12, 34, 56, 789_123, tzinfo=UTC)


@pytest.fixture(scope="session")
def simulation() -> Simulation:
    """Three thousand journeys with everything in them."""
    return simulate(7, 3000, UNTIL, "America/New_York", legacy_day=date(2026, 11, 21))
