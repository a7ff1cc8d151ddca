"""A provider's export against the lake: every kind of file, every kind of difference."""

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.cli import run
from pipelines.diagnostics.reconcile.export_parser import ExportColumns, ExportedConversation, read_export
from pipelines.diagnostics.reconcile.reconcile import ENDED, OUTCOMES
from pipelines.errors import UsageError
from pipelines.lake.connection import open_lake
from pipelines.lake.schema import create_tables
from pipelines.settings import Settings

GUESSED = ExportColumns()
TWO = [ExportedConversation("c-1", "CLOSED", 2), ExportedConversation("c-2", "ONGOING", 3)]
OF_ENTRIES = [ExportedConversation("c-1", "CLOSED", 1), ExportedConversation("c-2", "ONGOING", 2)]
ROWS = [{"id": "c-1", "status": "CLOSED"}, {"id": "c-2", "status": "ONGOING"}]

Command = Callable[..., tuple[int, dict[str, Any], str]]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"conversationId,status\nc-1,CLOSED\nc-2,ONGOING\n", TWO),
        (b"\xef\xbb\xbfconversation_id,status\r\nc-1,CLOSED\r\nc-2,ONGOING", TWO),
        (b"Status;Conversation ID;Name\nclosed;c-1;a, b\nongoing;c-2;c\n", TWO),
        (b'record id\tstatus\n"c-1"\tCLOSED\nc-2\tONGOING\n\n', TWO),
        ("id|status\nc-1|CLOSED\nc-2|ONGOING\n".encode("utf-16"), TWO),
        (b'id,note,status\nc-1,"two\nlines",closed\n', [ExportedConversation("c-1", "CLOSED", 3)]),
        (
            b"id,status\nc-1,Completed screening passed\n",
            [ExportedConversation("c-1", "COMPLETED_SCREENING_PASSED", 2)],
        ),
        (b"id,status\nc-1,\n", [ExportedConversation("c-1", None, 2)]),
        (json.dumps(ROWS).encode(), OF_ENTRIES),
        (json.dumps({"next": None, "conversations": ROWS}).encode(), OF_ENTRIES),
        ("\n".join(json.dumps(row) for row in ROWS).encode(), OF_ENTRIES),
        (b'{"id": 7, "status": "CLOSED"}', [ExportedConversation("7", "CLOSED", 1)]),
        (b'{"id": 7, "status": "CLOSED", "messages": [{"id": 8}]}', [ExportedConversation("7", "CLOSED", 1)]),
    ],
)
def test_every_kind_of_file_is_read(content: bytes, found: list[ExportedConversation]) -> None:
    assert read_export(content, GUESSED) == found


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf \n", "is empty"),
        (b"id,status\n", "no conversation in it"),
        (b"[]", "no conversation in it"),
        (b"id,status\nc-1,CLOSED\nc-2\n", "line 3 has 1 columns, and the first line 2"),
        (b'id,status\nc-1,"CLOSED\n', "line 2 is not a CSV"),
        (b"id,status\nc-1,CLOSED\n\xff,CLOSED\n", "line 3 is no UTF-8"),
        (b'[{"id": "c-1",\n "status" "CLOSED"}]', "line 2 is not JSON"),
        (b'{"id": "c-1", "status": "CLOSED"}\n{"id"', "line 2 is not JSON"),
        (b'["c-1"]', "entry 1 is no object"),
        (b"id,status\n ,CLOSED\n", "line 2 has no conversation id"),
        (b"name,status\nx,CLOSED\n", "--id-column"),
        (b"Ada L,ada@example.com,c-1\nx,y,z\n", "3 columns, and its first line does not look like"),
        (b"id,name\nx,y\n", "--status-column; it has id, name"),
    ],
)
def test_what_cannot_be_read_is_said_with_its_line(content: bytes, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        read_export(content, GUESSED)


def test_columns_can_be_named() -> None:
    content = b"id,key,status,stage\n1,c-1,x,CLOSED\n"
    assert read_export(content, ExportColumns("key", "stage")) == [ExportedConversation("c-1", "CLOSED", 2)]
    assert (
        read_export(b"\xef\xbb\xbfkey,stage\nc-1,CLOSED\n", ExportColumns("key", "stage"))[0].status
        == "CLOSED"
    )
    assert read_export(b'\xef\xbb\xbf[{"id": "c-1", "status": "x"}]', GUESSED)[0].status == "X"
    with pytest.raises(UsageError, match="no column 'stages'"):
        read_export(content, ExportColumns("key", "stages"))


@given(st.binary(max_size=200))
def test_any_bytes_are_rows_or_one_sentence(content: bytes) -> None:
    with suppress(UsageError):
        assert read_export(content, GUESSED)


def test_every_outcome_of_the_entity_is_one_that_a_status_can_mean() -> None:
    meant = frozenset[str]().union(*(each.agrees for each in OUTCOMES.values()))
    assert meant | {"other_status"} == ENDED | {"open", "not_started", "failed_to_start"}


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """`command(csv, *options)` over a lake: exit code, document, what was said."""
    monkeypatch.setenv("HIRESTREAM_HOME", str(tmp_path))
    for name, provider in (("popp", "popp"), ("second", "popp"), ("orufy", "orufy")):
        monkeypatch.setenv(f"HIRESTREAM_SOURCES__{name.upper()}__PROVIDER", provider)
        monkeypatch.setenv(f"HIRESTREAM_SOURCES__{name.upper()}__SECRETS", "k:v")
    with open_lake(Settings.read().warehouse) as con:
        create_tables(con)
        con.execute(
            """
            CREATE TABLE wh.entities.conversations AS
            SELECT 'popp' AS provider, *,
                TIMESTAMPTZ '2026-11-01 00:00:00Z' + day * INTERVAL 1 DAY AS first_event_at
            FROM (VALUES
                ('c-1', 'o-1', 'popp', 'passed', 1), ('c-2', 'o-1', 'popp', 'open', 2),
                ('c-3', 'o-1', 'second', 'open', 3), ('c-4', 'o-2', 'popp', 'open', 4),
                ('c-5', 'o-1', 'popp', 'failed', 5), ('c-6', 'o-1', 'popp', 'failed', 9)
            ) AS t (conversation_id, organization_id, source, outcome, day)
            """
        )
        con.execute(
            "CREATE VIEW wh.staging.stg_conversation_events AS "
            "SELECT 'popp' AS provider, unnest(['c-1', 'c-9']) AS conversation_id"
        )
        con.execute(
            "INSERT INTO wh.quarantine.records (provider, source, body) VALUES ('popp', 'popp', ?)",
            [b'{"data": {"recordId": "c-8", '],
        )

    def called(text: str, *options: str) -> tuple[int, dict[str, Any], str]:
        (tmp_path / "export.csv").write_text(text)
        code = run(["reconcile", str(tmp_path / "export.csv"), "--json", *options])
        said = capsys.readouterr()
        return code, json.loads(said.out or "{}"), said.err

    return called


def test_all_that_agrees_is_0(command: Command) -> None:
    code, found, _ = command(
        "id,status\nc-1,COMPLETED_SCREENING_PASSED\nc-2,CLOSED\nc-4,ONGOING\nc-5,QUEUED\n", "--source", "popp"
    )
    assert (code, found["agree"], sum(found["explained"].values())) == (0, 2, 2)
    assert found["missing"] == found["differing"] == found["not_listed"] == []
    assert [time[:10] for time in found["span"]] == ["2026-11-02", "2026-11-06"]


def test_what_is_missing_or_differs_is_listed_and_1(command: Command) -> None:
    code, found, _ = command(
        "id,status\nc-1,COMPLETED_SCREENING_FAILED\nc-7,ONGOING\nc-8,QUEUED\nc-9,QUEUED\nc-5,PAUSED\n",
        *("--source", "popp"),
    )
    assert code == 1
    assert [(row["conversation_id"], row["where"]) for row in found["missing"]] == [
        ("c-7", "nowhere"),
        ("c-8", "quarantine"),
        ("c-9", "loaded; the models are behind"),
    ]
    assert [(row["conversation_id"], row["outcome"], row["problem"]) for row in found["differing"]] == [
        ("c-1", "passed", "expected failed"),
        ("c-5", "failed", "a status that is not known"),
    ]
    # of the same source, and not after the newest that is in both
    assert [row["conversation_id"] for row in found["not_listed"]] == ["c-2", "c-4"]


def test_one_organization_alone(command: Command) -> None:
    code, found, _ = command(
        "id,status\nc-1,COMPLETED_SCREENING_PASSED\nc-5,COMPLETED_SCREENING_FAILED\n",
        "--source",
        "popp",
        "--organization",
        "o-1",
    )
    assert code == 0
    assert [row["conversation_id"] for row in found["not_listed"]] == ["c-2"]


def test_the_later_row_of_a_conversation_counts(command: Command) -> None:
    code, found, _ = command("id,status\nc-1,ONGOING\nc-1,COMPLETED_SCREENING_FAILED\n", "--source", "popp")
    assert (code, found["listed"], found["differing"][0]["line"]) == (1, 1, 3)


@pytest.mark.parametrize(
    ("text", "source", "words"),
    [
        ("", "popp", "export.csv: the export is empty"),
        ("id,status\nc-1\n", "popp", "export.csv: line 2 has 1 columns"),
        ("id,status\nc-1,CLOSED\n", "nobody", "no source 'nobody'"),
        ("id,status\nc-1,CLOSED\n", "orufy", "has no conversations to compare"),
    ],
)
def test_wrong_use_is_2(command: Command, text: str, source: str, words: str) -> None:
    code, found, said = command(text, "--source", source)
    assert (code, found) == (2, {})
    assert words in said
