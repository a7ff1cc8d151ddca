"""Parsed dbt project: the manifest of this process, and the manifest files that Dagster reads.

A parse costs 4 CPU seconds, so each state of the models' files is parsed once. No model depends on the folder
of the lake, so one parse serves every home folder.
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

_PATH_VARIABLES = frozenset({"warehouse", "plain_file"})
"""Variables with paths of files; no model reads them."""

MAX_STORED = 8
"""Maximum number of manifests in the cache folder."""

_manifests: dict[str, Manifest] = {}

MAX_ERROR_CHARACTERS = 500
"""Maximum characters of dbt's output in an error message."""
PARTIAL_PARSE = "partial_parse.msgpack"
_READ_SUFFIXES = frozenset({".sql", ".yml", ".yaml", ".md", ".csv"})


def model_variables(settings: Settings) -> Mapping[str, object]:
    """Return the dbt variables that settings define, by name. Each set of values has its own manifest."""
    return {
        "warehouse": str(settings.warehouse),
        "now": None,
        "time_zone": settings.report.time_zone,
        "conversation_timeout_hours": settings.models.conversation_timeout_hours,
    }


def project_fingerprint(variables: Mapping[str, object]) -> str:
    """Return a hash of the models' files and of the variables that models read."""
    read = {name: value for name, value in variables.items() if name not in _PATH_VARIABLES}
    return _fingerprint(MODELS, read)


def parsed_manifest(arguments: Sequence[str], variables: Mapping[str, object], *, target: str) -> Manifest:
    """Return the manifest of the current models: from memory, the user's cache folder, or a new parse.

    Variables are evaluated when a model is compiled, so one manifest serves all values; only the presence of
    `as_of` changes the references of a model. `arguments` are those of `dbt_arguments`. Raises
    `HirestreamError` when the project is invalid.
    """
    key = f"{target}-{_fingerprint(MODELS, {'as_of': variables.get('as_of') is not None})}"
    if key not in _manifests:
        file = cache_folder() / "dbt" / f"{key}.msgpack"
        _manifests[key] = _read_cached(file) or _parse_and_cache(file, arguments)
    return _manifests[key]


def _read_cached(file: Path) -> Manifest | None:
    try:
        return Manifest.from_msgpack(file.read_bytes())
    except Exception:  # noqa: BLE001 - a missing or damaged file, or one of another dbt version, is parsed again
        return None


def _parse_and_cache(file: Path, arguments: Sequence[str]) -> Manifest:
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
    """Return the folder with `manifest.json` and the partial parse of the current models.

    A lake or a broker is not needed. Raises `HirestreamError` with dbt's output when the project is invalid.
    """
    variables = model_variables(settings)
    manifests = settings.home / "dbt" / "manifests"
    folder = manifests / _fingerprint(models, variables)
    if not (folder / "manifest.json").exists():
        manifests.mkdir(parents=True, exist_ok=True)
        earlier = [path for path in manifests.iterdir() if path.is_dir()]
        _move_into_place(_parse_into_folder(models, manifests, variables), folder)
        for path in earlier:
            shutil.rmtree(path, ignore_errors=True)
    return folder


def _fingerprint(models: Path, variables: Mapping[str, object]) -> str:
    digest = hashlib.sha256(json.dumps([version("dbt-core"), variables], sort_keys=True).encode())
    for file in sorted(path for path in models.rglob("*") if path.suffix in _READ_SUFFIXES):
        digest.update(str(file.relative_to(models)).encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _parse_into_folder(models: Path, parent: Path, variables: Mapping[str, object]) -> Path:
    target = Path(tempfile.mkdtemp(prefix=".parsing-", dir=parent))
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
        output = " ".join((done.stdout + done.stderr).split())
        raise HirestreamError(f"dbt cannot read the models in {models}: {output[:MAX_ERROR_CHARACTERS]}")
    return target


def _move_into_place(parsed: Path, folder: Path) -> None:
    """Rename a finished parse to its folder; discard it if another process put the same parse there first."""
    try:
        parsed.rename(folder)
    except OSError:
        if not (folder / "manifest.json").exists():
            raise
        shutil.rmtree(parsed, ignore_errors=True)
