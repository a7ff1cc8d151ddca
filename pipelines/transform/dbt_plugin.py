"""dbt plugin that attaches the lake with the code of `pipelines.lake`; DuckDB extensions come from wheels."""

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
    """dbt plugin listed in `models/profiles.yml`; options: `warehouse` (folder of the lake), `read_only`."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        """Store the configuration. dbt calls this once for each set of credentials."""
        self._warehouse = Path(plugin_config["warehouse"]).resolve()
        self._read_only = bool(plugin_config.get("read_only", False))

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        """Load the DuckDB extensions and attach the lake to dbt's connection.

        Raises `Unavailable` without a lake, because dbt must not create one; `UsageError` for a lake of a
        later release.
        """
        if not catalog_file(self._warehouse).exists():
            raise Unavailable(f"there is no lake in {self._warehouse}; start the loader once, it creates it")
        load_extensions(conn)
        conn.execute(attach_statement(self._warehouse, read_only=self._read_only))
        refuse_newer(conn)
        writer_lock = WriterLock(self._warehouse)

        def lake_writer_lock(acquire: bool) -> bool:
            """Acquire or release the writer lock; materializations call it around the writing statement."""
            if not self._read_only:
                writer_lock.acquire() if acquire else writer_lock.release()
            return acquire

        conn.create_function("lake_writer_lock", lake_writer_lock, ["BOOLEAN"], "BOOLEAN", side_effects=True)
