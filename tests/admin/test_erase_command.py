"""One person leaves everything that is kept, to the byte; everybody else, and every number, stays."""

import gzip
import json
import random
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.admin.audit import audit
from pipelines.admin.erasure.erase_command import NothingFound, plan_erase, request_of, run_erase
from pipelines.admin.erasure.finalize import ErasureContext, deliveries_by_topic, verify_receipt
from pipelines.admin.erasure.person_search import ErasureRequest
from pipelines.admin.erasure.residue_cleanup import is_clearable
from pipelines.admin.erasure.residue_scan import UNSEARCHED, Residue, find_residues
from pipelines.cli import run
from pipelines.decode.decoded_batch import decode_batch
from pipelines.errors import UsageError
from pipelines.lake.connection import open_lake
from pipelines.serving.personal_columns import personal_columns
from pipelines.settings import Settings
from receiver.settings import SettingsError
from receiver.spool.spool import spool_totals
from tests.support.faults import Died
from tests.support.fixture_files import FILES
from tests.support.marked_documents import MARKER, marked
from tests.support.people import EMAIL, KEY, MARKS, NOW, OTHERS, build, fill, loader
from tests.support.rows import LOADED_AT, raw_batch
from tests.support.settings_for import SettingsFor

REQUEST = ErasureRequest("email", EMAIL.upper())
CHANGING = {"freshness": "*", "source_health": "silence_seconds"}
"""Columns of marts that say how old things are now."""


def planted() -> Iterator[tuple[str, bytes]]:
    """Every fixture as an event of its own, with a marker wherever something is personal."""
    for number, file in enumerate(FILES):
        provider, document = file.parent.name, json.loads(file.read_text())["body"]
        body = json.dumps(marked(provider, document)).replace("org_123456", "o-7")
        yield provider, json.dumps(json.loads(body) | {"eventId": f"planted-{number}"}).encode()


def load_planted(settings: Settings) -> None:
    con = open_lake(settings.warehouse)
    (start,) = con.execute('SELECT max("offset") + 1 FROM wh.ledger.deliveries').fetchone() or (0,)
    found = list(planted())
    for provider in sorted({provider for provider, _ in found}):
        bodies = [body for of, body in found if of == provider]
        batch = raw_batch(*bodies, provider=provider, source=provider, start=start)
        loader(settings, con).load(decode_batch(batch))
        start += len(bodies)
    con.close()


def left(settings: Settings, *values: str) -> list[Residue]:
    """What holds one of the values."""
    return find_residues(settings.home, values, without=[settings.home / "kafka"])


def parts(found: list[Residue]) -> set[str]:
    """The files, those of the lake's data by their schema."""
    return {Path(t.file).parts[2] if t.file.endswith(".parquet") else Path(t.file).name for t in found}


def marts(settings: Settings) -> dict[str, list[Any]]:
    """Every row of every mart, as it was published."""
    with duckdb.connect(settings.published, read_only=True) as con:
        found = con.execute(
            "SELECT table_name, list(column_name) FROM duckdb_columns() "
            "WHERE schema_name = 'marts' GROUP BY ALL"
        ).fetchall()
        return {
            name: con.execute(
                f"SELECT {', '.join(map(repr_of, kept))} FROM marts.{name} ORDER BY ALL"
            ).fetchall()
            for name, columns in found
            if (kept := [c for c in columns if CHANGING.get(name) not in ("*", c)])
        }


def repr_of(column: str) -> str:
    return f'"{column}"'


def clean_audit(settings: Settings) -> None:
    with open_lake(settings.warehouse, pinned=True) as con:
        assert audit(con, None, None).findings == ()


def killed_after(settings: Settings, step: str) -> None:
    def after(done: str) -> None:
        if done == step:
            raise Died

    with pytest.raises(Died):
        run_erase(settings, REQUEST, ErasureContext("tester", lambda: NOW, after), sure=False)


def test_a_person_leaves_every_file_and_every_number_stays(settings_for: SettingsFor) -> None:
    home = settings_for(erasure={"key": KEY}, sources={"orufy": {"provider": "orufy", "secrets": "k:v"}})
    fill(home)
    load_planted(home)
    build(home)
    numbers = marts(home)
    assert sum(map(len, numbers.values())) > 50
    clean_audit(home)

    everywhere = left(home, *MARKS, MARKER)
    assert parts(everywhere) == {
        *("catalog.sqlite", "careless.log", "spool.sqlite", "held.sqlite"),
        *("events", "ledger", "quarantine", "entities"),
    }
    unmarked = [trace for trace in everywhere if not is_marked(trace)]
    assert unmarked == [], "a personal value reaches a column that no description marks"

    with (home.home / "logs" / "careless.log").open("a") as log:
        log.write(f"a name, {MARKS[0]}, and {EMAIL.replace('@', '%40')}\n")
    planned = plan_erase(home, REQUEST)
    assert (planned.records, planned.redacted_already, planned.waiting) == (13, 0, {"spool": 1, "held": 1})
    with pytest.raises(UsageError, match="--yes"):
        run_erase(
            home.model_copy(update={"erasure": tight(home)}), REQUEST, ErasureContext("tester"), sure=False
        )
    killed_after(home, "bodies")
    clean_audit(home)

    receipt = run_erase(home, REQUEST, ErasureContext("tester", lambda: NOW), sure=False)

    assert left(home, *MARKS) == []
    assert receipt.clean
    assert receipt.records == 13
    with open_lake(home.warehouse, pinned=True) as con:
        ((*_, deliveries, newest),) = deliveries_by_topic(con, receipt.erasure_id)
        assert (deliveries, newest) == (14, LOADED_AT), "a redelivery is on the topic once more"
    assert marts(home) == numbers
    clean_audit(home)
    assert {"events", "spool.sqlite", "held.sqlite"} <= parts(left(home, *OTHERS))
    assert (home.home / "logs" / "careless.log").read_text().splitlines()[2] == "last line"
    totals = spool_totals(home)
    assert totals is not None
    assert (totals.waiting, totals.adds_up) == (2, True)
    check_receipt(home, home.erasures / f"{receipt.erasure_id}.json")


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_bytes(b"PAR1 of a copy that broke off")
    (tmp_path / "b.duckdb").write_bytes(b"\0" * 8 + b"DUCK" + b"\0" * 5_000)
    whole = gzip.compress(random.Random(1).randbytes(9_000))
    (tmp_path / "c.gz").write_bytes(whole[:5_000])
    (tmp_path / "d.gz").write_bytes(whole[:3_000] + bytes(100) + whole[3_100:])
    (tmp_path / "e.gz").write_bytes(b"no gzip")
    (tmp_path / "f.db").write_bytes(b"")
    (tmp_path / "g.log").symlink_to(tmp_path / "gone")
    (tmp_path / "h.log").write_text(EMAIL.replace("@", "%40"))
    sqlite3.connect(tmp_path / "i.db").execute("CREATE TABLE t (x)").connection.close()
    found = {trace.file: trace.where for trace in find_residues(tmp_path, [EMAIL])}
    damaged = ("a.parquet", "b.duckdb", "c.gz", "d.gz", "e.gz")
    assert found == dict.fromkeys(damaged, UNSEARCHED) | {"h.log": "bytes"}
    assert find_residues(tmp_path, [EMAIL], only=is_clearable) == [Residue("h.log", "bytes")]


def is_marked(trace: Residue) -> bool:
    """Return whether a place is known to hold personal values: the lake's own files by their column."""
    place = Path(trace.file)
    if place.suffix != ".parquet" or trace.where == "bytes":
        return place.suffix not in {".duckdb", ".html"}
    table = ".".join(place.parts[2:4])
    return trace.where in personal_columns().get(table, frozenset())


def tight(settings: Settings) -> Any:
    return settings.erasure.model_copy(update={"ask_over_records": 5})


def check_receipt(home: Settings, file: Path) -> None:
    text = file.read_text()
    assert EMAIL.lower() not in text.lower()
    assert verify_receipt(home, file)
    file.write_text(text.replace('"records": 13', '"records": 12'))
    assert not verify_receipt(home, file)


def test_nobody_and_no_key_are_said(settings_for: SettingsFor) -> None:
    home = settings_for(erasure={"key": KEY})
    fill(home)
    with pytest.raises(NothingFound, match="stream --until-caught-up"):
        run_erase(home, ErasureRequest("email", "nobody@example.test"), ErasureContext("tester"), sure=True)
    with pytest.raises(SettingsError, match="HIRESTREAM_ERASURE__KEY"):
        plan_erase(settings_for(), REQUEST)
    for email, candidate in ((None, None), ("a@b", "c"), ("no address", None)):
        with pytest.raises(UsageError):
            request_of(email, candidate, None, None)


def test_the_command_says_it_by_its_exit_code(
    settings_for: SettingsFor, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    home = settings_for()
    fill(home)
    monkeypatch.setenv("HIRESTREAM_HOME", str(home.home))
    assert run(["erase", "--email", EMAIL]) == 2
    monkeypatch.setenv("HIRESTREAM_ERASURE__KEY", KEY)
    assert run(["erase", "--email", "nobody@example.test"]) == 1
    assert run(["erase"]) == 2
    capsys.readouterr()
    assert run(["erase", "--conversation", "conv-bo", "--dry-run", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["records"] == 4
    assert run(["retention", "--dry-run", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"records": {}}
