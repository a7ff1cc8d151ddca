"""Redaction, identifiers, keyed hashes and the suppression list."""
