"""How dbt reaches the lake: extensions from their wheels, attached by the same code as everywhere else."""

from pathlib import Path
from typing import Any

import duckdb
from dbt.adapters.duckdb.plugins import BasePlugin

from pipelines.errors import Unavailable
from pipelines.warehouse.lake import attach_statement, load_extensions
from pipelines.warehouse.turn import Turn


class Plugin(BasePlugin):
    """Configured with `warehouse`, the folder of the lake; named in `models/profiles.yml`."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        """Keep the folder. dbt calls this once for each set of credentials."""
        self._warehouse = Path(plugin_config["warehouse"]).resolve()

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        """Load and attach. Raises `Unavailable` where there is no lake: dbt must not create one."""
        if not (self._warehouse / "catalog.sqlite").exists():
            raise Unavailable(f"there is no lake in {self._warehouse}; start the loader once, it creates it")
        load_extensions(conn)
        conn.execute(attach_statement(self._warehouse))
        turn = Turn(self._warehouse)

        def lake_turn(mine: bool) -> bool:
            """Called by the materializations around the statement that writes."""
            turn.take() if mine else turn.give()
            return mine

        conn.create_function("lake_turn", lake_turn, ["BOOLEAN"], "BOOLEAN", side_effects=True)
