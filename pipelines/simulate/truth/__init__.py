"""Expected value of every mart cell, computed without the code under test."""
