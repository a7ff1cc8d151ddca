"""The demo: simulated traffic through the whole system, compared with its known truth."""
