"""Backup and restore of a whole home, with a checksum for every file."""
