"""The lake: tables, the one transactional load, readers, maintenance."""
