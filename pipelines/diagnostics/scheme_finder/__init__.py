"""Search for the signature scheme of a captured request."""
