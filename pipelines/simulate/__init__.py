"""The pretend provider: journeys with known truth, signed deliveries, faults."""
