"""What the marts said on an earlier day is what they say of it now, whatever was loaded or moved since."""

import datetime as dt
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest
from dbt.cli.main import dbtRunner

from pipelines.admin.reprocess.replay import Replayer, ReplaySelection
from pipelines.decode.decoded_batch import decode_batch
from pipelines.decode.decoder import Decoded, DecodeFailure, ProviderDecoder, decoder_of
from pipelines.ingest.raw_batch import RawBatch
from pipelines.lake.writer_lock import WriterLock
from pipelines.load.loader import Loader
from pipelines.simulate.delivery.faults import Delivery
from pipelines.simulate.simulation import simulate
from pipelines.transform.builder import build_lock
from pipelines.transform.dbt_manifest import model_variables
from pipelines.transform.generated_sources import MODELS
from pipelines.transform.point_in_time import build_as_of
from tests.support.models.small_lake import NOW, SmallLake
from tests.support.rows import LOADED_AT, RECEIVED_AT, raw_batch, with_headers

JOURNEYS = 60
MARTS = "SELECT view_name AS name FROM duckdb_views() WHERE database_name = 'wh' AND schema_name = 'marts'"

Marts = dict[str, list[str]]


class Refusing(ProviderDecoder):
    """A provider's decoder as it was while a contract was wrong."""

    def decode(self, body: bytes, source: str | None = None, message_id: str | None = None) -> Decoded:
        return DecodeFailure(super().decode(body, source, message_id).identity, "contract", ())


def refusing(provider: str) -> Callable[[str], ProviderDecoder | None]:
    """What finds decoders, as it was while every contract of that provider was wrong."""

    def found(name: str) -> ProviderDecoder | None:
        known = decoder_of(name)
        return Refusing(known.provider) if known is not None and name == provider else known

    return found


def batch_of(deliveries: Sequence[Delivery], start: int) -> RawBatch:
    """The deliveries as the receiver would have put them on the topic, each from its own source."""
    return with_headers(
        raw_batch(*(delivery.body for delivery in deliveries), start=start),
        source=[delivery.source.encode() for delivery in deliveries],
        provider=[delivery.provider.encode() for delivery in deliveries],
        message_id=[d.message_id.encode() if d.message_id else None for d in deliveries],
    )


def everything(lake: SmallLake) -> Marts:
    """Every row of every mart."""
    names = [row["name"] for row in lake.rows(MARTS)]
    return {name: shown(lake.con.execute(f"FROM wh.marts.{name}").fetchall()) for name in names}


def shown(rows: list[tuple[Any, ...]]) -> list[str]:
    """Rows as text; averages may differ in their last digit by the order of rows."""

    def text(value: Any) -> str:
        return f"{value:.9g}" if isinstance(value, float) else str(value)

    return sorted(" ".join(map(text, row)) for row in rows)


def build_then(lake: SmallLake, as_of: dt.datetime) -> None:
    """A full build of what was loaded by then."""
    variables = {**model_variables(lake.settings), "now": NOW, "as_of": as_of.isoformat()}
    places = {
        "--target": "in_process",
        "--project-dir": MODELS,
        "--profiles-dir": MODELS,
        "--target-path": lake.settings.home / "dbt" / "as_of",
        "--log-path": lake.settings.home / "dbt" / "as_of",
        "--vars": json.dumps(variables),
    }
    with build_lock(lake.settings.warehouse):
        arguments = [str(part) for pair in places.items() for part in pair]
        done = dbtRunner().invoke(["run", "--full-refresh", "--quiet", *arguments])
    assert done.success, done.exception or done.result


@pytest.mark.timeout(900)  # six full builds
def test_a_build_as_of_an_earlier_day_says_what_was_said_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = SmallLake(tmp_path)
    lake.con.execute("SET disabled_optimizers = 'join_order,statistics_propagation'")  # as dbt reads it
    now = LOADED_AT
    told: list[tuple[dt.datetime, Marts]] = []

    def clock() -> dt.datetime:
        return now

    def remember() -> None:
        nonlocal now
        lake.build()
        told.append((now, everything(lake)))
        now += dt.timedelta(hours=1)

    deliveries = simulate(7, JOURNEYS, RECEIVED_AT).deliveries
    loader = Loader(lake.con, {}, holder="test", organizations={}, rejects=None, clock=clock)

    def load(first: float, last: float) -> None:
        start, end = int(first * len(deliveries)), int(last * len(deliveries))
        loader.load(decode_batch(batch_of(deliveries[start:end], start)))

    load(0, 0.3)
    remember()
    with monkeypatch.context() as patch:
        patch.setattr("pipelines.decode.decoder.decoder_of", refusing("popp"))
        load(0.3, 0.5)
    load(0.5, 0.7)
    remember()
    writer_lock = WriterLock(lake.settings.warehouse)
    reloader = Replayer(lake.con, writer_lock, holder="replay", organizations={}, clock=clock)
    replayed = reloader.reload(ReplaySelection("replay"))
    assert replayed.loaded
    assert replayed.duplicate
    remember()
    load(0.7, 1)
    assert reloader.reload(ReplaySelection("rebuild")).loaded
    assert len({json.dumps(marts["members"]) for _, marts in told}) == len(told)
    for then, marts in told:
        build_then(lake, then + dt.timedelta(minutes=1))
        said = everything(lake)
        for name in marts.keys() - {"freshness"}:  # a rebuild makes the entities new
            assert said[name] == marts[name], (name, then)
    then, marts = told[1]
    plain = in_a_file(lake, then, tmp_path / "then.duckdb")
    assert plain.keys() == marts.keys()
    for name in marts.keys() - {"freshness"}:
        assert plain[name] == marts[name], name
    assert everything(lake) == said
    lake.con.close()


def in_a_file(lake: SmallLake, then: dt.datetime, file: Path) -> Marts:
    """What a plain file says of then, built while the lake says something else."""
    build_as_of(lake.settings, then + dt.timedelta(minutes=1), file, now=NOW)
    assert not [path for path in file.parent.iterdir() if path.name.startswith(f".{file.name}")]
    with duckdb.connect(str(file), read_only=True) as con:
        con.execute("SET TimeZone = 'UTC'")
        names = con.execute("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'marts'").fetchall()
        return {name: shown(con.execute(f"FROM marts.{name}").fetchall()) for (name,) in names}
