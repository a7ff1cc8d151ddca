"""Replay of quarantined records, rebuild of event tables from stored bodies, and point-in-time builds."""
