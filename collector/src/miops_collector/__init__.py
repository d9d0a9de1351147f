"""MIOps collector: OTLP in, understood as predictions, and statistics back out as OpenTelemetry metrics."""

from __future__ import annotations

import os

__all__ = ["__version__"]

__version__ = "0.1.0"

# NumPy's linear algebra reads this when it is loaded. Its threads wait by spinning: on a busy machine of two cores they
# took ten times the CPU of one thread for the products of a sampled window, and took it from the commits.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
