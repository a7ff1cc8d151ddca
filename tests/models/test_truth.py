"""The simulator's journeys, loaded out of order in several batches, give exactly the simulator's truth."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path

from pipelines.flatten.batch import decode_batch
from pipelines.ingest.batch import RawBatch
from pipelines.settings import Settings
from pipelines.simulate.compare import differences
from pipelines.simulate.compare_bookings import booking_differences
from pipelines.simulate.faults import Delivery
from pipelines.simulate.journeys import organization_ids, simulate
from pipelines.transform.build import ModelBuilder
from pipelines.warehouse.lake import open_lake
from pipelines.warehouse.load import Loader
from pipelines.warehouse.tables import create_tables
from tests.flatten.rows import LOADED_AT, RECEIVED_AT, raw_batch

JOURNEYS = 600
TIME_ZONE = "America/New_York"


def batch_of(deliveries: Sequence[Delivery], start: int) -> RawBatch:
    """The deliveries as the receiver would have put them on the topic, each from its own source."""
    return replace(
        raw_batch(*(delivery.body for delivery in deliveries), start=start),
        sources=[delivery.source.encode() for delivery in deliveries],
        providers=[delivery.provider.encode() for delivery in deliveries],
        message_ids=[d.message_id.encode() if d.message_id else None for d in deliveries],
    )


def test_the_marts_are_the_truth_after_incremental_builds(tmp_path: Path) -> None:
    local_day = RECEIVED_AT.astimezone(dt.timezone(dt.timedelta(hours=-5))).date()
    simulation = simulate(7, JOURNEYS, RECEIVED_AT, TIME_ZONE, legacy_day=local_day)
    settings = Settings.model_validate({"home": tmp_path, "report": {"time_zone": TIME_ZONE}})
    builder = ModelBuilder(settings)
    with open_lake(settings.warehouse) as con:
        create_tables(con)
        seconds = count()
        loader = Loader(
            con,
            {},
            holder="test",
            organizations={"popp": frozenset(organization_ids())},
            rejects=None,
            clock=lambda: LOADED_AT + dt.timedelta(seconds=next(seconds)),
        )
        deliveries = simulation.deliveries
        for start, end in ((0, 1000), (1000, 1200), (1200, len(deliveries))):
            done = loader.load(decode_batch(batch_of(deliveries[start:end], start)))
            tables = {name.removeprefix("events.") for name in done.tables}
            assert not builder.build(tables).failures
        assert len(simulation.truth) > 100
        assert differences(con, simulation.truth) == []
        assert sum(booking.moves for booking in simulation.bookings) > 0
        assert booking_differences(con, simulation.bookings) == []
        assert not builder.test().failures
