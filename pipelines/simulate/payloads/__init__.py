"""Webhook bodies for the events of a journey."""
