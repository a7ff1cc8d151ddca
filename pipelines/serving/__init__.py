"""Access for readers: the published DuckDB file, table macros, Parquet export, read-only connections."""
