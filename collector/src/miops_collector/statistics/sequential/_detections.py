"""What a detector of change says about one batch of a stream."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from miops_collector.summary import FloatArray

__all__ = ["CALM", "CHANGED", "WARNED", "Detections", "Kernel", "detect"]

CALM, WARNED, CHANGED = 0, 1, 2
Kernel: TypeAlias = Callable[..., None]


class Detections(NamedTuple):
    """``changes`` and ``warnings`` are positions in the batch; ``state`` continues with the next batch.

    Warnings are all positions at which the detector is in its warning zone, not only where it enters.
    """

    changes: NDArray[np.int64]
    warnings: NDArray[np.int64]
    state: FloatArray


def detect(
    kernel: Kernel,
    values: ArrayLike,
    state: FloatArray | None,
    start: tuple[float, ...],
    *settings: float | NDArray[np.int64],
) -> Detections:
    """Run the compiled loop over a batch from ``state``, or from ``start`` where there is none yet."""
    batch = np.ascontiguousarray(values, np.float64)
    fresh = np.array(start, np.float64)
    now = fresh.copy() if state is None else state.copy()
    zones = np.zeros(batch.size, np.int8)
    kernel(batch, now, fresh, zones, *settings)
    return Detections(np.flatnonzero(zones == CHANGED), np.flatnonzero(zones == WARNED), now)
