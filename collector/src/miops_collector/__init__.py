"""MIOps collector: OTLP in, understood as predictions, and statistics back out as OpenTelemetry metrics."""

from __future__ import annotations

__all__ = ["__version__"]

__version__ = "0.1.0"
