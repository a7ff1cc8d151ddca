"""The command line: exit codes, one line on stderr, clean stdout."""

import json
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from pipelines.host.preflight import free_port
from pipelines.ingest.topic_admin import ensure_topic
from pipelines.lake.connection import open_lake
from pipelines.lake.schema import create_tables
from tests.support.command_line import Environment, complaint, environment, run, run_process
from tests.support.settings_for import SettingsFor

__all__ = ["environment"]


def test_help_is_quick_to_read_and_lists_the_commands(environment: Environment) -> None:
    done = run_process(environment, "--help")
    assert done.returncode == 0
    for command in ("up", "demo", "broker", "receiver", "stream", "status", "doctor", "query", "audit"):
        assert f"  {command} " in done.stdout


@pytest.mark.parametrize(
    ("changed", "arguments", "words"),
    [
        ({"HIRESTREAM_KAFKA__PARTITIONS": "many"}, ["status"], "HIRESTREAM_KAFKA__PARTITIONS"),
        ({"HIRESTREAM_TYPO": "1"}, ["status"], "HIRESTREAM_TYPO is not a setting"),
        ({"HIRESTREAM_SOURCES__POPP__SECRETS": ""}, ["receiver"], "HIRESTREAM_SOURCES__POPP"),
        ({"HIRESTREAM_SOURCES__POPP__SECRETS": "no-colon"}, ["up"], "HIRESTREAM_SOURCES__POPP"),
        ({}, ["nonsense"], "No such command"),
        ({}, ["simulate"], "exactly one of --out and --send"),
        ({}, ["send", "missing.json", "--source", "nobody"], "no source 'nobody'"),
        ({}, ["send", "missing.json", "--source", "popp"], "cannot be read"),
    ],
)
def test_wrong_use_is_one_line_and_2(
    environment: Environment, changed: Environment, arguments: list[str], words: str
) -> None:
    done = run({**environment, **changed}, *arguments)
    assert done.returncode == 2
    assert words in complaint(done)
    assert "no-colon" not in done.stderr


def test_a_missing_source_is_one_line_and_2(environment: Environment) -> None:
    without = {name: value for name, value in environment.items() if "SOURCES" not in name}
    for command, run_command in (("receiver", run_process), ("up", run)):
        done = run_command(without, command)
        assert done.returncode == 2
        assert "no source is configured" in complaint(done)


def test_what_is_not_there_is_one_line_and_3(environment: Environment) -> None:
    away = {**environment, "HIRESTREAM_KAFKA__BOOTSTRAP_SERVERS": f"127.0.0.1:{free_port()}"}
    done = run({**away, "HIRESTREAM_SPOOL__ENABLED": "false"}, "receiver")
    assert (done.returncode, "does not serve topic" in complaint(done)) == (3, True)
    done = run(environment, "query", "SELECT 1")
    assert (done.returncode, "no lake" in complaint(done)) == (3, True)
    done = run(environment, "send", __file__, "--source", "popp")
    assert (done.returncode, "nothing answers" in complaint(done)) == (3, True)


@pytest.mark.parametrize("command", ["receiver", "up", "broker"])
def test_a_port_in_use_is_one_line_and_3(environment: Environment, command: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        ports = {"HIRESTREAM_RECEIVER__PORT": port, "HIRESTREAM_KAFKA__PORT": port}
        done = run({**environment, **ports}, command)
    assert done.returncode == 3
    assert port in complaint(done)


def test_a_topic_with_fewer_partitions_is_one_line_and_3(
    environment: Environment, settings_for: SettingsFor
) -> None:
    ensure_topic(settings_for(kafka={"partitions": 1}).kafka)
    for command in ("receiver", "stream"):
        done = run(environment, command)
        assert done.returncode == 3
        assert "has 1 partitions and 6 are configured" in complaint(done)


def test_json_is_one_document_and_nothing_else(environment: Environment, settings_for: SettingsFor) -> None:
    settings = settings_for()
    ensure_topic(settings.kafka)
    with open_lake(settings.warehouse) as lake:
        create_tables(lake)
    for arguments, expected_code in (
        (["status"], 1),  # neither receiver nor loader runs
        (["doctor"], 0),
        (["contracts"], 0),
        (["quarantine"], 0),
        (["audit"], 0),
        (["query", "SELECT 1 AS one, now() AS at, 1.5 AS number"], 0),
        (["simulate", "--journeys", "5", "--out", str(settings.home / "sim")], 0),
    ):
        done = run(environment, *arguments, "--json")
        assert done.returncode == expected_code, (arguments, done.stderr)
        json.loads(done.stdout)
        assert done.stdout.count("\n") == 1


def test_bad_sql_is_one_line_and_2(environment: Environment, settings_for: SettingsFor) -> None:
    with open_lake(settings_for().warehouse) as lake:
        create_tables(lake)
    done = run(environment, "query", "SELEC 1")
    assert done.returncode == 2
    assert "the query failed" in complaint(done)


def test_the_broker_runs_until_it_is_told_to_end(environment: Environment, tmp_path: Path) -> None:
    own = {
        name: value for name, value in environment.items() if name != "HIRESTREAM_KAFKA__BOOTSTRAP_SERVERS"
    } | {
        "HIRESTREAM_KAFKA__PORT": str(free_port()),
        "HIRESTREAM_KAFKA__CONTROLLER_PORT": str(free_port()),
        "HIRESTREAM_HOME": str(tmp_path / "own"),
    }
    command = [sys.executable, "-m", "pipelines.cli", "broker"]
    with subprocess.Popen(command, env=own, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert any("Kafka is up" in line for line in process.stderr)
        jvms = psutil.Process(process.pid).children()
        done = run(own, "broker")
        assert (done.returncode, "runs already" in complaint(done)) == (3, True)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    assert len(jvms) == 1
    assert not jvms[0].is_running()


def test_a_receiver_takes_what_send_signs(environment: Environment, tmp_path: Path) -> None:
    body = tmp_path / "body.json"
    body.write_text('{"event":"CONVERSATION_QUEUED","eventId":"evt_1"}')
    receiver = subprocess.Popen(
        [sys.executable, "-m", "pipelines.cli", "receiver"],
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert receiver.stderr is not None
        assert any("listening" in line for line in receiver.stderr)
        done = run(environment, "send", str(body), "--source", "popp", "--json")
        assert done.returncode == 0
        assert json.loads(done.stdout)["status"] == 200
        wrong = {**environment, "HIRESTREAM_SOURCES__POPP__SECRETS": "k1:another"}
        done = run(wrong, "send", str(body), "--source", "popp", "--json")
        assert (done.returncode, json.loads(done.stdout)["status"]) == (1, 401)
        started = time.monotonic()
        receiver.send_signal(signal.SIGINT)
        assert receiver.wait(15) == 0
        assert time.monotonic() - started < 10
    finally:
        receiver.kill()
        receiver.wait()
