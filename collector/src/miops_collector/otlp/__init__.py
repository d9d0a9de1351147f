"""OTLP bytes to records, and answers in the words of the protocol; pure."""
