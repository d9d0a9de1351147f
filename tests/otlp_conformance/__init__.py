"""What OTLP asks of a receiver, one case per obligation, for any endpoint: ``python -m tests.otlp_conformance``."""
