"""Topic in, reports out.

`from pipelines import connect` gives a DuckDB connection with the lake attached as `wh`.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

__all__ = ["connect"]


def connect(*, read_only: bool = True, pinned: bool = False) -> "duckdb.DuckDBPyConnection":
    """A DuckDB connection with the lake of this process's settings attached as `wh`.

    `pinned`: every statement sees the lake of this moment. Use it instead of an open transaction.
    Raises `SettingsError` for a wrong setting, `Unavailable` when there is no lake yet.
    """
    from pipelines.lake.connection import open_lake  # noqa: PLC0415
    from pipelines.serving.lake_reader import open_for_reading  # noqa: PLC0415
    from pipelines.settings import Settings  # noqa: PLC0415 - importing the package must cost nothing

    settings = Settings.read()
    return open_for_reading(settings, pinned=pinned) if read_only else open_lake(settings.warehouse)
