"""Backup and restore of a whole home folder, with a checksum of every file."""
