"""Programs of peers, run by the Python of their own environments."""
