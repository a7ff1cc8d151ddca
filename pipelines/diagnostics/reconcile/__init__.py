"""Comparison of the lake with a provider's own export."""
