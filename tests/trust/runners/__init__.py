"""One tool each, run by the Python of its own environment; none imports its tool before it is used."""
