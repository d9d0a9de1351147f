"""One framework per file; each is an entry point of ``opentelemetry_instrumentor``."""
