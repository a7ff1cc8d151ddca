"""Counts of rows from the catalog are those that SQL gives, whatever happened to the files."""

import re
from pathlib import Path

import duckdb

from pipelines.lake.catalog import row_counts
from pipelines.lake.connection import open_lake
from pipelines.lake.maintenance import maintain
from receiver.settings import PROJECT

TABLES = ("s.t", "s.empty", "s.v", "s.none")


def counted(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """By SQL."""
    return {name: con.execute(f"SELECT count(*) FROM wh.{name}").fetchall()[0][0] for name in TABLES[:3]}


def test_counts_follow_inserts_deletes_merges_and_new_tables(tmp_path: Path) -> None:
    con, reader = open_lake(tmp_path), None
    con.execute("CREATE SCHEMA wh.s; CREATE TABLE wh.s.t (i INT); CREATE TABLE wh.s.empty (i INT)")
    con.execute("CREATE VIEW wh.s.v AS FROM wh.s.t WHERE i % 2 = 0")
    steps = [
        *("INSERT INTO wh.s.t SELECT unnest(range(10))",) * 3,
        "DELETE FROM wh.s.t WHERE i < 4",
        "DELETE FROM wh.s.t WHERE i = 7",
        "UPDATE wh.s.t SET i = 70 WHERE i = 6",
        "merge",
        "INSERT INTO wh.s.t VALUES (1)",
        "CREATE OR REPLACE TABLE wh.s.t AS SELECT 5 AS i",
        "DELETE FROM wh.s.t",
    ]
    for step in steps:
        if step == "merge":
            maintain(con, tmp_path, snapshot_age="INTERVAL 0 SECOND", file_age="INTERVAL 0 SECOND")
        else:
            con.execute(step)
        reader = reader or open_lake(tmp_path, read_only=True)  # stays open, as the reporter's does
        assert row_counts(reader, TABLES) == row_counts(con, TABLES) == counted(con), step


def test_ducklakes_catalog_tables_are_named_in_one_module() -> None:
    tables = re.compile(
        r"__ducklake_metadata|ducklake_(data_file|delete_file|table|schema|column|metadata|file)\b"
    )
    folder = PROJECT / "pipelines"
    naming = {file.name for file in folder.rglob("*.py") if tables.search(file.read_text("utf-8"))}
    assert naming == {"ducklake_internals.py"}
    named = {file.name for file in folder.rglob("*.py") if '"catalog.sqlite"' in file.read_text("utf-8")}
    assert named == {"ducklake_internals.py"}
