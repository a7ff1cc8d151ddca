"""Status and doctor say what is wrong, and never fail for it."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from confluent_kafka import Producer

from pipelines.diagnostics.doctor import DoctorCheck, examine
from pipelines.diagnostics.doctor import render as render_doctor
from pipelines.diagnostics.status import read_status, render
from pipelines.host.preflight import free_port
from pipelines.ingest.topic_admin import ensure_topic
from pipelines.lake.connection import open_lake
from pipelines.lake.loader_lease import loader_lease
from pipelines.lake.schema import create_tables
from pipelines.runtime.stream.build_state import read_state, write_state
from pipelines.settings import Settings
from tests.support.settings_for import SettingsFor


def test_a_broken_installation_has_a_sentence_for_each_part(tmp_path: Path) -> None:
    settings = Settings(
        home=tmp_path,
        kafka={"bootstrap_servers": f"127.0.0.1:{free_port()}"},
        receiver={"port": free_port()},
        dagster={"port": free_port()},
    )
    status = read_status(settings)
    assert (status.lag, status.ledger, status.receiver, status.dagster) == (None, None, "down", "down")
    said = "\n".join(status.problems)
    for words in ("no lake at", "does not serve topic", "the receiver on port", "no loader runs"):
        assert words in said
    lines = render(status).splitlines()
    assert {line[:6] for line in lines} == {"OK    ", "WARN  ", "FAIL  "}
    assert [line[6:] for line in lines[-len(status.problems) :]] == status.problems
    states = {line[6:18].strip(): line[:4].strip() for line in lines[: -len(status.problems)]}
    assert states == {
        "home": "OK",
        "Kafka": "FAIL",
        "lag": "WARN",
        "ledger": "FAIL",
        "last load": "WARN",
        "loader": "FAIL",
        "models": "WARN",
        "receiver": "FAIL",
        "Dagster": "WARN",
        "unverified": "OK",
        "spool": "OK",
    }


def test_lag_counts_from_the_stored_position_else_from_the_beginning(settings_for: SettingsFor) -> None:
    settings = settings_for(kafka={"partitions": 2})
    info = ensure_topic(settings.kafka)
    producer = Producer({"bootstrap.servers": str(settings.kafka.bootstrap_servers)})
    for number in range(10):
        producer.produce(info.topic, b"x", partition=number % 2)
    assert producer.flush(10) == 0
    with open_lake(settings.warehouse) as lake:
        create_tables(lake)
        lake.execute(
            "INSERT INTO wh.ledger.offsets VALUES (?, ?, 0, 0, 2, 2, 2, 1), (?, ?, 0, 2, 3, 3, 1, 2)",
            [info.topic_id, info.topic] * 2,
        )
    with loader_lease(settings.warehouse, "a test"):
        status = read_status(settings)
    assert status.lag == 7
    assert [(part.next_offset, part.end_offset, part.lag) for part in status.partitions] == [
        (3, 5, 2),
        (0, 5, 5),
    ]
    assert status.loader is not None
    assert status.loader.startswith("a test")


def test_a_topic_made_anew_is_a_problem(settings_for: SettingsFor) -> None:
    settings = settings_for()
    info = ensure_topic(settings.kafka)
    with open_lake(settings.warehouse) as lake:
        create_tables(lake)
        lake.execute(
            "INSERT INTO wh.ledger.offsets VALUES ('another', ?, 0, 0, 2, 2, 2, 1)",
            [info.topic],
        )
    assert any("recreated" in problem for problem in read_status(settings).problems)


def test_a_failed_build_is_a_problem(settings_for: SettingsFor) -> None:
    settings = settings_for()
    assert read_state(settings.home) is None
    write_state(settings.home, {"built_at": "2026-01-01T00:00:00+00:00", "failed": ["a model"]})
    assert any("last model build failed" in problem for problem in read_status(settings).problems)


def by_check(findings: list[DoctorCheck]) -> Mapping[str, DoctorCheck]:
    return {finding.check: finding for finding in findings}


def test_the_doctor_finds_this_machine_fit(settings_for: SettingsFor) -> None:
    findings = by_check(examine(settings_for()))
    assert [finding for finding in findings.values() if not finding.ok] == []
    assert {"Python", "secrets", "disk", "DuckDB extensions", "Kafka"} <= findings.keys()


def test_the_doctor_names_what_is_missing_and_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.host.preflight.DISK_BYTES_NEEDED", 2**60)
    findings = by_check(examine(Settings(home=tmp_path, kafka={"port": free_port()})))
    assert not findings["secrets"].ok
    assert "HIRESTREAM_SOURCES__POPP__PROVIDER" in findings["secrets"].detail
    assert not findings["disk"].ok
    assert findings["JVM"].ok


def test_each_line_of_the_doctor_begins_with_its_state() -> None:
    checks = [DoctorCheck("disk", True, "9 GiB free"), DoctorCheck("JVM", False, "no JVM")]
    assert render_doctor(checks) == "OK    disk: 9 GiB free\nFAIL  JVM: no JVM"
