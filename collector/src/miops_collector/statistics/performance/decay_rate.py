"""Decay of the model: performance lost per day since the reference."""

from __future__ import annotations

from math import hypot, inf

from miops_collector.statistics._ratio import quotient
from miops_collector.statistics._statistic import statistic
from miops_collector.statistics.performance import accuracy, mae
from miops_collector.summary import Confusion, Residuals

__all__ = ["decay_rate", "standard_error"]


@statistic(
    bounds=(-inf, inf),
    higher="worse",
    undefined="no labelled rows, or the reference is not known to be older than the window",
    rests_on="labelled",
)
def decay_rate(reference: Confusion | Residuals, current: Confusion | Residuals, *, days: float) -> float:
    """Performance the model loses per day, on average since its reference.

    ::

        classifier:  (accuracy of reference - accuracy of current) / days
        regression:  (MAE of current - MAE of reference) / days

    0 = no decay, positive = decays, negative = improves; higher is worse. Units: share of rows, or units of the target,
    per day: 0.001 is one point of accuracy in ten days.

    Parameters
    ----------
    reference, current
        Labelled rows of both, of the same kind.
    days
        From the middle of the reference to the middle of the window.

    Returns
    -------
    float
        ``nan`` if either side has no labelled rows or ``days`` is not positive.

    Notes
    -----
    A straight line through two points: read it with :func:`standard_error`, which shrinks as both rows and days grow.
    A regression is judged by its mean absolute error, whose standard error no single outlier makes. Prefer ``accuracy``
    or ``mae`` themselves to see when a step happened.

    Examples
    --------
    >>> import numpy as np
    >>> then = Confusion(("no", "yes"), 1, np.array([[450.0, 50.0], [50.0, 450.0]]))
    >>> now = Confusion(("no", "yes"), 1, np.array([[425.0, 75.0], [75.0, 425.0]]))
    >>> round(decay_rate(then, now, days=100.0), 6), round(standard_error(then, now, days=100.0), 6)
    (0.0005, 0.000147)

    References
    ----------
    D. Vela, A. Sharp, R. Zhang, T. Nguyen, A. Hoang, O. S. Pianykh, "Temporal quality degradation in AI models",
    Scientific Reports 12, 2022, doi:10.1038/s41598-022-15245-z.
    """
    return quotient(_loss(current) - _loss(reference), days)


def standard_error(reference: Confusion | Residuals, current: Confusion | Residuals, *, days: float) -> float:
    """Of a difference of two independent samples, over ``days``."""
    return quotient(hypot(_error(reference), _error(current)), days)


def _loss(side: Confusion | Residuals) -> float:
    return 1 - accuracy.accuracy(side) if isinstance(side, Confusion) else mae.mae(side)


def _error(side: Confusion | Residuals) -> float:
    return accuracy.standard_error(side) if isinstance(side, Confusion) else mae.standard_error(side)
