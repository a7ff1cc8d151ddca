"""Contracts: the shape of each event as typed values, from which decoding, tables and docs are derived."""
