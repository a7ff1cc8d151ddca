"""Bytes to typed documents: validation, event key, decode failures. Pure."""
