"""What one statistic says about every column at every look-back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from miops_collector.summary import FloatArray

__all__ = ["Tested"]


@dataclass(frozen=True, slots=True, eq=False)
class Tested:
    """All arrays are ``(look_backs, columns)``.

    Attributes
    ----------
    log_p
        Natural logarithm of the p-value; 0 where the statistic is no candidate (too few rows, change too small).
    effect, low, high
        Signed effect and an interval of about 95 %.
    rows
        Rows of the window the effect rests on.
    rows_reference
        ``(columns,)`` the same of the reference.
    dispersion
        Factor used, 1 where rows are taken as independent.
    cell
        Which cell of the column the effect is about, where it is about one.
    """

    log_p: FloatArray
    effect: FloatArray
    low: FloatArray
    high: FloatArray
    rows: FloatArray
    rows_reference: FloatArray
    dispersion: FloatArray | float = 1.0
    cell: NDArray[np.intp] | None = None
