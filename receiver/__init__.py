"""Webhook receiver: verifies a delivery and answers once it is durable. Imports nothing of `pipelines`."""
