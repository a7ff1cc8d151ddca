"""Standard Webhooks: any sender that follows the specification. Its events are stored without a contract."""
