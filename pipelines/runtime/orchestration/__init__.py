"""What Dagster shows and runs: tables, load, checks, upkeep, results, sensor and schedules."""
