"""Reasons of rejected records without the names of fields that a contract does not know."""

import polars as pl

from pipelines.lake.schema import QUARANTINE
from pipelines.privacy.redaction import unquoted


def without_quotes(records: pl.DataFrame) -> pl.DataFrame:
    """Rows of `quarantine.records` with such reasons."""
    reasons = [
        [{**each, "path": unquoted(each["path"] or "")} for each in row or ()]
        for row in records["reasons"].to_list()
    ]
    return records.with_columns(
        pl.col("reason").map_elements(unquoted, return_dtype=pl.String),
        pl.Series("reasons", reasons, dtype=QUARANTINE["reasons"]),
    )
