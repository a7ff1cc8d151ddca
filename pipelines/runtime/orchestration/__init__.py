"""Dagster definitions: tables, load, checks, maintenance, outputs, sensor and schedules."""
