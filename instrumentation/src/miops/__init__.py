"""OpenTelemetry-native observability for machine-learning models: the part that runs in your model server."""

from __future__ import annotations

from miops.models import register

__version__ = "0.1.0"

__all__ = ["__version__", "register"]
