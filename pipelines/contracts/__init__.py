"""What each event looks like: typed values only, from which decoding, tables and docs are derived."""
