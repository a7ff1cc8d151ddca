"""Dagster as three processes: web server, daemon, and the code server that both use."""

import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from pipelines.errors import Unavailable
from pipelines.host.child_process import ChildProcess, spawn
from pipelines.host.supervisor import Service, http_ready
from pipelines.settings import Settings
from receiver.settings import PROJECT

MODULE = "pipelines.definitions"
INSTANCE_FILE = PROJECT / "dagster_home" / "dagster.yaml"
PYTHON = sys.executable
READY_TIMEOUT_SECONDS = 300.0


def start_initialising(settings: Settings, environment: Mapping[str, str]) -> ChildProcess:
    """Start the process that creates the storage of DAGSTER_HOME; two at the same time would break it."""
    settings.dagster_home.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(INSTANCE_FILE, settings.dagster_home / INSTANCE_FILE.name)
    command = [PYTHON, "-m", "dagster", "instance", "info"]
    log = settings.home / "logs" / "dagster-init.log"
    return spawn("dagster-init", command, log, environment=dagster_environment(settings, environment))


def finish_initialising(child: ChildProcess) -> None:
    """Wait until Dagster's storage is created. Raises `Unavailable` when that fails."""
    try:
        code = child.process.wait(READY_TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired:
        code = None
    finally:
        child.stop(timeout_seconds=1)
    if code != 0:
        raise Unavailable(f"Dagster's storage cannot be made: {child.tail(1)}; see {child.log}")


def code_server(settings: Settings, environment: Mapping[str, str], port: int) -> Service:
    """Service definition of Dagster's code server, which loads the definitions and starts runs."""
    command = [PYTHON, "-m", "dagster", "api", "grpc", "--module-name", MODULE]
    address = ["--host", "127.0.0.1", "--port", str(port), "--use-python-environment-entry-point"]
    return Service(
        "dagster-code",
        [*command, *address],
        dagster_environment(settings, environment),
        ready=_port_check(port),
        ready_timeout_seconds=READY_TIMEOUT_SECONDS,
    )


def web_server_and_daemon(
    settings: Settings, environment: Mapping[str, str], code_port: int
) -> tuple[Service, Service]:
    """Service definitions `(web server, daemon)` of Dagster; both use the code server at `code_port`."""
    workspace = _write_workspace(settings, code_port)
    process_environment, port = dagster_environment(settings, environment), settings.dagster.port
    web: list[str | Path] = [
        PYTHON,
        "-m",
        "dagster_webserver",
        "-w",
        workspace,
        "-h",
        "127.0.0.1",
        "-p",
        str(port),
    ]
    return (
        Service(
            "dagster-webserver",
            web,
            process_environment,
            ready=http_ready(f"{settings.dagster_url}/server_info"),
            ready_timeout_seconds=READY_TIMEOUT_SECONDS,
        ),
        Service(
            "dagster-daemon", [PYTHON, "-m", "dagster._daemon", "run", "-w", workspace], process_environment
        ),
    )


def dagster_environment(settings: Settings, environment: Mapping[str, str]) -> Mapping[str, str]:
    """Environment variables of every Dagster process, with telemetry turned off."""
    return {
        **environment,
        "DAGSTER_HOME": str(settings.dagster_home),
        "DAGSTER_DISABLE_TELEMETRY": "yes",
        "PYTHONUNBUFFERED": "1",
    }


def _write_workspace(settings: Settings, code_port: int) -> Path:
    file = settings.dagster_home / "workspace.yaml"
    server = f"{{host: 127.0.0.1, port: {code_port}, location_name: hirestream}}"
    file.write_text(f"load_from:\n  - grpc_server: {server}\n")
    return file


def _port_check(port: int) -> Callable[[], bool]:
    def ready() -> bool:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return True
        except OSError:
            return False

    return ready
