"""How far rows lie from the plane that the reference's rows nearly lie in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from miops_collector.columns import FloatArray

__all__ = ["Reconstruction", "reconstruction_error", "reconstruction_of"]

EXPLAINED = 0.65


@dataclass(frozen=True, slots=True, eq=False)
class Reconstruction:
    """``mean`` is ``(d,)``, ``axes`` ``(k, d)``: the plane of the most variance of the reference."""

    mean: FloatArray
    axes: FloatArray


def reconstruction_of(reference: FloatArray, *, explained: float = EXPLAINED) -> Reconstruction:
    """The principal axes that explain this part of the variance of ``reference (n, d)``."""
    mean = reference.mean(axis=0)
    _, strength, axes = np.linalg.svd(reference - mean, full_matrices=False)
    share = np.cumsum(strength**2) / max(float(strength @ strength), np.finfo(np.float64).tiny)
    return Reconstruction(mean, axes[: int(np.searchsorted(share, explained, side="right")) + 1])


def reconstruction_error(plane: Reconstruction, rows: FloatArray) -> tuple[float, float]:
    """Mean distance of rows from the plane, and its standard error.

    ::

        mean over rows of | x - mean - Aᵀ A (x - mean) |        A: principal axes of the reference

    0 = all rows in the plane; it grows where columns stop hanging together as they did, and falls where they hang
    together more: a change in either direction is drift. ``nan`` without rows; the error is for independent rows.

    It looks only at how columns hang together linearly, in the encoding; a shift along the plane does not show. Prefer
    :func:`~miops_collector.statistics.multivariate.mean_discrepancy.mean_discrepancy` to see any difference.

    Examples
    --------
    >>> line = np.array([[-2.0, -2.0], [-1.0, -1.0], [1.0, 1.0], [2.0, 2.0]])
    >>> plane = reconstruction_of(line)
    >>> value, error = reconstruction_error(plane, np.array([[1.0, -1.0], [3.0, 3.0]]))
    >>> round(value, 4), round(error, 4)
    (0.7071, 0.7071)

    References
    ----------
    I. T. Jolliffe, "Principal Component Analysis", Springer, 2002, doi:10.1007/b98835.
    """
    if not len(rows):
        return float("nan"), float("nan")
    off = rows - plane.mean
    distance = np.linalg.norm(off - off @ plane.axes.T @ plane.axes, axis=1)
    error = float(distance.std(ddof=1) / np.sqrt(len(rows))) if len(rows) > 1 else float("nan")
    return float(distance.mean()), error
