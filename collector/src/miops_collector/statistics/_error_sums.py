"""What sums of errors say, of all rows or of each group or pool of them, and by how much one row moves it.

``sums`` is ``(…, 14)``, see :class:`~miops_collector.summary.ErrorSum`; it may be means as well.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from miops_collector.statistics._ratio import ratio
from miops_collector.summary import ErrorSum, FloatArray

__all__ = [
    "Pull",
    "mean_error",
    "mean_relative",
    "mean_size",
    "mean_square",
    "pull_of_error",
    "pull_of_relative",
    "pull_of_size",
    "pull_of_square",
    "pull_of_unexplained",
    "standard_error",
    "unexplained",
    "variance",
]

NEGLIGIBLE = 1e-12
"""A spread of the truth that is so small a part of its squares is rounding."""
TINY = 1e-75


class Pull(NamedTuple):
    """By how much one row moves a number of ``n`` rows, ``n`` times: a combination of what the row adds to the sums.

    ``row`` has the factors ``(…, 14)``, ``square`` those of its square, which the sums hold too.
    """

    row: FloatArray
    square: FloatArray


def mean_error(sums: FloatArray) -> FloatArray:
    """Mean of e."""
    return ratio(sums[..., ErrorSum.ERROR], sums[..., ErrorSum.WEIGHT])


def mean_size(sums: FloatArray) -> FloatArray:
    """Mean of |e|."""
    return ratio(sums[..., ErrorSum.SIZE], sums[..., ErrorSum.WEIGHT])


def mean_square(sums: FloatArray) -> FloatArray:
    """Mean of e²."""
    return ratio(sums[..., ErrorSum.SQUARE], sums[..., ErrorSum.WEIGHT])


def mean_relative(sums: FloatArray) -> FloatArray:
    """Mean of |e / truth| over rows whose truth is not 0."""
    return ratio(sums[..., ErrorSum.RELATIVE], sums[..., ErrorSum.NONZERO])


def unexplained(sums: FloatArray) -> FloatArray:
    """Squared errors per squared distance of the truth from its mean: 1 - R². ``nan`` if the truth does not vary."""
    weight, squares = sums[..., ErrorSum.WEIGHT], sums[..., ErrorSum.TRUTH_SQUARE]
    spread = squares - ratio(sums[..., ErrorSum.TRUTH] ** 2, weight)
    return ratio(sums[..., ErrorSum.SQUARE], np.where(spread > NEGLIGIBLE * squares, spread, 0.0))


def pull_of_error() -> Pull:
    return Pull(_factors({ErrorSum.ERROR: 1.0}), _factors({ErrorSum.SQUARE: 1.0}))


def pull_of_size() -> Pull:
    return Pull(_factors({ErrorSum.SIZE: 1.0}), _factors({ErrorSum.SQUARE: 1.0}))


def pull_of_square() -> Pull:
    return Pull(_factors({ErrorSum.SQUARE: 1.0}), _factors({ErrorSum.FOURTH: 1.0}))


def pull_of_relative(sums: FloatArray) -> Pull:
    """Of :func:`mean_relative`: ``(|e / truth| - MAPE) / share of rows whose truth is not 0``, of those rows."""
    value, per = mean_relative(sums), ratio(sums[..., ErrorSum.WEIGHT], sums[..., ErrorSum.NONZERO])
    return Pull(
        _factors({ErrorSum.RELATIVE: per, ErrorSum.NONZERO: -value * per}),
        _factors({
            ErrorSum.RELATIVE_SQUARE: per**2, ErrorSum.RELATIVE: -2 * value * per**2,
            ErrorSum.NONZERO: (value * per) ** 2,
        }),
    )  # fmt: skip


def pull_of_unexplained(sums: FloatArray) -> Pull:
    """Of :func:`unexplained`, ``u``: ``(e² - u (y - ȳ)²) / variance of the truth``.

    ``nan`` where the truth lies so far from the center that rounding would show in fourth powers.
    """
    with np.errstate(over="ignore", invalid="ignore"):  # numbers of 1e70 have no known spread
        return _pull_of_unexplained(sums)


def _pull_of_unexplained(sums: FloatArray) -> Pull:
    weight = sums[..., ErrorSum.WEIGHT]
    mean, u = ratio(sums[..., ErrorSum.TRUTH], weight), unexplained(sums)
    of_truth = ratio(sums[..., ErrorSum.TRUTH_SQUARE], weight) - mean**2
    fourth = ratio(sums[..., ErrorSum.TRUTH_FOURTH], weight)
    v = np.where((of_truth**2 > NEGLIGIBLE * fourth) & (of_truth > TINY), of_truth, np.nan)
    t = u / v  # a share of e² / v that the distance of the truth takes off
    return Pull(
        _factors({
            ErrorSum.SQUARE: 1 / v, ErrorSum.TRUTH_SQUARE: -t, ErrorSum.TRUTH: 2 * mean * t,
            ErrorSum.WEIGHT: -(mean**2) * t,
        }),
        _factors({
            ErrorSum.FOURTH: 1 / v**2,
            ErrorSum.SQUARE_TRUTH_SQUARE: -2 * t / v, ErrorSum.SQUARE_TRUTH: 4 * mean * t / v,
            ErrorSum.SQUARE: -2 * mean**2 * t / v,
            ErrorSum.TRUTH_FOURTH: t**2, ErrorSum.TRUTH_CUBE: -4 * mean * t**2,
            ErrorSum.TRUTH_SQUARE: 6 * mean**2 * t**2, ErrorSum.TRUTH: -4 * mean**3 * t**2,
            ErrorSum.WEIGHT: mean**4 * t**2,
        }),
    )  # fmt: skip


def variance(pull: Pull, sums: FloatArray) -> FloatArray:
    """Of the pull of one of these rows; ``nan`` without rows, and where it is beyond numbers."""
    weight = sums[..., ErrorSum.WEIGHT]
    with np.errstate(over="ignore", invalid="ignore"):
        mean = ratio((pull.row * sums).sum(axis=-1), weight)
        spread = ratio((pull.square * sums).sum(axis=-1), weight) - mean**2
    return np.where(np.isfinite(spread), np.maximum(spread, 0.0), np.nan)


def standard_error(pull: Pull, sums: FloatArray) -> FloatArray:
    """Of a number of independent rows; ``nan`` for fewer than two."""
    weight = sums[..., ErrorSum.WEIGHT]
    found: FloatArray = np.sqrt(ratio(variance(pull, sums), np.where(weight > 1, weight - 1, 0.0)))
    return found


def _factors(by_sum: dict[ErrorSum, FloatArray | float]) -> FloatArray:
    """``(…, 14)``, 0 for all others."""
    values = np.broadcast_arrays(*by_sum.values())
    found = np.zeros((*values[0].shape, len(ErrorSum)))
    for place, value in zip(by_sum, values, strict=True):
        found[..., place] = value
    return found
