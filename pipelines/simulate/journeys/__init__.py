"""Candidate journeys: what happens to each person, and when."""
