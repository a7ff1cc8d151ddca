"""`replay`, `rebuild`, `quarantine` and `contracts diff` as a person types them."""

import json
from pathlib import Path

import duckdb
import pytest

from pipelines.admin.reprocess.replay_command import ReplayFilters, quarantined_records
from pipelines.decode.decoded_batch import decode_batch
from pipelines.decode.decoder import DecodeFailure
from pipelines.decode.validation import Problem
from pipelines.diagnostics.listings import quarantine_groups
from pipelines.host.output import MAX_CELL, table
from pipelines.lake.connection import open_lake
from pipelines.load.loader import Loader
from pipelines.settings import Settings
from tests.support.command_line import Completed, Environment, complaint, environment, run
from tests.support.events import BROKEN, queued
from tests.support.faults import refusing, without_contract
from tests.support.lakes import empty_lake, modelled_lake
from tests.support.rows import LOADED_AT, raw_batch
from tests.support.settings_for import SettingsFor

__all__ = ["environment"]


@pytest.fixture
def lake(settings_for: SettingsFor, environment: Environment) -> Environment:
    """A lake with an event in events.generic, two refused by a contract that is fixed now, one broken."""
    con = modelled_lake(settings_for())
    loader = Loader(con, {}, holder="test", organizations={}, rejects=None, clock=lambda: LOADED_AT)
    loader.load(without_contract("CONVERSATION_QUEUED", raw_batch(queued(1))))
    loader.load(refusing("CONVERSATION_QUEUED", raw_batch(queued(2), queued(3), start=1)))
    loader.load(decode_batch(raw_batch(BROKEN, start=3)))
    con.close()
    return environment


def answer(environment: Environment, *arguments: str) -> tuple[int, object]:
    done = run(environment, *arguments, "--json")
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def test_mended_contracts_are_applied_and_the_models_follow(lake: Environment) -> None:
    _, groups = answer(lake, "quarantine")
    assert isinstance(groups, list)
    assert [(g["stage"], g["reason"], g["records"]) for g in groups] == [
        ("contract", "$.data: refused by a wrong contract", 2),
        ("json", "$: Input data was truncated", 1),
    ]
    status, rebuilt = answer(lake, "rebuild", "--event-type", "CONVERSATION_QUEUED")
    assert isinstance(rebuilt, dict)
    assert (status, rebuilt["loaded"], rebuilt["tables"]) == (0, 1, ["conversation_queued"])
    status, replayed = answer(lake, "replay", "--all")
    assert isinstance(replayed, dict)
    assert (status, replayed["loaded"], replayed["refused"]) == (1, 2, {"$: Input data was truncated": 1})
    _, conversations = answer(
        lake, "query", "SELECT conversation_id FROM entities.conversations ORDER BY ALL"
    )
    assert conversations == [{"conversation_id": f"c-{n}"} for n in (1, 2, 3)]
    done = run(lake, "rebuild", "--json")
    assert (done.returncode, "building every entity and mart again" in done.stderr) == (0, True)
    report = json.loads(done.stdout)
    assert (report["records"], report["moved"], report["refused"]) == (3, 0, {})
    rows = {each["table"]: each["rows"] for each in report["tables"]}
    assert rows["events.conversation_queued"] == rows["entities.conversations"] == 3
    assert rows["marts.members"] > 0
    assert {each["verdict"] for each in report["tables"]} == {"same"}
    assert run(lake, "audit").returncode == 0


def test_what_was_known_at_a_time_is_written_into_a_new_file(lake: Environment, tmp_path: Path) -> None:
    file = tmp_path / "then.duckdb"
    then = ["--as-of", LOADED_AT.isoformat(), "--into", str(file)]
    done = run(lake, "rebuild", *then, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["tables"] > 30
    with duckdb.connect(str(file), read_only=True) as con:
        assert con.execute(
            "SELECT rows FROM marts.freshness WHERE \"table\" LIKE 'quarantine%'"
        ).fetchall() == [(3,)]
    written = file.stat().st_mtime_ns
    for wrong, words in (
        (then, "exists"),
        (["--as-of", "2100-01-01", "--into", str(tmp_path / "other")], "yet to come"),
        (then[:2], "go together"),
        ([*then, "--from-topic"], "exclude each other"),
    ):
        refused = run(lake, "rebuild", *wrong)
        assert refused.returncode == 2
        assert words in complaint(refused)
    assert file.stat().st_mtime_ns == written


def test_what_the_topic_does_not_hold_is_listed(lake: Environment) -> None:
    done = run(lake, "rebuild", "--from-topic", "--json")
    assert done.returncode == 1
    (missing,) = json.loads(done.stdout)["missing"]
    assert (missing["partition"], missing["first_offset"], missing["last_offset"]) == (0, 0, 3)
    assert (missing["records"], missing["why"]) == (4, "loaded from another topic")


def test_replay_wants_a_filter_and_understands_times(lake: Environment) -> None:
    for arguments, words in ((["replay"], "--all"), (["replay", "--since", "yesterday"], "ISO 8601")):
        done = run(lake, *arguments)
        assert done.returncode == 2
        assert words in complaint(done)
    status, nothing = answer(lake, "replay", "--until", "2020-01-01", "--reason", "wrong contract")
    assert isinstance(nothing, dict)
    assert (status, nothing["loaded"]) == (0, 0)
    done = run(lake, "replay", "--reason", "nobody has this")
    assert (done.returncode, done.stdout) == (
        0,
        "no quarantined record matches; `hirestream quarantine` lists them\n",
    )


WRONG = ("$.data.requirements[3].answers[0].text", "Expected `str`, got `array`")
ELSEWHERE = ("$.data.requirements[12].answers[0].text", "Expected `str`, got `array`")
SECOND = ("$.data.name", "missing")


@pytest.mark.parametrize(
    ("reason", "found"),
    [
        ("requirements[3].answers", [0]),
        ("requirements[].answers", [0, 1]),
        ("contract $.data.requirements", [0, 1]),
        ("$.data.name: missing", [0]),
        ("truncated", [2]),
        ("requirements[0]", []),
    ],
)
def test_every_reason_is_searched_as_it_is_shown(tmp_path: Path, reason: str, found: list[int]) -> None:
    settings = refused_lake(tmp_path)
    assert offsets(settings, reason) == found


def test_a_reason_is_found_as_the_groups_show_it(tmp_path: Path) -> None:
    settings = refused_lake(tmp_path)
    groups = quarantine_groups(settings)
    at = groups.columns.index("reason")
    assert [(row[at], row[at + 1]) for row in groups.rows] == [
        ("$.data.requirements[].answers[].text: Expected `str`, got `array`", 2),
        ("$: Input data was truncated", 1),
    ]
    for row, expected in zip(groups.rows, ([0, 1], [2]), strict=True):
        shown = table(["reason"], [[row[at]]]).splitlines()[1]
        assert len(shown) <= MAX_CELL
        assert offsets(settings, row[at]) == offsets(settings, shown) == expected


def refused_lake(home: Path) -> Settings:
    """A lake with three rejects: of two reasons, of one of these at another place, and broken."""
    settings = Settings(home=home)
    con = empty_lake(settings.warehouse)
    batch = decode_batch(raw_batch(queued(1), queued(2), BROKEN))
    for index, problems in enumerate(((WRONG, SECOND), (ELSEWHERE,))):
        why = tuple(Problem(*each) for each in problems)
        batch.decoded[index] = DecodeFailure(batch.decoded[index].identity, "contract", why)
    loader = Loader(con, {}, holder="test", organizations={}, rejects=None, clock=lambda: LOADED_AT)
    loader.load(batch)
    con.close()
    return settings


def offsets(settings: Settings, reason: str) -> list[int]:
    """Of the quarantined records that a replay would decode again."""
    wanted = quarantined_records(ReplayFilters(reason=reason))
    with open_lake(settings.warehouse, read_only=True) as con:
        rows = con.execute(
            f'SELECT "offset" FROM wh.quarantine.records AS kept WHERE {wanted.where} ORDER BY ALL',
            list(wanted.values),
        ).fetchall()
    return [offset for (offset,) in rows]


def diff(environment: Environment, file: Path, body: object) -> Completed:
    file.write_text(body if isinstance(body, str) else json.dumps(body))
    return run(environment, "contracts", "diff", str(file), "--json")


def test_a_payload_is_compared_with_its_contract(environment: Environment, tmp_path: Path) -> None:
    data = {"recordId": 5, "organizationId": "o", "items": [{"secret name": 1}]}
    done = diff(environment, tmp_path / "body.json", {"event": "CONVERSATION_QUEUED", "data": data})
    found = {row["path"]: (row["difference"], row["detail"]) for row in json.loads(done.stdout)}
    assert done.returncode == 1
    assert found["$.data.recordId"] == ("refused", "Expected `str`, got `int`")
    assert found["$.data.items"] == ("unknown", "is an array")
    assert found["$.eventId"] == ("absent", "optional")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("{", "not JSON"),
        ("[]", "expected an object"),
        ('{"event": "NEW"}', "no contract for NEW"),
        ("{}", "--provider"),
    ],
)
def test_what_cannot_be_compared_says_why(
    environment: Environment, tmp_path: Path, body: str, words: str
) -> None:
    done = diff(environment, tmp_path / "body.json", body)
    assert done.returncode == 2
    assert words in complaint(done)
