"""dbt's manifest for Dagster, parsed once for each state of the models' files and kept in the home folder."""

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

from pipelines.errors import HirestreamError
from pipelines.settings import Settings
from pipelines.transform.generated_sources import MODELS

MOST_SAID = 500
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
        raise HirestreamError(f"dbt cannot read the models in {models}: {said[:MOST_SAID]}")
    return target


def _put(parsed: Path, folder: Path) -> None:
    """Move a finished parse to its name; another process that was faster left the same there."""
    try:
        parsed.rename(folder)
    except OSError:
        if not (folder / "manifest.json").exists():
            raise
        shutil.rmtree(parsed, ignore_errors=True)
