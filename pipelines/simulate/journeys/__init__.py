"""Candidate journeys: the simulated events of each candidate, with their times."""
