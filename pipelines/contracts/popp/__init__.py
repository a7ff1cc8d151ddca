"""Popp AI: one envelope, five families of events."""
