"""Embedded Apache Kafka broker: one KRaft node as a child process, with its data in the home folder.

The first broker of a user writes an AOT cache of the JVM when it stops, which takes 5 seconds. With that
cache later brokers start in 3 instead of 6 seconds.
"""

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from pipelines.errors import Unavailable
from pipelines.host.child_process import ChildProcess, spawn
from pipelines.host.file_lock import FolderLock
from pipelines.host.preflight import need_disk_space, need_java, need_port
from pipelines.runtime.kafka.config_files import broker_properties, format_storage, log_properties
from pipelines.runtime.kafka.jars import aot_cache, kafka_jars
from pipelines.runtime.kafka.probe import confirms_message
from pipelines.settings import Settings

HEAP = "256m"
READY_POLL_SECONDS = 0.1
JVM_ENDED_BY_SIGTERM = 128 + signal.SIGTERM

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class RunningBroker:
    """Embedded broker that has confirmed a message. As a context manager it stops the broker at the end."""

    bootstrap_servers: str
    child: ChildProcess
    lock: FolderLock
    aot_output: Path

    @property
    def pid(self) -> int:
        """Process id of the JVM."""
        return self.child.pid

    def stop(self, timeout_seconds: float = 10) -> None:
        """Shut the broker down, and kill it after `timeout_seconds`. Further calls do nothing."""
        self.child.stop(timeout_seconds)
        if self.child.process.returncode == JVM_ENDED_BY_SIGTERM and self.aot_output.exists():
            self.aot_output.replace(aot_cache())
        self.aot_output.unlink(missing_ok=True)
        self.lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def start_broker(
    settings: Settings, *, ready_timeout_seconds: float = 120, progress: Progress | None = None
) -> RunningBroker:
    """Start Kafka with the data in `settings.home`, and wait until it confirms a message.

    The first start formats the storage. The broker ends when the thread that called this function ends.
    Raises `Unavailable` with a message of one line when jars, JVM, disk space or a free port are missing,
    when another broker uses this home, or when Kafka does not answer in `ready_timeout_seconds`. The last
    message has the path of the log.
    """
    folder = settings.home / "kafka"
    need_disk_space(settings.home)
    java = need_java()
    jars = kafka_jars(progress=progress)
    lock = FolderLock(folder / "lock", f"the embedded broker of {settings.home}")
    try:
        need_port(settings.kafka.port, "HIRESTREAM_KAFKA__PORT")
        need_port(settings.kafka.controller_port, "HIRESTREAM_KAFKA__CONTROLLER_PORT")
        cached = aot_cache()
        aot_output = cached.with_name(f"{cached.name}.{os.getpid()}.new")
        child = _launch(settings, [java, "-cp", f"{jars}/*"], _aot_options(cached, aot_output), lock)
    except BaseException:
        lock.release()
        raise
    broker = RunningBroker(f"127.0.0.1:{settings.kafka.port}", child, lock, aot_output)
    try:
        _wait_until_ready(broker, ready_timeout_seconds)
    except BaseException:
        broker.stop()
        raise
    return broker


def _aot_options(cached: Path, output: Path) -> list[str]:
    """JVM options that use the AOT cache or, without one, record it.

    With JDK_JAVA_OPTIONS set nothing is recorded, because the cache would not fit other JVMs.
    """
    if cached.exists():
        return [f"-XX:AOTCache={cached}"]
    return [] if "JDK_JAVA_OPTIONS" in os.environ else [f"-XX:AOTCacheOutput={output}"]


def _launch(
    settings: Settings, java: list[str | Path], aot_options: list[str], lock: FolderLock
) -> ChildProcess:
    folder, logs = settings.home / "kafka", settings.home / "logs"
    data, properties, log4j = folder / "data", folder / "server.properties", folder / "log4j2.properties"
    logs.mkdir(parents=True, exist_ok=True)
    log4j.write_text(log_properties(logs / "kafka.log"))
    if not data.exists():
        format_storage(settings.kafka, data, [*java, f"-Dlog4j2.configurationFile={log4j}"])
    properties.write_text(broker_properties(settings.kafka, data))
    memory = [f"-Xmx{HEAP}", "-XX:+UseSerialGC", "-XX:+ExitOnOutOfMemoryError"]
    command = [
        java[0],
        *memory,
        *aot_options,
        f"-Dlog4j2.configurationFile={log4j}",
        *java[1:],
        "kafka.Kafka",
        properties,
    ]
    return spawn("broker", command, logs / "broker.log", keep_open=[lock.fileno])


def _wait_until_ready(broker: RunningBroker, timeout_seconds: float) -> None:
    deadline = time.monotonic() + timeout_seconds
    while True:
        if not broker.child.running:
            raise Unavailable(f"the embedded broker ended at its start: {_end_reason(broker)}")
        if time.monotonic() >= deadline:
            raise Unavailable(
                f"the embedded broker did not answer in {timeout_seconds:g} s; see {_kafka_log(broker)}"
            )
        if confirms_message(broker.bootstrap_servers):
            return
        time.sleep(READY_POLL_SECONDS)


def _end_reason(broker: RunningBroker) -> str:
    last_line = broker.child.tail(1)
    return f"{last_line}; see {_kafka_log(broker)}" if last_line else f"see {_kafka_log(broker)}"


def _kafka_log(broker: RunningBroker) -> Path:
    return broker.child.log.with_name("kafka.log")
