"""Signed deliveries over HTTP, with duplicates, disorder and other faults."""
