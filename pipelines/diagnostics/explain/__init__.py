"""Explanation of a number of a mart by its entities, events and deliveries."""
