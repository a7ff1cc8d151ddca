"""Durable queue for deliveries that Kafka has not confirmed. Imports `kafka`, envelope and settings."""
