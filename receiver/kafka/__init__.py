"""Kafka producer with confirmation, and its circuit breaker. Imports only envelope and settings."""
