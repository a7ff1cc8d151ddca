"""Durable local queue for deliveries that Kafka has not confirmed."""
