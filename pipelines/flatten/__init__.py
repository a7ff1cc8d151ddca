"""Bytes -> typed document or reject -> rows -> frames. Pure: no broker, no database, no clock."""
