"""Tests of the numbers: hand-written events in a real lake, built by dbt."""
