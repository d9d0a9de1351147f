"""Brier score by group."""

from __future__ import annotations

from miops_collector.statistics._ratio import ratio
from miops_collector.statistics._statistic import statistic
from miops_collector.statistics.fairness._means import errors_of_means
from miops_collector.summary import FloatArray, GroupLosses

__all__ = ["brier", "standard_error", "support"]


@statistic(
    bounds=(0.0, 2.0),
    higher="worse",
    undefined="the group has no labelled rows with a probability",
    rests_on="labelled",
)
def brier(groups: GroupLosses) -> FloatArray:
    """Mean squared distance of a group's probabilities from what happened.

    ::

        Brier = Σ (p - y)² / n        multiclass: Σ over classes, summed

    0 = certain and right, 1 (multiclass 2) = certain and wrong; lower is better.

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
    A group whose outcome is nearer to even has a larger one even from a perfectly calibrated model: prefer
    ``calibration_gap`` to see whether its probabilities can be believed.

    Examples
    --------
    >>> import numpy as np
    >>> sums = np.array([[4.0, 1.6, 0.8, 0.4, 0.06, 0.2, 0.38], [2, 1.0, 0.6, 0.3, 0.05, -0.4, 0.26]])
    >>> brier(GroupLosses(("sex",), ("F", "M"), 1, sums)).tolist()
    [0.1, 0.15]

    References
    ----------
    G. W. Brier, "Verification of forecasts expressed in terms of probability", Monthly Weather Review 78(1), 1950,
    doi:10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2.
    """
    return ratio(groups.sums[:, 3], groups.sums[:, 0])


def standard_error(groups: GroupLosses) -> FloatArray:
    """``(g,)`` of a mean of independent rows; ``nan`` for fewer than two."""
    return errors_of_means(groups.sums[:, 0], groups.sums[:, 3], groups.sums[:, 4])


def support(groups: GroupLosses) -> FloatArray:
    """``(g,)`` labelled rows whose score is a probability."""
    return groups.sums[:, 0]
