"""How far a regression's predictions were from the truth."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from miops_collector.summary._additive import Additive, FloatArray, summed

__all__ = ["ErrorProfile", "ErrorSum", "Residuals", "error_terms"]

SMALLEST = 1e-75
"""Relative to a smaller truth errors overflow: it counts as 0."""


class ErrorSum(IntEnum):
    """What is summed over labelled rows of ``e = prediction - truth`` and ``y = truth - center``, by its place.

    The last five say how much chance there is in what the others say.
    """

    WEIGHT = 0
    ERROR = 1
    """e"""
    SQUARE = 2
    """e²"""
    SIZE = 3
    """|e|"""
    NONZERO = 4
    """weight of rows with truth ≠ 0"""
    RELATIVE = 5
    """|e / truth| of those"""
    TRUTH = 6
    """y"""
    TRUTH_SQUARE = 7
    """y²"""
    FOURTH = 8
    """e⁴"""
    RELATIVE_SQUARE = 9
    """(e / truth)² of rows with truth ≠ 0"""
    TRUTH_CUBE = 10
    """y³"""
    TRUTH_FOURTH = 11
    """y⁴"""
    SQUARE_TRUTH = 12
    """e² y"""
    SQUARE_TRUTH_SQUARE = 13
    """e² y²"""


def error_terms(error: FloatArray, truth: FloatArray, center: float = 0.0) -> FloatArray:
    """``(14, n)`` what each row adds, in the order of :class:`ErrorSum`.

    Examples
    --------
    >>> error_terms(np.array([1.0, -2.0]), np.array([0.0, 4.0]), 3.0).sum(axis=1).tolist()
    [2.0, -1.0, 5.0, 3.0, 1.0, 0.5, -2.0, 10.0, 17.0, 0.25, -26.0, 82.0, 1.0, 13.0]
    """
    y, square = truth - center, error * error
    some = np.abs(truth) >= SMALLEST
    relative = np.abs(np.divide(error, truth, out=np.zeros_like(error), where=some))
    y_square = y * y
    return np.stack((
        np.ones_like(error), error, square, np.abs(error), some, relative, y, y_square, square * square,
        relative * relative, y_square * y, y_square * y_square, square * y, square * y_square,
    ))  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Residuals(Additive):
    """Errors of labelled rows of a regression: ``sums`` is ``(14,)``, see :class:`ErrorSum`."""

    center: float
    sums: FloatArray = summed()


@dataclass(frozen=True, eq=False)  # no slots: sums that several statistics need are taken once
class ErrorProfile(Additive):
    """Errors of a regression by what was predicted.

    Attributes
    ----------
    rows
        ``(b + 2,)`` all rows by bin of the prediction: below, every bin, above.
    labelled
        ``(b + 2, 14)`` over labelled rows, each row as in :class:`Residuals`.
    """

    rows: FloatArray = summed()
    labelled: FloatArray = summed()
