"""Thirty conversations written by hand, and every number they must give, worked out by hand."""
