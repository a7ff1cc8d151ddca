"""Kafka producer with confirmation, and its circuit breaker."""
