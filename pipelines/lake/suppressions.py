"""Rows of `ledger.suppressions`: the keyed hashes of what was erased."""

import duckdb


def suppression_rows(con: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    """Every (value_hmac, erasure_id). A lake from before there were erasures has none."""
    try:
        return con.execute("SELECT value_hmac, erasure_id FROM wh.ledger.suppressions").fetchall()
    except duckdb.CatalogException:
        return []
