"""HTTP in, topic out: verifies a webhook and answers only after it is durable."""
