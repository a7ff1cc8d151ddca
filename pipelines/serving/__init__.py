"""What readers use: the published DuckDB file, table macros, Parquet export, read-only connections."""
