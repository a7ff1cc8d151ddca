"""Simulated provider: draws journeys with known truth, and sends signed deliveries with faults."""
