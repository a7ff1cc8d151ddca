"""Every number of every mart beside the truth of a simulation."""
