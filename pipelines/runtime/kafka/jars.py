"""Jars of Apache Kafka, downloaded once from Maven Central and verified against a committed list.

The list holds every jar with its sha256, so no dependencies are resolved at run time: a newly resolved
dependency graph could differ from the tested one.
"""

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from jgo.maven import MavenContext

from pipelines.errors import Unavailable
from pipelines.host.cache_folder import cache_folder
from pipelines.host.file_lock import FolderLock

KAFKA_VERSION = "4.3.1"
LIST = Path(__file__).with_name(f"kafka-{KAFKA_VERSION}.sha256")
BOOTSTRAP_VARIABLE = "HIRESTREAM_KAFKA__BOOTSTRAP_SERVERS"
DOWNLOADS_AT_ONCE = 8
FIRST_DOWNLOAD_SECONDS = 600

Digests = Mapping[str, str]
"""Mapping from `group:artifact:version` to the jar's sha256 in hex."""


def read_jar_list(file: Path = LIST) -> Digests:
    """Read the committed list of jars; each line is `sha256  group:artifact:version`."""
    pairs = (line.split() for line in file.read_text().splitlines() if line)
    return {coordinate: digest for digest, coordinate in pairs}


def jar_folder() -> Path:
    """Folder of the Kafka jars: outside the checkout, shared by all home folders of this user."""
    return cache_folder() / f"kafka-{KAFKA_VERSION}"


def aot_cache() -> Path:
    """File of the JVM's AOT cache for the Kafka jars; a JVM of another version ignores the file."""
    return cache_folder() / f"kafka-{KAFKA_VERSION}.aot"


def kafka_jars(
    folder: Path | None = None, digests: Digests | None = None, progress: Callable[[str], None] | None = None
) -> Path:
    """Return the folder with every listed jar, verified. The jars are downloaded when the folder is missing.

    Raises `Unavailable` when a jar differs from the list or cannot be fetched.
    """
    folder = folder or jar_folder()
    digests = digests if digests is not None else read_jar_list()
    if not folder.is_dir():
        lock = folder.with_name(f"{folder.name}.lock")
        with FolderLock(lock, "a download of Kafka", patience_seconds=FIRST_DOWNLOAD_SECONDS):
            if not folder.is_dir():
                _download_jars(folder, digests, progress or (lambda _: None))
    verify(folder, digests)
    return folder


def verify(folder: Path, digests: Digests) -> None:
    """Check that `folder` holds exactly the listed jars. Raises `Unavailable` otherwise."""
    expected = {_file_name(coordinate): digest for coordinate, digest in digests.items()}
    for name, digest in expected.items():
        if _sha256(folder / name) != digest:
            raise Unavailable(
                f"{folder / name} is missing or is not the jar that hirestream lists (sha256 differs); "
                f"delete {folder} to have it fetched again, and do not use that file"
            )
    surplus = sorted(path.name for path in folder.glob("*.jar") if path.name not in expected)
    if surplus:
        raise Unavailable(f"{folder / surplus[0]} is not a jar that hirestream lists; delete it")


def _download_jars(folder: Path, digests: Digests, progress: Callable[[str], None]) -> None:
    """Download the jars into a temporary folder, verify them, and rename that to `folder`."""
    progress(f"fetching Apache Kafka {KAFKA_VERSION}, {len(digests)} jars, once")
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as scratch:
        downloaded = Path(scratch, "jars")
        downloaded.mkdir()
        context = MavenContext(repo_cache=Path(scratch, "repository"), timeout=60)
        try:
            with ThreadPoolExecutor(DOWNLOADS_AT_ONCE) as pool:
                for _ in pool.map(lambda coordinate: _download_jar(context, coordinate, downloaded), digests):
                    pass
        except (OSError, RuntimeError, ValueError) as error:
            raise Unavailable(
                f"Kafka's jars cannot be fetched into {folder} ({_error_text(error)}); make room, connect to "
                f"Maven Central, copy the folder from a machine that has it, or set {BOOTSTRAP_VARIABLE}"
            ) from error
        verify(downloaded, digests)
        downloaded.rename(folder)


def _download_jar(context: MavenContext, coordinate: str, into: Path) -> None:
    jar = context.create_dependency(coordinate).artifact.resolve()
    shutil.move(jar, into / _file_name(coordinate))


def _error_text(error: Exception) -> str:
    return getattr(error, "strerror", None) or type(error).__name__


def _file_name(coordinate: str) -> str:
    _, artifact, version = coordinate.split(":")
    return f"{artifact}-{version}.jar"


def _sha256(file: Path) -> str | None:
    try:
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except FileNotFoundError:
        return None
