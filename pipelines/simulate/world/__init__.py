"""Tenants, endpoints, sample texts, calendar edges and the seeded random source."""
