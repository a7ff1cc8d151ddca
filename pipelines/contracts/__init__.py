"""Contracts: the typed shape of each event, from which decoding, tables and docs are derived."""
