"""Typed documents to polars frames. Uses no broker, no database and no clock."""
