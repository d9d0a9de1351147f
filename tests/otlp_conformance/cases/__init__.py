"""The cases, by topic: every public module is looked through, every :class:`~tests.otlp_conformance.case.Case` runs."""
