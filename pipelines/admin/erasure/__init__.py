"""Forgetting a person: found, redacted, kept out of what comes later, gone from the bytes of the files."""
