"""dbt plugin that attaches the lake: extensions from their wheels, by the same code as everywhere else."""

from pathlib import Path
from typing import Any

import duckdb
from dbt.adapters.duckdb.plugins import BasePlugin

from pipelines.errors import Unavailable
from pipelines.lake.connection import attach_statement, load_extensions
from pipelines.lake.ducklake_internals import catalog_file
from pipelines.lake.format_version import refuse_newer
from pipelines.lake.writer_lock import WriterLock


class Plugin(BasePlugin):
    """Configured with the folder `warehouse` of the lake, and `read_only`; named in `models/profiles.yml`."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        """Keep the folder. dbt calls this once for each set of credentials."""
        self._warehouse = Path(plugin_config["warehouse"]).resolve()
        self._read_only = bool(plugin_config.get("read_only", False))

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        """Load and attach. Raises `Unavailable` where there is no lake: dbt must not create one.

        Raises `UsageError` for a lake of a later release.
        """
        if not catalog_file(self._warehouse).exists():
            raise Unavailable(f"there is no lake in {self._warehouse}; start the loader once, it creates it")
        load_extensions(conn)
        conn.execute(attach_statement(self._warehouse, read_only=self._read_only))
        refuse_newer(conn)
        writer_lock = WriterLock(self._warehouse)

        def lake_writer_lock(mine: bool) -> bool:
            """Called by the materializations around the statement that writes."""
            if not self._read_only:
                writer_lock.acquire() if mine else writer_lock.release()
            return mine

        conn.create_function("lake_writer_lock", lake_writer_lock, ["BOOLEAN"], "BOOLEAN", side_effects=True)
