"""Only the listed jars are ever run."""

import hashlib
from pathlib import Path

import pytest

from pipelines.errors import Unavailable
from pipelines.runtime.kafka.jars import KAFKA_VERSION, kafka_jars, read_jar_list

SMALL = "org.jspecify:jspecify:1.0.0"


def test_the_list_names_one_version_of_kafka() -> None:
    kafka = [name for name in read_jar_list() if name.startswith("org.apache.kafka:")]
    assert len(kafka) > 10
    assert {name.split(":")[2] for name in kafka} == {KAFKA_VERSION}


def test_what_is_listed_is_fetched_once(tmp_path: Path) -> None:
    folder, said = tmp_path / "jars", list[str]()
    for _ in range(2):
        assert kafka_jars(folder, {SMALL: read_jar_list()[SMALL]}, said.append) == folder
    assert [file.name for file in folder.iterdir()] == ["jspecify-1.0.0.jar"]
    assert len(said) == 1


def test_a_download_that_differs_is_refused_and_not_kept(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="sha256 differs"):
        kafka_jars(tmp_path / "jars", {SMALL: "0" * 64})
    assert not (tmp_path / "jars").exists()


def test_a_jar_changed_later_is_refused(tmp_path: Path) -> None:
    digests = {"a:b:1": hashlib.sha256(b"jar").hexdigest()}
    (tmp_path / "b-1.jar").write_bytes(b"jar")
    assert kafka_jars(tmp_path, digests) == tmp_path
    (tmp_path / "b-1.jar").write_bytes(b"another")
    with pytest.raises(Unavailable, match="delete"):
        kafka_jars(tmp_path, digests)


def test_a_jar_that_is_not_listed_is_refused(tmp_path: Path) -> None:
    (tmp_path / "evil.jar").write_bytes(b"")
    with pytest.raises(Unavailable, match=r"evil\.jar is not a jar that hirestream lists"):
        kafka_jars(tmp_path, {})


def test_a_jar_that_does_not_exist_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="cannot be fetched"):
        kafka_jars(tmp_path / "jars", {"org.jspecify:no-such-jar:1.0.0": "0" * 64})
