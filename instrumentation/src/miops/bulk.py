"""Many measurements into one histogram."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from opentelemetry.metrics import Histogram

__all__ = ["record_all"]

_SAMPLE: Final = 64


def record_all(histogram: Histogram, values: NDArray[np.float64], attributes: Mapping[str, Any]) -> None:
    """Record every value, off the caller's thread."""
    for value in values[:_SAMPLE].tolist():
        histogram.record(value, attributes)
