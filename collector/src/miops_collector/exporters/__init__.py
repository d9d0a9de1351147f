"""Ways for statistics to leave the collector: one module, one exporter."""
