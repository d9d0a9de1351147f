"""What released packages say of small columns: recorded by ``make_*.py`` in their own environments, read by tests."""
