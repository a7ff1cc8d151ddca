"""Files that the embedded broker needs at its start: properties, logging configuration, formatted storage."""

import base64
import shutil
import subprocess
import uuid
from pathlib import Path

from pipelines.errors import Unavailable
from receiver.settings import KafkaSettings

FORMAT_TIMEOUT_SECONDS = 60


def broker_properties(kafka: KafkaSettings, data: Path) -> str:
    """Content of `server.properties` for a single node that is both broker and controller."""
    listeners = f"PLAINTEXT://127.0.0.1:{kafka.port},CONTROLLER://127.0.0.1:{kafka.controller_port}"
    values = {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.bootstrap.servers": f"127.0.0.1:{kafka.controller_port}",
        "listeners": listeners,
        "advertised.listeners": listeners,
        "controller.listener.names": "CONTROLLER",
        "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
        "log.dir": str(data),
        "auto.create.topics.enable": "false",
        "offsets.topic.replication.factor": "1",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "share.coordinator.state.topic.replication.factor": "1",
        "share.coordinator.state.topic.min.isr": "1",
        "group.initial.rebalance.delay.ms": "0",
        # the default of 128 MB does not fit the heap
        "log.cleaner.dedupe.buffer.size": str(8 * 1024 * 1024),
        # after kill -9 the old session must end before the node can register again
        "broker.session.timeout.ms": "3000",
        "broker.heartbeat.interval.ms": "500",
    }
    if kafka.flush_every_message:
        values["log.flush.interval.messages"] = "1"
    return "".join(f"{name}={value}\n" for name, value in values.items())


def log_properties(file: Path) -> str:
    """Content of the broker's log4j2 configuration: level info, at most three files of 10 MB."""
    return f"""status=error
appender.file.type=RollingFile
appender.file.name=file
appender.file.fileName={file}
appender.file.filePattern={file}.%i
appender.file.layout.type=PatternLayout
appender.file.layout.pattern=%d{{yyyy-MM-dd'T'HH:mm:ss.SSSX}}{{UTC}} %p %m (%c{{1}})%n
appender.file.policies.type=Policies
appender.file.policies.size.type=SizeBasedTriggeringPolicy
appender.file.policies.size.size=10MB
appender.file.strategy.type=DefaultRolloverStrategy
appender.file.strategy.max=2
rootLogger.level=info
rootLogger.appenderRef.file.ref=file
"""


def format_storage(kafka: KafkaSettings, data: Path, java: list[str | Path]) -> None:
    """Format Kafka's storage in the folder `data`. Raises `Unavailable` when Kafka's tool fails.

    The storage is formatted in a neighbouring folder and renamed, so that a kill leaves no partial storage.
    """
    unfinished = data.with_name("data.new")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir()
    properties = data.with_name("format.properties")
    properties.write_text(broker_properties(kafka, unfinished))
    tool = ["kafka.tools.StorageTool", "format", "--standalone", "-t", _cluster_id(), "-c"]
    result = subprocess.run(
        [*java, *tool, properties], capture_output=True, timeout=FORMAT_TIMEOUT_SECONDS, check=False
    )
    if result.returncode != 0:
        last = result.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise Unavailable(f"Kafka could not format {data}: {''.join(last) or 'no reason given'}")
    unfinished.rename(data)


def _cluster_id() -> str:
    """Random cluster id in Kafka's format, without dashes: a leading one would be parsed as an option."""
    return base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=").replace("-", "A")
