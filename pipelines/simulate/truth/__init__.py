"""Truth of a simulation: the expected value of every mart cell, computed without the SQL models."""
