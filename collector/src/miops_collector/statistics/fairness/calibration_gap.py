"""Calibration in the large by group."""

from __future__ import annotations

from miops_collector.statistics._ratio import ratio
from miops_collector.statistics._statistic import statistic
from miops_collector.statistics.fairness._means import errors_of_means
from miops_collector.summary import FloatArray, GroupLosses

__all__ = ["calibration_gap", "standard_error", "support"]


@statistic(
    bounds=(-1.0, 1.0),
    higher="neither",
    undefined="the group has no labelled rows with a probability, or there is no positive class",
    rests_on="labelled",
)
def calibration_gap(groups: GroupLosses) -> FloatArray:
    """How much higher a group's probabilities are, on average, than the share of it that turns out positive.

    ::

        gap = Σ (p - y) / n

    0 = right on average, positive = the group is held for likelier than it is, negative = for less likely.

    Parameters
    ----------
    groups
        Sums of losses by group.

    Returns
    -------
    FloatArray
        ``(g,)`` one number per group, ``nan`` where it is 0/0.

    Notes
    -----
    The quickest test of calibration within groups (sufficiency), which equal error rates exclude where groups differ.
    Too high for some and too low for others of one group cancels: prefer ``brier`` for the size of the errors.

    Examples
    --------
    >>> import numpy as np
    >>> sums = np.array([[4.0, 1.6, 0.8, 0.4, 0.06, 0.2, 0.38], [2, 1.0, 0.6, 0.3, 0.05, -0.4, 0.26]])
    >>> calibration_gap(GroupLosses(("sex",), ("F", "M"), 1, sums)).tolist()
    [0.05, -0.2]

    References
    ----------
    A. P. Dawid, "The well-calibrated Bayesian", Journal of the American Statistical Association 77(379), 1982,
    doi:10.1080/01621459.1982.10477856.
    """
    return ratio(groups.sums[:, 5], groups.sums[:, 0] * (groups.positive >= 0))


def standard_error(groups: GroupLosses) -> FloatArray:
    """``(g,)`` of a mean of independent rows; ``nan`` for fewer than two."""
    return errors_of_means(groups.sums[:, 0], groups.sums[:, 5], groups.sums[:, 6])


def support(groups: GroupLosses) -> FloatArray:
    """``(g,)`` labelled rows whose score is a probability."""
    return groups.sums[:, 0]
