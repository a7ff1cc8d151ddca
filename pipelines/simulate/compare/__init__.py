"""Comparison of the lake's marts and bookings with the truth of a simulation."""
