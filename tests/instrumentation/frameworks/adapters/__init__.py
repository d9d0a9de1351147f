"""One adapter per framework, in a module of the name that its entry point has after ``miops_``."""
