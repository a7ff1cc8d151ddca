"""`hirestream up`: starts every process of the system as a child of one supervisor process."""

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field

from pipelines.host.file_lock import FolderLock
from pipelines.host.preflight import free_port, need_disk_space, need_port
from pipelines.host.supervisor import (
    RESTART_SECONDS,
    ExitInfo,
    Service,
    Supervisor,
    http_ready,
    interruptible,
)
from pipelines.ingest.topic_admin import ensure_topic
from pipelines.lake.connection import open_lake
from pipelines.lake.loader_lease import lease_holder
from pipelines.lake.schema import create_tables
from pipelines.runtime import dagster_processes
from pipelines.runtime.kafka.broker import RunningBroker, start_broker
from pipelines.settings import Settings

Say = Callable[[str], None]
LoaderEnded = Callable[[ExitInfo], bool]
"""Callback that receives the loader's exit and returns whether to restart it."""

NO_RESTART_EXIT_CODES = frozenset({0, 1, 2})
"""Exit codes after which the loader is not restarted: it was stopped, or would fail in the same way."""


@dataclass(frozen=True, slots=True)
class Components:
    """Optional components to start, and the environment variables of all processes."""

    dagster: bool = True
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))


def run_up(settings: Settings, parts: Components, say: Say) -> None:
    """Run every component until interrupted. The others continue when the loader ends.

    Raises `SettingsError`, `Unavailable` or `ChildEnded`. All started processes are stopped in any case.
    """
    loader_ended = loader_exit_callback(settings, say)
    with interruptible(), running(settings, parts, say, loader_ended) as supervisor:
        say(addresses_message(settings, parts))
        watch_until_interrupted(supervisor)


def run_broker(settings: Settings, say: Say) -> None:
    """Run only the embedded broker, create the topic, return when interrupted. Raises `Unavailable`."""
    logs = settings.home / "logs"
    with interruptible(), start_broker(settings, progress=say) as broker, Supervisor(logs) as supervisor:
        supervisor.own(broker.child)
        ensure_topic(settings.kafka.model_copy(update={"bootstrap_servers": None}))
        say(f"Kafka is up at {broker.bootstrap_servers}; Ctrl-C stops it")
        watch_until_interrupted(supervisor)


def watch_until_interrupted(supervisor: Supervisor) -> None:
    """Watch the child processes until Ctrl-C. Raises `ChildEnded` when one of them ends."""
    with suppress(KeyboardInterrupt):
        supervisor.watch()


@contextmanager
def running(
    settings: Settings, parts: Components, say: Say, loader_ended: LoaderEnded | None = None
) -> Iterator[Supervisor]:
    """Start all components and wait until they are ready; stop them in reverse order when the block ends.

    Without `loader_ended`, an exit of the loader ends all components.
    """
    settings.source_secrets()
    need_disk_space(settings.home)
    environment = {**parts.environment, "HIRESTREAM_HOME": str(settings.home)}
    with ExitStack() as stack:
        stack.enter_context(FolderLock(settings.home / "up.lock", f"hirestream on {settings.home}"))
        _check_ports(settings, parts)
        storage = dagster_processes.start_initialising(settings, environment) if parts.dagster else None
        if storage is not None:
            stack.callback(storage.stop)
        broker = _start_embedded_broker(settings, stack, say)
        supervisor = stack.enter_context(Supervisor(settings.home / "logs"))
        if broker is not None:
            supervisor.own(broker.child)
        ensure_topic(settings.kafka)
        with open_lake(settings.warehouse) as lake:
            create_tables(lake)
        say("starting the receiver and the loader")
        supervisor.start(receiver(settings, environment))
        if storage is not None:
            dagster_processes.finish_initialising(storage)
        supervisor.start(stream(settings, environment, loader_ended))
        if parts.dagster:
            say("starting Dagster")
            _start_dagster(settings, environment, supervisor)
        supervisor.wait_ready()
        yield supervisor


def receiver(settings: Settings, environment: Mapping[str, str]) -> Service:
    """Service definition of the receiver process for the supervisor."""
    ready = http_ready(f"{settings.receiver_url}/readyz")
    return Service("receiver", hirestream("receiver"), environment, ready=ready)


def stream(settings: Settings, environment: Mapping[str, str], ended: LoaderEnded | None = None) -> Service:
    """Service definition of the loader process for the supervisor; ready when it holds the loader lease."""
    process_environment = dagster_processes.dagster_environment(settings, environment)
    return Service(
        "stream",
        hirestream("stream"),
        process_environment,
        ready=lambda: lease_holder(settings.warehouse) is not None,
        ended=ended,
    )


def loader_exit_callback(settings: Settings, say: Say) -> LoaderEnded:
    """Callback for exits of the loader, so that the receiver accepts deliveries while nothing is loaded.

    It reports each exit with `say`, repeated equal exits once. The loader is restarted when it was killed,
    or when something that it needs was unavailable.
    """
    last_report: tuple[int, str] | None = None

    def ended(end: ExitInfo) -> bool:
        nonlocal last_report
        restart = end.exit_code not in NO_RESTART_EXIT_CODES
        report = end.exit_code, end.last_lines.rpartition("\n")[2]
        if report != last_report or end.ran_seconds > RESTART_SECONDS:
            with suppress(OSError):  # stderr may be a file on a full disk
                say(_loader_exit_message(settings, end, restart=restart))
        last_report = report
        return restart

    return ended


def _loader_exit_message(settings: Settings, end: ExitInfo, *, restart: bool) -> str:
    stays = "It stays away: fix what it names, then start `hirestream up` again."
    return (
        f"{end}\nThe other parts continue: deliveries are taken and wait on the topic until they are loaded. "
        f"{f'It is started again every {RESTART_SECONDS:g} s.' if restart else stays} In addition, "
        f"`HIRESTREAM_HOME={settings.home} hirestream stream` loads too, with the option that it names if any"
    )


def hirestream(*arguments: str) -> list[str]:
    """Command that runs `hirestream` of this installation with `arguments`."""
    return [sys.executable, "-m", "pipelines.cli", *arguments]


def addresses_message(settings: Settings, parts: Components) -> str:
    """Message with the addresses and folders of the running system, one per line."""
    entries = {
        "webhooks": ", ".join(f"{settings.receiver_url}/webhooks/{name}" for name in settings.sources),
        "Kafka": settings.kafka.client_config()["bootstrap.servers"],
        "Dagster": settings.dagster_url if parts.dagster else "not started",
        "data": str(settings.home),
        "logs": str(settings.home / "logs"),
    }
    lines = [f"  {name:<10}{place}" for name, place in entries.items()]
    return "\n".join(["hirestream is up; Ctrl-C stops it", *lines])


def _start_embedded_broker(settings: Settings, stack: ExitStack, say: Say) -> RunningBroker | None:
    if settings.kafka.bootstrap_servers is not None:
        return None
    say("starting Kafka")
    return stack.enter_context(start_broker(settings, progress=say))


def _check_ports(settings: Settings, parts: Components) -> None:
    need_port(settings.receiver.port, "HIRESTREAM_RECEIVER__PORT", settings.receiver.host)
    if parts.dagster:
        need_port(settings.dagster.port, "HIRESTREAM_DAGSTER__PORT")


def _start_dagster(settings: Settings, environment: Mapping[str, str], supervisor: Supervisor) -> None:
    port = free_port()
    supervisor.start(dagster_processes.code_server(settings, environment, port))
    supervisor.wait_ready()
    for service in dagster_processes.web_server_and_daemon(settings, environment, port):
        supervisor.start(service)
