"""Detection of a rate or mean loss that has grown, at any time, with a known time between false alarms."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isfinite, log, sqrt
from typing import Final

import numpy as np
from scipy.special import betaincinv, stdtrit

from miops_collector.summary import FloatArray

__all__ = ["STAKES", "STEPS", "Evidence", "bet_log_ratios", "error_bound", "error_log_ratios", "follow", "mean_bound"]

STEPS: Final = (0.01, 0.02, 0.04, 0.08, 0.16)
"""Added to the bound: rates that are looked out for, with equal weights."""
LARGEST_RATE: Final = 0.95
STAKES: Final = (0.02, 0.05, 0.1, 0.2, 0.4, 0.8)
"""Parts of the wealth that are bet on a larger mean."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """``log_values``: one logarithm per alternative, ``-inf`` before anything was seen; ``value`` is their mean."""

    log_values: tuple[float, ...]

    @classmethod
    def none(cls, alternatives: int) -> Evidence:
        return cls((-inf,) * alternatives)

    @property
    def log_value(self) -> float:
        """Of the mean over alternatives: an alarm when it reaches the logarithm of the threshold."""
        return float(np.logaddexp.reduce(np.array(self.log_values)) - log(len(self.log_values)))


def follow(evidence: Evidence, log_ratios: FloatArray) -> Evidence:
    r"""Evidence after one more batch of rows.

    .. math:: M_j \leftarrow (1 + M_j) \, L_j

    Every moment may be the one from which on things are worse; ``M`` sums the evidence for all of them. As long as
    each ``L`` has, given the past, a mean of at most 1 the mean number of batches until the mean over ``j`` of ``M``
    reaches ``h`` is at least ``h``: the time between false alarms follows from the threshold alone, at any number of
    rows and without any normal approximation.

    Examples
    --------
    >>> from math import exp
    >>> once = follow(Evidence.none(1), np.array([log(3.0)]))
    >>> round(exp(follow(once, np.array([log(2.0)])).log_value), 9)
    8.0

    References
    ----------
    J. Shin, A. Ramdas, A. Rinaldo, "E-detectors: a nonparametric framework for sequential change detection", New
    England Journal of Statistics in Data Science, 2022, arXiv:2203.03532.
    """
    return Evidence(tuple(np.logaddexp(0.0, np.array(evidence.log_values)) + log_ratios))


def error_bound(errors: float, rows: float, *, doubt: float, tolerance: float = 0.0) -> float:
    """Largest error rate that is no worse than the reference's: what alarms are measured against.

    The upper Clopper–Pearson bound that a reference of so many rows understates with probability ``doubt``, or its own
    rate and the tolerance if that is more. ``nan`` without rows.

    Examples
    --------
    >>> round(error_bound(500.0, 5000.0, doubt=0.1), 4)
    0.1057
    """
    if not rows > 0.0:
        return float("nan")
    upper = float(betaincinv(errors + 1.0, rows - errors, 1.0 - doubt)) if errors < rows else 1.0
    return min(max(upper, errors / rows + tolerance), 1.0)


def error_log_ratios(errors: float, rows: float, bound: float, *, dispersion: float = 1.0) -> FloatArray:
    """Log-likelihood ratio of each alternative rate against the bound, for ``errors`` in ``rows``.

    Parameters
    ----------
    dispersion
        How much more errors vary from batch to batch than those of independent rows. Dividing by it is an
        approximation, with 1 the guarantee of :func:`follow` is exact.
    """
    worse = np.minimum(bound + np.array(STEPS), max(LARGEST_RATE, bound))
    safe = min(max(bound, 1e-9), 1.0 - 1e-9)
    worse = np.clip(worse, safe, 1.0 - 1e-9)
    ratios = errors * np.log(worse / safe) + (rows - errors) * np.log((1.0 - worse) / (1.0 - safe))
    return np.asarray(ratios / dispersion)


def mean_bound(mean: float, deviation: float, rows: float, *, doubt: float, tolerance: float = 0.0) -> float:
    """Largest mean loss that is no worse than the reference's, as :func:`error_bound` by Student's t.

    ``tolerance`` is a part of the mean.
    """
    if not (rows > 1.0 and isfinite(mean) and isfinite(deviation)):
        return float("nan")
    upper = mean + float(stdtrit(rows - 1.0, 1.0 - doubt)) * deviation / sqrt(rows)
    return max(upper, mean * (1.0 + tolerance))


def bet_log_ratios(
    total: float, squares: float, rows: float, bound: float, *, dispersion: float = 1.0
) -> FloatArray:  # fmt: skip
    r"""Log of what a gambler has at least after betting, loss by loss, that their mean is above the bound.

    .. math::
        \log \prod_i \left(1 + λ y_i\right) \ge λ \sum_i y_i + \left(\log(1 - λ) + λ\right) \sum_i y_i^2,
        \qquad y_i = x_i / μ_0 - 1

    for several stakes ``λ``. Nothing is assumed of the losses but that they are not negative: what is bet is never more
    than what is there, and if each loss has, given the past, a mean of at most ``bound`` the bets lose on average. So
    they may have any tail. The right side, which holds for all ``y`` from -1 on, takes only sums, which windows have.

    Parameters
    ----------
    total, squares, rows
        Sum of the losses and of their squares, and how many there are.
    dispersion
        As for :func:`error_log_ratios`.

    Examples
    --------
    >>> np.exp(bet_log_ratios(2.0, 4.0, 1.0, 1.0)).round(3).tolist()
    [1.02, 1.05, 1.099, 1.193, 1.335, 0.991]

    References
    ----------
    I. Waudby-Smith, A. Ramdas, "Estimating means of bounded random variables by betting", Journal of the Royal
    Statistical Society B, 2024, arXiv:2010.09686. The inequality: X. Fan, I. Grama, Q. Liu, "Exponential inequalities
    for martingales with applications", Electronic Journal of Probability, 2015, doi:10.1214/EJP.v20-3496.
    """
    stakes = np.array(STAKES)
    won = total / bound - rows
    scatter = squares / bound**2 - 2.0 * total / bound + rows
    return np.asarray((stakes * won + (np.log1p(-stakes) + stakes) * scatter) / dispersion)
