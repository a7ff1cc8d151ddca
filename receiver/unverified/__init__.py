"""Deliveries whose signature did not verify, kept aside on request."""
