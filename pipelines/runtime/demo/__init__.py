"""Demo: sends simulated traffic through the whole system and compares the results with the known truth."""
