"""`hirestream doctor`: checks of this machine and its settings, each with its remedy."""

import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import duckdb

from pipelines.diagnostics.status import KAFKA_TIMEOUT_SECONDS, read_status
from pipelines.errors import HirestreamError
from pipelines.host.output import state_line
from pipelines.host.preflight import need_disk_space, need_java, need_port
from pipelines.ingest.topic_admin import topic_info
from pipelines.lake.connection import load_extensions
from pipelines.runtime.kafka.jars import jar_folder, read_jar_list, verify
from pipelines.settings import Settings, SettingsError

PYTHON_FROM, PYTHON_BELOW = (3, 11), (3, 14)


@dataclass(frozen=True, slots=True)
class DoctorCheck:
    """Result of one check; `detail` is what was found or, when not `ok`, what to do."""

    check: str
    ok: bool
    detail: str


def examine(settings: Settings) -> list[DoctorCheck]:
    """Run every check in order. A check changes nothing, except that it may create the home folder."""
    return list(_checks(settings))


def render(findings: list[DoctorCheck]) -> str:
    """Render the checks as text, one line for each."""
    lines = (state_line("OK" if found.ok else "FAIL", f"{found.check}: {found.detail}") for found in findings)
    return "\n".join(lines)


def _checks(settings: Settings) -> Iterator[DoctorCheck]:
    yield _python()
    yield DoctorCheck("settings", True, f"home is {settings.home}")
    yield _run_check("secrets", lambda: _secrets(settings))
    yield _run_check("disk", lambda: _disk(settings))
    yield _run_check("DuckDB extensions", _extensions)
    if settings.kafka.bootstrap_servers is None:
        yield _run_check("JVM", lambda: str(need_java()))
        yield _run_check("Kafka's jars", _jars)
    yield from _ports(settings)


def _run_check(check: str, detail_of: Callable[[], str]) -> DoctorCheck:
    try:
        return DoctorCheck(check, True, detail_of())
    except (HirestreamError, SettingsError) as error:
        return DoctorCheck(check, False, str(error))
    except (duckdb.Error, OSError) as error:
        return DoctorCheck(check, False, str(error).splitlines()[0])


def _python() -> DoctorCheck:
    fits = PYTHON_FROM <= sys.version_info[:2] < PYTHON_BELOW
    found = f"{sys.version_info.major}.{sys.version_info.minor}.{sys.version_info.micro}"
    return DoctorCheck("Python", fits, found if fits else f"{found}; hirestream needs 3.11 to 3.13")


def _secrets(settings: Settings) -> str:
    counts = {name: len(secrets) for name, secrets in settings.source_secrets().items()}
    return ", ".join(f"{name}: {count} live" for name, count in counts.items())


def _disk(settings: Settings) -> str:
    need_disk_space(settings.home)
    return f"{shutil.disk_usage(settings.home).free // 2**30} GiB free"


def _extensions() -> str:
    with duckdb.connect(config={"autoinstall_known_extensions": "false"}) as con:
        load_extensions(con)
    return f"DuckDB {duckdb.__version__} with ducklake and sqlite_scanner"


def _jars() -> str:
    folder = jar_folder()
    if not folder.is_dir():
        return "not here yet; the first start fetches them from Maven Central"
    verify(folder, read_jar_list())
    return f"{len(read_jar_list())} verified in {folder}"


def _ports(settings: Settings) -> Iterator[DoctorCheck]:
    """Yield the checks of ports. A port is fine when it is free, or when hirestream itself uses it."""
    status = read_status(settings)
    if settings.kafka.bootstrap_servers is None and status.topic_id is None:
        for port, name in (
            (settings.kafka.port, "PORT"),
            (settings.kafka.controller_port, "CONTROLLER_PORT"),
        ):
            yield _port("Kafka's port", port, f"HIRESTREAM_KAFKA__{name}")
    else:
        yield _run_check("Kafka", lambda: _kafka(settings))
    receiver, dagster = settings.receiver.port, settings.dagster.port
    for check, state, port, variable in (
        ("receiver's port", status.receiver, receiver, "HIRESTREAM_RECEIVER__PORT"),
        ("Dagster's port", status.dagster, dagster, "HIRESTREAM_DAGSTER__PORT"),
    ):
        yield (
            DoctorCheck(check, True, f"{port}, in use by hirestream")
            if state == "up"
            else _port(check, port, variable)
        )


def _port(check: str, port: int, variable: str) -> DoctorCheck:
    def free() -> str:
        need_port(port, variable)
        return f"{port} is free"

    return _run_check(check, free)


def _kafka(settings: Settings) -> str:
    info = topic_info(settings.kafka, timeout_seconds=KAFKA_TIMEOUT_SECONDS)
    return f"{info.topic} with {info.partitions} partitions" if info else "answers; the topic is not made yet"
