"""Tables -> models: the dbt project, built in this process or as Dagster assets."""
