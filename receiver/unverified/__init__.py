"""Store of deliveries whose signature did not verify. Imports `spool`, `kafka` and verification."""
