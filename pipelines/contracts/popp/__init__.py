"""Contracts of Popp AI: one module per family of events. All of them have the same envelope."""
