"""A mean of few known numbers, moved by what is predicted of many: value, standard error, and how far to trust."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, isnan, nan, sqrt

import numpy as np

from miops_collector.statistics._ratio import quotient
from miops_collector.statistics.fairness import _intervals as intervals
from miops_collector.summary import FloatArray

__all__ = ["Powered", "Sums", "error_of", "loss_interval", "powered", "share_interval", "tuning"]

MOST = 30.0
"""Of an exponent: a mean that is all error."""


@dataclass(frozen=True, slots=True)
class Sums:
    """Over labelled rows what truth says ``y`` and what was predicted of it ``f``; of the other rows ``f`` alone."""

    labelled: float
    others: float
    y: float
    yy: float
    f: float
    ff: float
    yf: float
    f_others: float
    ff_others: float

    @classmethod
    def by_bin(cls, truth: FloatArray, others: FloatArray, y: FloatArray, f: FloatArray) -> Sums:
        """Of ``truth (b, 2)`` labelled rows by bin and truth and ``others (b,)`` rows: ``y (b, 2)`` and ``f (b,)``."""
        labelled = truth.sum(axis=1)
        return cls(
            labelled=float(labelled.sum()),
            others=float(others.sum()),
            y=float(np.vdot(truth, y)),
            yy=float(np.vdot(truth, y**2)),
            f=float(labelled @ f),
            ff=float(labelled @ f**2),
            yf=float(np.vdot(truth, y * f[:, None])),
            f_others=float(others @ f),
            ff_others=float(others @ f**2),
        )

    def __add__(self, other: Sums) -> Sums:
        return Sums(
            self.labelled + other.labelled,
            self.others + other.others,
            self.y + other.y,
            self.yy + other.yy,
            self.f + other.f,
            self.ff + other.ff,
            self.yf + other.yf,
            self.f_others + other.f_others,
            self.ff_others + other.ff_others,
        )


@dataclass(frozen=True, slots=True)
class Powered:
    """A prediction-powered estimate.

    Attributes
    ----------
    value, standard_error
        ``nan`` where undefined.
    tuning
        How far predictions are trusted: 0 = not at all, 1 = wholly.
    rows
        Labelled rows in the denominator of a share.
    """

    value: float
    standard_error: float
    tuning: float
    rows: float = nan


def powered(sums: Sums) -> Powered:
    """Of a mean.

    Examples
    --------
    >>> found = powered(Sums(4.0, 8.0, y=2.0, yy=2.0, f=2.0, ff=1.36, yf=1.3, f_others=5.6, ff_others=4.28))
    >>> round(found.value, 4), round(found.standard_error, 4), round(found.tuning, 4)
    (0.6452, 0.3118, 0.7258)
    """
    trust = tuning(sums)
    moved = quotient(sums.f_others, sums.others) - quotient(sums.f, sums.labelled) if trust > 0 else 0.0
    value = quotient(sums.y, sums.labelled) + trust * moved
    return Powered(value, error_of(sums, trust), trust, sums.labelled)


def tuning(sums: Sums) -> float:
    """Where the variance is smallest, within [0, 1]; 0 without other rows, ``nan`` if nothing is predicted."""
    n, m = sums.labelled, sums.others
    together = quotient(sums.yf, n) - quotient(sums.y, n) * quotient(sums.f, n)
    mean = quotient(sums.f + sums.f_others, n + m)
    spread = quotient(sums.ff + sums.ff_others, n + m) - mean**2
    if isnan(together) or isnan(spread):
        return nan
    return min(max(together / spread * m / (n + m), 0.0), 1.0) if spread > 0 else 0.0


def error_of(sums: Sums, trust: float) -> float:
    """``√(Var(y - λ f) / (n - 2) + λ² Var(f) / N)``, the first over labelled rows, the second over the others.

    Divided by ``n - 1`` where ``λ`` is 0 and was not chosen by these rows.
    """
    n, m = sums.labelled, sums.others
    mean = quotient(sums.y - trust * sums.f, n)
    square = quotient(sums.yy - 2 * trust * sums.yf + trust**2 * sums.ff, n)
    of_labelled = quotient(max(square - mean**2, 0.0), n - 1 - (trust > 0))
    if not trust > 0:
        return sqrt(of_labelled) if trust == 0 else nan
    of_others = max(quotient(sums.ff_others, m) - quotient(sums.f_others, m) ** 2, 0.0) / m
    return sqrt(of_labelled + trust**2 * of_others)


def share_interval(found: Powered) -> tuple[float, float]:
    """Wilson's of so many rows as would have the same standard error (Korn and Graubard's effective sample).

    Where all labelled rows agree their standard error is 0 and says nothing: then of the labelled rows.
    """
    p, error = found.value, found.standard_error
    if isnan(p) or isnan(error):
        return nan, nan
    known = 0 < p < 1 and error > 0
    rows = p * (1 - p) / error**2 if known else found.rows
    _, low, high = intervals.wilson(np.array([p * rows]), np.array([rows]), intervals.quantile())
    return float(low[0]), float(high[0])


def loss_interval(found: Powered) -> tuple[float, float]:
    """Of a mean of losses without upper bound: symmetric in its logarithm, as single large losses skew it."""
    value, error = found.value, found.standard_error
    if isnan(value) or isnan(error) or not value > 0:
        return (0.0, intervals.quantile() * error) if value <= 0 else (nan, nan)
    factor = exp(min(intervals.quantile() * error / value, MOST))
    return value / factor, value * factor
