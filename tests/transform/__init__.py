"""Tests of building and generating the dbt project."""
