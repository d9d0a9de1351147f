"""Brier score."""

from __future__ import annotations

from miops_collector.statistics._mean import error_of_mean
from miops_collector.statistics._ratio import quotient
from miops_collector.statistics._statistic import statistic
from miops_collector.summary import Losses

__all__ = ["brier", "standard_error"]


@statistic(
    bounds=(0.0, 2.0),
    higher="worse",
    undefined="no labelled rows with probabilities",
    rests_on="labelled",
)
def brier(losses: Losses) -> float:
    """Mean squared error of the probabilities.

    ::

        binary:      mean of (p - y)²             y: 1 if the truth is the positive class, else 0
        multiclass:  mean of Σ over classes (pₖ - yₖ)²

    0 = certain and always right; binary: 0.25 = always one half, 1 = certain and always wrong; multiclass: up to 2;
    lower is better.

    Parameters
    ----------
    losses
        Sums over labelled rows.

    Returns
    -------
    float
        ``nan`` without labelled rows that have probabilities.

    Notes
    -----
    A proper score, and a bounded one, so no single row dominates; prefer ``log_loss`` to punish certainty in error
    harder.
    It mixes ranking and calibration: ``roc_auc`` and ``expected_calibration_error`` tell which of them moved.

    Examples
    --------
    >>> import numpy as np
    >>> of_halves = Losses(np.array([4.0, 4 * np.log(2), 4 * np.log(2) ** 2, 1.0, 0.25]))
    >>> brier(of_halves), standard_error(of_halves)
    (0.25, 0.0)

    References
    ----------
    G. W. Brier, "Verification of forecasts expressed in terms of probability", Monthly Weather Review 78(1), 1950,
    doi:10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2.
    """
    return quotient(float(losses.sums[3]), float(losses.sums[0]))


def standard_error(losses: Losses) -> float:
    """Of a mean of independent rows; ``nan`` for fewer than two."""
    weight, _, _, total, squares = losses.sums.tolist()
    return error_of_mean(weight, total, squares)
