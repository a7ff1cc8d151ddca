"""Every number of every mart next to the truth of a simulation."""
