"""Folder for what any installation of this user may reuse: downloads and parsed projects."""

import os
from pathlib import Path


def cache_folder() -> Path:
    """`hirestream` in the user's cache folder, outside the checkout and every home."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "hirestream"
