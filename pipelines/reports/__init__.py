"""Marts -> pages. No clock inside."""
