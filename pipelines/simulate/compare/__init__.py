"""Comparison of the marts with the known truth."""
