"""A whole simulation through the real load: the ledger holds what the simulation says, source by source."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from pipelines.decode.decoded_batch import decode_batch
from pipelines.lake.connection import open_lake
from pipelines.lake.schema import create_tables
from pipelines.load.loader import Loader
from pipelines.simulate.simulation import Simulation
from tests.support.simulated_records import ORGANIZATIONS, records

AT = datetime(2026, 11, 21, 13, tzinfo=UTC)


def test_the_ledger_holds_what_the_simulation_says(simulation: Simulation, tmp_path: Path) -> None:
    with open_lake(tmp_path) as con:
        create_tables(con)
        loader = Loader(con, {}, holder="test", organizations=ORGANIZATIONS, rejects=None, clock=lambda: AT)
        middle = len(simulation.deliveries) // 2
        for start, part in ((0, simulation.deliveries[:middle]), (middle, simulation.deliveries[middle:])):
            loader.load(decode_batch(records(part, AT, start)))
        by_outcome = dict(
            con.execute("SELECT outcome, count(*) FROM wh.ledger.deliveries GROUP BY ALL").fetchall()
        )
        by_source = dict(
            con.execute("SELECT source, count(*) FROM wh.ledger.deliveries GROUP BY ALL").fetchall()
        )
        generic = con.execute("SELECT DISTINCT provider, is_foreign FROM wh.events.generic").fetchall()
    assert by_outcome == {
        "loaded": simulation.distinct_events,
        "duplicate": simulation.duplicates,
        "quarantined": simulation.quarantined,
    }
    assert by_source == Counter(delivery.source for delivery in simulation.deliveries)
    assert set(generic) == {("popp", False), ("orufy", False), ("standard_webhooks", False)}
