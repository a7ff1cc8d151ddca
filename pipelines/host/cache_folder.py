"""Cache folder that all installations of a user share: downloads and parsed dbt projects."""

import os
from pathlib import Path


def cache_folder() -> Path:
    """Return the folder `hirestream` in the user's cache folder; it may not exist yet."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "hirestream"
