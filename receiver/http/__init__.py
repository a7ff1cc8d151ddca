"""HTTP protocol limits, the webhook endpoint and its OpenAPI description. May import all but `app`."""
