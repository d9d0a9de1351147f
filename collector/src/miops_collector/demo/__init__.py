"""The demo: four years of real survey rows through a real, instrumented model server into a real collector."""
