"""Parsed dbt project: the manifest of a process, and the manifest files that Dagster reads.

A parse costs 4 CPU seconds, so it is done once for each state of the models' files. No model depends on the
folder of the lake, so one parse serves every home.
"""

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

from dbt.cli.main import dbtRunner
from dbt.contracts.graph.manifest import Manifest

from pipelines.errors import HirestreamError
from pipelines.host.cache_folder import cache_folder
from pipelines.settings import Settings
from pipelines.transform.generated_sources import MODELS
from receiver.atomic_files import atomic_write

_PLACES = frozenset({"warehouse", "plain_file"})
"""Variables that say where files are; no model reads them."""

MAX_STORED = 8
"""Manifests kept in the cache folder."""

_manifests: dict[str, Manifest] = {}

MAX_SAID = 500
"""Most characters of dbt's own words in an error."""
PARTIAL_PARSE = "partial_parse.msgpack"
_READ_SUFFIXES = frozenset({".sql", ".yml", ".yaml", ".md", ".csv"})


def model_variables(settings: Settings) -> Mapping[str, object]:
    """The dbt variables that settings decide. Another value means another manifest."""
    return {
        "warehouse": str(settings.warehouse),
        "now": None,
        "time_zone": settings.report.time_zone,
        "conversation_timeout_hours": settings.models.conversation_timeout_hours,
    }


def project_fingerprint(variables: Mapping[str, object]) -> str:
    """Hash of the models' files and of the variables that they read."""
    read = {name: value for name, value in variables.items() if name not in _PLACES}
    return _fingerprint(MODELS, read)


def parsed_manifest(arguments: Sequence[str], variables: Mapping[str, object], *, target: str) -> Manifest:
    """The manifest of the models as they are now: from this process, the user's cache folder, or a parse.

    Values of variables are read when a model is compiled; only the presence of `as_of` changes what a model
    refers to. `arguments` are those of every dbt command.
    Raises `HirestreamError` where the project is wrong.
    """
    key = f"{target}-{_fingerprint(MODELS, {'as_of': variables.get('as_of') is not None})}"
    if key not in _manifests:
        file = cache_folder() / "dbt" / f"{key}.msgpack"
        _manifests[key] = _stored(file) or _parse_into(file, arguments)
    return _manifests[key]


def _stored(file: Path) -> Manifest | None:
    try:
        return Manifest.from_msgpack(file.read_bytes())
    except Exception:  # noqa: BLE001 - missing, damaged, or of another dbt: it is parsed again
        return None


def _parse_into(file: Path, arguments: Sequence[str]) -> Manifest:
    result = dbtRunner().invoke(["parse", *arguments])
    if not result.success or not isinstance(result.result, Manifest):
        raise HirestreamError(f"the dbt project cannot be read: {result.exception}")
    with suppress(OSError):  # a cache folder that cannot be written costs the next process a parse
        file.parent.mkdir(parents=True, exist_ok=True)
        for old in sorted(file.parent.glob("*.msgpack"), key=lambda path: path.stat().st_mtime)[:-MAX_STORED]:
            old.unlink(missing_ok=True)
        atomic_write(file, result.result.to_msgpack())
    return result.result


def manifest_folder(settings: Settings, models: Path = MODELS) -> Path:
    """The folder with `manifest.json` and the partial parse of the models as they are now.

    Needs neither a lake nor a broker. Raises `HirestreamError` with dbt's words when the project is wrong.
    """
    variables = model_variables(settings)
    kept = settings.home / "dbt" / "manifests"
    folder = kept / _fingerprint(models, variables)
    if not (folder / "manifest.json").exists():
        kept.mkdir(parents=True, exist_ok=True)
        earlier = [path for path in kept.iterdir() if path.is_dir()]
        _put(_parsed(models, kept, variables), folder)
        for path in earlier:
            shutil.rmtree(path, ignore_errors=True)
    return folder


def _fingerprint(models: Path, variables: Mapping[str, object]) -> str:
    digest = hashlib.sha256(json.dumps([version("dbt-core"), variables], sort_keys=True).encode())
    for file in sorted(path for path in models.rglob("*") if path.suffix in _READ_SUFFIXES):
        digest.update(str(file.relative_to(models)).encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _parsed(models: Path, kept: Path, variables: Mapping[str, object]) -> Path:
    target = Path(tempfile.mkdtemp(prefix=".parsing-", dir=kept))
    options = [
        "--project-dir",
        models,
        "--profiles-dir",
        models,
        "--target-path",
        target,
        "--log-path",
        target,
    ]
    command = [
        sys.executable,
        "-m",
        "dbt.cli.main",
        "--quiet",
        "--no-use-colors",
        "parse",
        *map(str, options),
    ]
    done = subprocess.run(
        [*command, "--vars", json.dumps(variables)], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        shutil.rmtree(target, ignore_errors=True)
        said = " ".join((done.stdout + done.stderr).split())
        raise HirestreamError(f"dbt cannot read the models in {models}: {said[:MAX_SAID]}")
    return target


def _put(parsed: Path, folder: Path) -> None:
    """Move a finished parse to its name; another process that was faster left the same there."""
    try:
        parsed.rename(folder)
    except OSError:
        if not (folder / "manifest.json").exists():
            raise
        shutil.rmtree(parsed, ignore_errors=True)
