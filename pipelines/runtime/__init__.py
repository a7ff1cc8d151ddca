"""Processes of hirestream: embedded Kafka broker, streaming loader, Dagster, `hirestream up` and the demo."""
