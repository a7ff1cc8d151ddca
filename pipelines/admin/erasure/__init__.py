"""Erasure of a person: search, redaction, suppression in later records, physical deletion from files."""
