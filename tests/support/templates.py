"""Lakes that are built once and copied: once per run of the tests, and again only where the code changed.

The key of a template is a hash of everything that a lake is made from, so a template of other code is never
used. Workers of one run share templates under a file lock.
"""

import hashlib
import shutil
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

from pipelines.host.file_lock import exclusive_file
from receiver.settings import PROJECT

FOLDER = PROJECT / ".pytest_cache" / "lakes"
_MADE_FROM = ("pipelines", "models", "receiver", "tests/support", "requirements.lock")
OLD_SECONDS = 86_400.0
"""Templates of other code are deleted after a day: another run may still copy younger ones."""

_SUFFIXES = frozenset({".py", ".sql", ".yml", ".json", ".txt", ".lock"})


def copy_of(name: str, home: Path, build: Callable[[Path], object]) -> Path:
    """Copy the template `name` into `home`.

    `build` makes a missing template in the folder that it is given, and leaves no connection open.
    Files that exist in `home` stay.
    """
    template = FOLDER / _fingerprint() / name
    with exclusive_file(FOLDER / f"{name}.lock"):
        if not template.exists():
            _forget_other_code()
            new = template.with_name(f".{name}.new")
            shutil.rmtree(new, ignore_errors=True)
            new.mkdir(parents=True)
            build(new)
            new.rename(template)
        shutil.copytree(template, home, dirs_exist_ok=True)
    return home


def _forget_other_code() -> None:
    for folder in FOLDER.iterdir():
        if folder.is_dir() and time.time() - folder.stat().st_mtime > OLD_SECONDS:
            shutil.rmtree(folder, ignore_errors=True)


@cache
def _fingerprint() -> str:
    digest = hashlib.sha256()
    for part in _MADE_FROM:
        place = PROJECT / part
        for file in sorted(place.rglob("*")) if place.is_dir() else [place]:
            if file.suffix in _SUFFIXES and "__pycache__" not in file.parts:
                digest.update(str(file.relative_to(PROJECT)).encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()[:16]
