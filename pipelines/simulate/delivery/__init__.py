"""Simulated deliveries with duplicates, disorder and other faults, and the HTTP client that sends them."""
