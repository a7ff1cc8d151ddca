"""HTTP protocol limits, the webhook endpoint and its OpenAPI description."""
