"""Logarithmic loss."""

from __future__ import annotations

from math import inf

from miops_collector.statistics._mean import error_of_mean
from miops_collector.statistics._ratio import quotient
from miops_collector.statistics._statistic import statistic
from miops_collector.summary import Losses

__all__ = ["log_loss", "standard_error"]


@statistic(
    bounds=(0.0, inf),
    higher="worse",
    undefined="no labelled rows with probabilities",
    rests_on="labelled",
)
def log_loss(losses: Losses) -> float:
    """How surprised the model is by the truth, on average, in nats.

    ::

        log loss = mean of -ln(probability the model gave to the true class)

    0 = certain and always right, ln k = a fair guess among k classes, no upper bound; lower is better.

    Parameters
    ----------
    losses
        Sums over labelled rows; probabilities were clipped to [1e-15, 1 - 1e-15], so one row adds at most 34.5.

    Returns
    -------
    float
        ``nan`` without labelled rows that have probabilities.

    Notes
    -----
    A proper score: only honest probabilities minimise it. One confident mistake weighs as much as many timid ones, so a
    few rows can dominate a window; prefer ``brier``, which is bounded, for alarms.

    Examples
    --------
    >>> import numpy as np
    >>> of_halves = Losses(np.array([4.0, 4 * np.log(2), 4 * np.log(2) ** 2, 1.0, 0.25]))
    >>> round(log_loss(of_halves), 4), standard_error(of_halves)
    (0.6931, 0.0)

    References
    ----------
    I. J. Good, "Rational decisions", Journal of the Royal Statistical Society B 14(1), 1952,
    doi:10.1111/j.2517-6161.1952.tb00104.x.
    T. Gneiting, A. E. Raftery, "Strictly proper scoring rules, prediction, and estimation", Journal of the American
    Statistical Association 102(477), 2007, doi:10.1198/016214506000001437.
    """
    return quotient(float(losses.sums[1]), float(losses.sums[0]))


def standard_error(losses: Losses) -> float:
    """Of a mean of independent rows; ``nan`` for fewer than two."""
    weight, total, squares = losses.sums[:3].tolist()
    return error_of_mean(weight, total, squares)
