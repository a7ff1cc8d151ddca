"""Return whether anything is left: in the bytes of every file, and compressed in Parquet and DuckDB files."""

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
    """A file that holds one of the values, and how: its bytes, or a column as `table.column`.

    Also one that may: `UNSEARCHED`.
    """

    file: str
    where: str


def traces(
    folder: Path,
    values: Sequence[str],
    *,
    without: Sequence[Path] = (),
    only: Callable[[Path], bool] = lambda _: True,
) -> list[Residue]:
    """Every file below a folder that holds one of the values, in any case, as text, in JSON, a URL or in hex.

    `only` is asked with paths below the folder. Files that go away meanwhile are none; files and folders
    that cannot be read are told as such.
    """
    needles = needles_of(values)
    found: list[Residue] = []
    closed: list[OSError] = []
    with duckdb.connect() as con:
        con.execute("SET threads = 1")
        paths = [Path(at, name) for at, _, names in os.walk(folder, onerror=closed.append) for name in names]
        paths += [Path(error.filename) for error in closed]
        for file in sorted(paths):
            name = file.relative_to(folder)
            if only(name) and not any(file.is_relative_to(each) for each in without):
                found += [Residue(str(name), each) for each in _where(con, file, needles, values)]
    return found


def needles_of(values: Sequence[str]) -> list[bytes]:
    """The ways in which a value can stand in bytes, in small letters."""
    forms = {
        form
        for value in _as_written(values)
        for text in {value, value.lower(), value.upper()}
        for form in (text.encode(), json.dumps(text)[1:-1].encode(), text.encode().hex().encode())
    }
    return sorted({form.lower() for form in forms if form})


def _as_written(values: Sequence[str]) -> set[str]:
    """The values, and addresses as URLs have them."""
    return {form for value in values for form in (value, value.replace("@", "%40"))}


def _where(
    con: duckdb.DuckDBPyConnection, file: Path, needles: Sequence[bytes], values: Sequence[str]
) -> list[str]:
    found: list[str] = []
    try:
        if file.is_dir():  # one that could not be listed; told by its error, if it still is
            list(file.iterdir())
        if file.is_file():
            found.extend(_in_bytes(file, needles))
            found.extend(_in_columns(con, file, values))
    except FileNotFoundError:
        return found
    except (OSError, EOFError, zlib.error, duckdb.Error):
        return [*found, UNSEARCHED] if os.path.lexists(file) else found
    return found


def _in_bytes(file: Path, needles: Sequence[bytes]) -> Iterator[str]:
    longest, rest = max(map(len, needles), default=1), b""
    with _opened(file) as stream:
        while chunk := stream.read(CHUNK_BYTES):
            text = rest + chunk.lower()
            if any(needle in text for needle in needles):
                yield "bytes"
                return
            rest = text[-longest:]


def _opened(file: Path) -> BinaryIO:
    return gzip.open(file) if file.suffix == ".gz" else file.open("rb")  # type: ignore[return-value]


def _in_columns(con: duckdb.DuckDBPyConnection, file: Path, values: Sequence[str]) -> Iterator[str]:
    """Decompress what a search in the bytes could not see. SQLite and empty files are not compressed."""
    if file.suffix not in {".parquet", ".duckdb", ".db"} or not values or _is_plain(file):
        return
    try:
        for name, relation in _tables(con, file).items():
            yield from (f"{name}{column}" for column in _columns_with(con, relation, values))
    finally:
        con.execute("DETACH DATABASE IF EXISTS searched")


def _is_plain(file: Path) -> bool:
    with file.open("rb") as stream:
        return stream.read(len(_SQLITE)) in {b"", _SQLITE}


def _tables(con: duckdb.DuckDBPyConnection, file: Path) -> dict[str, str]:
    """Relations of a file by how they are told."""
    if file.suffix == ".parquet":
        return {"": f"read_parquet({sql_literal(file)})"}
    con.execute(f"ATTACH {sql_literal(file)} AS searched (READ_ONLY)")
    rows = con.execute(
        "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = 'searched'"
    ).fetchall()
    return {f"{schema}.{table}.": f'searched."{schema}"."{table}"' for schema, table in rows}


def _columns_with(con: duckdb.DuckDBPyConnection, relation: str, values: Sequence[str]) -> Iterator[str]:
    columns = con.execute(f"DESCRIBE FROM {relation}").fetchall()
    asked = [(name, kind) for name, kind, *_ in columns if any(each in kind for each in _SEARCHED)]
    if not asked:
        return
    forms = sorted({form for value in _as_written(values) for form in (value, json.dumps(value)[1:-1])})
    tests = ", ".join(f"coalesce(bool_or({_holds(name, kind)}), false)" for name, kind in asked)
    row = con.execute(f"SELECT {tests} FROM {relation}", {"values": forms}).fetchone()  # noqa: S608
    yield from (name for (name, _), holds in zip(asked, row or (), strict=True) if holds)


def _holds(name: str, kind: str) -> str:
    column = f'"{name}"'
    text = f"coalesce(try(decode({column})), {column}::VARCHAR)" if kind == "BLOB" else f"{column}::VARCHAR"
    return f"len([1 for v in $values if contains(lower({text}), lower(v))]) > 0"
