"""Balanced accuracy by group."""

from __future__ import annotations

import numpy as np

from miops_collector.statistics._ratio import ratio
from miops_collector.statistics._statistic import statistic
from miops_collector.summary import FloatArray, Groups

__all__ = ["balanced_accuracy", "standard_error", "support"]


@statistic(
    bounds=(0.0, 1.0),
    higher="better",
    undefined="the group has no labelled rows of one of the classes",
    rests_on="labelled",
)
def balanced_accuracy(groups: Groups) -> FloatArray:
    """Accuracy in a group as it would be if every class were equally frequent there.

    ::

        balanced accuracy = mean over classes of  rows of the class that the model is right about / rows of the class

    0 = always wrong, 1 = always right, 1/k = guessing; higher is better.

    Parameters
    ----------
    groups
        Decisions by group.

    Returns
    -------
    FloatArray
        ``(g,)`` one number per group, ``nan`` where a class that other groups have has no rows: the mean of the rest
        would be about something else (scikit-learn gives it all the same). Truth of classes that the model does not
        know is one class more of the groups that have some, all of it wrong, as of the whole model.

    Notes
    -----
    Does not differ between groups only because their shares of the classes do; prefer ``accuracy`` for the share of
    wrong decisions as those in the group feel it.

    Examples
    --------
    >>> rows, confusion = np.array([[60.0, 40.0], [80, 20]]), np.array([[[50.0, 10], [10, 30]], [[70, 5], [10, 15]]])
    >>> balanced_accuracy(Groups(("sex",), ("F", "M"), ("no", "yes"), 1, rows, confusion)).round(4).tolist()
    [0.7917, 0.7667]

    References
    ----------
    K. H. Brodersen, C. S. Ong, K. E. Stephan, J. M. Buhmann, "The balanced accuracy and its posterior distribution",
    20th International Conference on Pattern Recognition, 2010, doi:10.1109/ICPR.2010.764.
    """
    hits, rows = _by_class(groups)
    return ratio(ratio(hits, rows).sum(axis=1), _classes(groups))


def standard_error(groups: Groups) -> FloatArray:
    """``(g,)`` of independent binomial shares: ``√Σ rᵢ (1 - rᵢ) / nᵢ / k``; ``nan`` where the number is.

    Half a row more on either side of each, so that a group without errors is not taken as certain.
    """
    hits, rows = _by_class(groups)
    right = (hits + 0.5) / (rows + 1)
    return np.sqrt(ratio(ratio(right * (1 - right), rows).sum(axis=1), _classes(groups) ** 2))


def support(groups: Groups) -> FloatArray:
    """``(g,)`` labelled rows of the rarest class."""
    rows = _by_class(groups)[1]
    return np.asarray(rows.min(axis=1) if rows.shape[1] else np.zeros(len(rows)))


def _by_class(groups: Groups) -> tuple[FloatArray, FloatArray]:
    """``(g, k)`` rows the model is right about, and all rows, of every class that occurs in any group."""
    rows = groups.confusion.sum(axis=2)
    occurs = rows.sum(axis=0) > 0
    occurs[len(groups.classes) :] = False
    return np.diagonal(groups.confusion, axis1=1, axis2=2)[:, occurs], rows[:, occurs]


def _classes(groups: Groups) -> FloatArray:
    """``(g,)`` those of :func:`_by_class`, and one more where there is truth of an unknown one: none of it is right."""
    unknown = groups.confusion[:, len(groups.classes) :].any(axis=(1, 2))
    return np.asarray(_by_class(groups)[1].shape[1] + unknown, np.float64)
