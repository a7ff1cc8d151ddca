"""Removal of field names that no contract defines from the reasons of quarantined records."""

import polars as pl

from pipelines.lake.schema import QUARANTINE
from pipelines.privacy.redaction import unquoted


def without_quotes(records: pl.DataFrame) -> pl.DataFrame:
    """Return rows of `quarantine.records` without quoted field names in `reason` and `reasons`."""
    reasons = [
        [{**each, "path": unquoted(each["path"] or "")} for each in row or ()]
        for row in records["reasons"].to_list()
    ]
    return records.with_columns(
        pl.col("reason").map_elements(unquoted, return_dtype=pl.String),
        pl.Series("reasons", reasons, dtype=QUARANTINE["reasons"]),
    )
