"""Maintenance keeps the lake small at a cost that does not grow with it, and no reader loses anything."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from pipelines.decode.decoded_batch import decode_batch
from pipelines.lake import maintenance
from pipelines.lake.connection import open_lake
from pipelines.lake.maintenance import maintain
from pipelines.lake.schema import create_tables
from pipelines.runtime.stream.post_commit import PostCommit
from pipelines.settings import Settings
from tests.support.events import BROKEN, queued
from tests.support.lake_fixtures import MakeLoader
from tests.support.rows import raw_batch

NOTHING = "INTERVAL 0 SECONDS"
SMALL_BYTES = 20_000


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A lake whose snapshots are as young as the test; a copied one has older snapshots."""
    con = open_lake(tmp_path / "warehouse")
    create_tables(con)
    yield con
    con.close()


def commit(make_loader: MakeLoader, start: int, count: int) -> None:
    loader = make_loader()
    for number in range(start, start + count):
        loader.load(decode_batch(raw_batch(queued(number), start=number)))


def paths(lake: duckdb.DuckDBPyConnection, table: str = "deliveries") -> dict[str, int]:
    sql = "SELECT data_file, data_file_size_bytes FROM ducklake_list_files('wh', ?, schema => 'ledger')"
    return dict(lake.execute(sql, [table]).fetchall())


def test_files_that_were_merged_are_gone_long_before_their_snapshots(
    lake: duckdb.DuckDBPyConnection, make_loader: MakeLoader, tmp_path: Path
) -> None:
    commit(make_loader, 0, 20)
    before = maintenance.measure(lake, tmp_path / "warehouse")
    after = maintain(lake, tmp_path / "warehouse", file_age=NOTHING)
    assert before.files >= 100
    assert after.files <= 6
    assert after.snapshots >= before.snapshots


def test_what_an_earlier_process_left_is_merged_at_once(
    lake: duckdb.DuckDBPyConnection, make_loader: MakeLoader, tmp_path: Path
) -> None:
    """A loader that always ends before it has written many files would never tidy."""
    commit(make_loader, 0, 5)
    assert len(paths(lake)) == 5
    PostCommit(Settings(home=tmp_path))._maintain_if_due()
    assert len(paths(lake)) == 1


def test_a_file_that_goes_while_one_looks_counts_nothing(
    lake: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    warehouse = tmp_path / "warehouse"
    before = maintenance.measure(lake, warehouse)
    for name in ("catalog.sqlite-gone", "data/gone.parquet"):
        (warehouse / name).symlink_to("nowhere")  # named by its folder, and not there
    after = maintenance.measure(lake, warehouse)
    assert (after.files, after.data_bytes) == (before.files, before.data_bytes)


def test_what_is_young_stays(
    lake: duckdb.DuckDBPyConnection, make_loader: MakeLoader, tmp_path: Path
) -> None:
    """DuckLake's own `older_than` removes all that is of the same day."""
    commit(make_loader, 0, 3)
    before = maintenance.measure(lake, tmp_path / "warehouse")
    young = maintain(
        lake, tmp_path / "warehouse", snapshot_age="INTERVAL 1 MINUTE", file_age="INTERVAL 1 MINUTE"
    )
    assert young.snapshots > before.snapshots
    assert young.files > before.files
    gone = maintain(lake, tmp_path / "warehouse", snapshot_age=NOTHING)
    assert gone.snapshots == 1
    assert gone.files == 6  # ledger.versions has one too


def test_a_pinned_reader_finds_its_rows_in_the_merged_files(
    lake: duckdb.DuckDBPyConnection, make_loader: MakeLoader, tmp_path: Path
) -> None:
    commit(make_loader, 0, 5)
    sql = 'SELECT "offset" FROM wh.ledger.deliveries ORDER BY ALL'
    with open_lake(tmp_path / "warehouse", pinned=True) as reader:
        commit(make_loader, 5, 5)
        make_loader().load(decode_batch(raw_batch(BROKEN, start=10)))  # its quarantine file is not merged
        maintain(lake, tmp_path / "warehouse", file_age=NOTHING)
        assert reader.execute(sql).fetchall() == [(number,) for number in range(5)]
    with open_lake(tmp_path / "warehouse", pinned=True) as reader:
        assert reader.execute(sql).fetchall() == [(number,) for number in range(11)]


def test_a_large_file_is_not_written_anew_for_a_few_rows(
    lake: duckdb.DuckDBPyConnection, make_loader: MakeLoader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(maintenance, "BANDS_BYTES", (0, SMALL_BYTES, 16 * SMALL_BYTES))
    make_loader().load(decode_batch(raw_batch(*[queued(number) for number in range(500)])))
    (large,) = paths(lake)
    assert paths(lake)[large] > SMALL_BYTES
    commit(make_loader, 500, 5)
    maintain(lake, tmp_path / "warehouse", snapshot_age=NOTHING)
    found = paths(lake)
    assert len(found) == 2
    assert large in found


def test_files_grow_into_the_next_band(
    lake: duckdb.DuckDBPyConnection, make_loader: MakeLoader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(maintenance, "BANDS_BYTES", (0, SMALL_BYTES, 16 * SMALL_BYTES))
    for start in range(0, 1000, 250):
        bodies = [queued(number) for number in range(start, start + 250)]
        make_loader().load(decode_batch(raw_batch(*bodies, start=start)))
        maintain(lake, tmp_path / "warehouse", snapshot_age=NOTHING)
    assert len(paths(lake)) == 1
    assert lake.execute("SELECT count(DISTINCT event_key) FROM wh.ledger.deliveries").fetchone() == (1000,)


def test_the_catalog_does_not_grow_with_commits_that_are_long_past(
    lake: duckdb.DuckDBPyConnection, make_loader: MakeLoader, tmp_path: Path
) -> None:
    sizes = []
    for start in range(0, 120, 30):
        commit(make_loader, start, 30)
        sizes.append(maintain(lake, tmp_path / "warehouse", snapshot_age=NOTHING))
    assert sizes[-1].catalog_bytes <= sizes[1].catalog_bytes * 1.1
    assert sizes[-1].files <= sizes[1].files
    assert sizes[-1].snapshots <= sizes[1].snapshots


def test_a_state_that_cannot_be_written_ends_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "stream.json").mkdir()  # stands for a full disk
    PostCommit(Settings(home=tmp_path))._save_state({"failed": []})
    assert "state of the models was not written: Is a directory" in caplog.text
