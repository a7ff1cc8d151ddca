"""Builds of the dbt project: its manifest, selection of models, and runs of dbt. Independent of Dagster."""
