"""Topic in, reports out."""
