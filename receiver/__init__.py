"""HTTP in, topic out: verifies a webhook, answers once it is durable. Imports nothing of `pipelines`."""
