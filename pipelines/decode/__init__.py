"""Decoding of bodies to typed documents, event keys and decode failures. No input or output."""
