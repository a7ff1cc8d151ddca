"""Generation of documentation pages."""
