"""Search for erased values in the bytes of every file and in columns of Parquet and DuckDB files."""

import gzip
import json
import os
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import duckdb

from pipelines.lake.sql import sql_literal

CHUNK_BYTES = 4 * 1024 * 1024
UNSEARCHED = "could not be searched"
_SEARCHED = ("VARCHAR", "BLOB", "JSON", "STRUCT", "MAP", "UNION")
_SQLITE = b"SQLite format 3\0"


@dataclass(frozen=True, slots=True)
class Residue:
    """File that still holds an erased value.

    `where` is `bytes`, a column as `table.column`, or `UNSEARCHED` for a file that may hold one.
    """

    file: str
    where: str


def find_residues(
    folder: Path,
    values: Sequence[str],
    *,
    without: Sequence[Path] = (),
    only: Callable[[Path], bool] = lambda _: True,
) -> list[Residue]:
    """Return the files below a folder that hold a value: in any case, as text, in JSON, in a URL or in hex.

    `only` filters by the path below the folder. Files that are deleted meanwhile are skipped; files and
    folders that cannot be read are `UNSEARCHED`.
    """
    needles = needles_of(values)
    found: list[Residue] = []
    unlisted: list[OSError] = []
    with duckdb.connect() as con:
        con.execute("SET threads = 1")
        paths = [
            Path(at, name) for at, _, names in os.walk(folder, onerror=unlisted.append) for name in names
        ]
        paths += [Path(error.filename) for error in unlisted]
        for file in sorted(paths):
            name = file.relative_to(folder)
            if only(name) and not any(file.is_relative_to(each) for each in without):
                found += [Residue(str(name), each) for each in _search_file(con, file, needles, values)]
    return found


def needles_of(values: Sequence[str]) -> list[bytes]:
    """Return the byte strings, in lower case, by which a file can contain a value."""
    forms = {
        form
        for value in _with_url_forms(values)
        for text in {value, value.lower(), value.upper()}
        for form in (text.encode(), json.dumps(text)[1:-1].encode(), text.encode().hex().encode())
    }
    return sorted({form.lower() for form in forms if form})


def _with_url_forms(values: Sequence[str]) -> set[str]:
    """Return the values, and addresses also with @ percent-encoded."""
    return {form for value in values for form in (value, value.replace("@", "%40"))}


def _search_file(
    con: duckdb.DuckDBPyConnection, file: Path, needles: Sequence[bytes], values: Sequence[str]
) -> list[str]:
    found: list[str] = []
    try:
        if file.is_dir():  # one that could not be listed: raises again, if it still cannot
            list(file.iterdir())
        if file.is_file():
            found.extend(_search_bytes(file, needles))
            found.extend(_search_columns(con, file, values))
    except FileNotFoundError:
        return found
    except (OSError, EOFError, zlib.error, duckdb.Error):
        return [*found, UNSEARCHED] if os.path.lexists(file) else found
    return found


def _search_bytes(file: Path, needles: Sequence[bytes]) -> Iterator[str]:
    longest, rest = max(map(len, needles), default=1), b""
    with _open_file(file) as stream:
        while chunk := stream.read(CHUNK_BYTES):
            text = rest + chunk.lower()
            if any(needle in text for needle in needles):
                yield "bytes"
                return
            rest = text[-longest:]


def _open_file(file: Path) -> BinaryIO:
    return gzip.open(file) if file.suffix == ".gz" else file.open("rb")  # type: ignore[return-value]


def _search_columns(con: duckdb.DuckDBPyConnection, file: Path, values: Sequence[str]) -> Iterator[str]:
    """Yield the columns of a Parquet or DuckDB file that hold a value, as `table.column`."""
    if file.suffix not in {".parquet", ".duckdb", ".db"} or not values or _is_uncompressed(file):
        return
    try:
        for name, relation in _relations(con, file).items():
            yield from (f"{name}{column}" for column in _columns_with(con, relation, values))
    finally:
        con.execute("DETACH DATABASE IF EXISTS searched")


def _is_uncompressed(file: Path) -> bool:
    """Return whether a file has no compressed content: an empty or a SQLite file."""
    with file.open("rb") as stream:
        return stream.read(len(_SQLITE)) in {b"", _SQLITE}


def _relations(con: duckdb.DuckDBPyConnection, file: Path) -> dict[str, str]:
    """Return the SQL relations of a file, by the prefix that reports put before a column."""
    if file.suffix == ".parquet":
        return {"": f"read_parquet({sql_literal(file)})"}
    con.execute(f"ATTACH {sql_literal(file)} AS searched (READ_ONLY)")
    rows = con.execute(
        "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = 'searched'"
    ).fetchall()
    return {f"{schema}.{table}.": f'searched."{schema}"."{table}"' for schema, table in rows}


def _columns_with(con: duckdb.DuckDBPyConnection, relation: str, values: Sequence[str]) -> Iterator[str]:
    columns = con.execute(f"DESCRIBE FROM {relation}").fetchall()
    searched_columns = [(name, kind) for name, kind, *_ in columns if any(each in kind for each in _SEARCHED)]
    if not searched_columns:
        return
    forms = sorted({form for value in _with_url_forms(values) for form in (value, json.dumps(value)[1:-1])})
    tests = ", ".join(
        f"coalesce(bool_or({_contains_sql(name, kind)}), false)" for name, kind in searched_columns
    )
    row = con.execute(f"SELECT {tests} FROM {relation}", {"values": forms}).fetchone()  # noqa: S608
    yield from (name for (name, _), holds in zip(searched_columns, row or (), strict=True) if holds)


def _contains_sql(name: str, kind: str) -> str:
    column = f'"{name}"'
    text = f"coalesce(try(decode({column})), {column}::VARCHAR)" if kind == "BLOB" else f"{column}::VARCHAR"
    return f"len([1 for v in $values if contains(lower({text}), lower(v))]) > 0"
