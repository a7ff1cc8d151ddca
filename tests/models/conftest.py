"""One lake for all traps: each has an organization of its own, so that one build serves every test."""

from collections.abc import Iterator

import pytest

from tests.support.models.metric_traps import METRIC_TRAPS
from tests.support.models.orufy_traps import ORUFY_TRAPS
from tests.support.models.outside_traps import OUTSIDE_TRAPS
from tests.support.models.popp_traps import POPP_TRAPS
from tests.support.models.small_lake import SmallLake
from tests.support.models.traps import TRAPS

EVERY_TRAP = {**TRAPS, **POPP_TRAPS, **ORUFY_TRAPS, **OUTSIDE_TRAPS, **METRIC_TRAPS}


@pytest.fixture(scope="session")
def traps(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallLake]:
    """The traps' events loaded, every trap under its name as organization, models built."""
    lake = SmallLake.copied("traps", tmp_path_factory.mktemp("traps"), _fill)
    yield lake
    lake.con.close()


def _fill(lake: SmallLake) -> None:
    for batch in range(max(len(batches) for batches in EVERY_TRAP.values())):
        touched = lake.load(
            delivery.of(name)
            for name, batches in EVERY_TRAP.items()
            for delivery in (batches[batch] if batch < len(batches) else ())
        )
        lake.build(touched if batch else None)
